"""What is compared about groups, in the file: signatures, words and their weights.

A word is told by its number in the table of features; the file tells which word that is.  Weights
stay what they were when a group came, so that a score does not depend on when a file was opened.

Laws
----
* What comes back is what was put in, to the last bit, on any machine.
* A group's bytes depend on that group alone, so that it can go when it expires.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.dates import Interval
from dedup.events.features import KINDS, Features, View, bounds_of, lengths
from dedup.index.store import Store, undamaged
from dedup.index.table import OWN, FeatureTable, Translated
from dedup.index.window import Fresh, Window
from dedup.text.language import Languages

__all__ = ["GroupRow", "learn_words", "pack_groups", "put_groups", "renumber", "unpack_groups"]

#: Numbers at its head: the entries of each kind, and those of the signature.
_HEAD: Final = len(OWN) + 1

#: What each entry of a kind has, in this order.
_COLUMN, _WEIGHT, _LEAD, _PLACES = (np.dtype(code) for code in ("<i4", "<i4", "<i4", "<u2"))
_NAMED: Final = np.dtype("?")
_SIGNATURE: Final = np.dtype("<u4")
_FIELDS: Final = (
    ("terms", _COLUMN),
    ("terms", _WEIGHT),
    ("terms", _LEAD),
    ("terms", _PLACES),
    ("terms", _NAMED),
    ("names", _COLUMN),
    ("names", _WEIGHT),
    ("numbers", _COLUMN),
    ("numbers", _WEIGHT),
)


class GroupRow(NamedTuple):
    """One row of the groups, in the order of its columns; ``centre`` is a row of the articles."""

    centre: int
    words: bytes
    exact: bytes
    spoken: str


def put_groups(store: Store, table: FeatureTable, centres: Sequence[int], fresh: Fresh) -> None:
    """Write groups, and the words that came with them.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    table : FeatureTable
        It holds the groups already.
    centres : sequence of int
        The file's rows of the articles at their centres.
    fresh : Fresh
    """
    words, since = fresh.words, store.next_row() - 1
    common = words.features.common
    for kind in OWN:
        first = len(table.words[kind]) - len(words.fresh[kind])
        store.run_many(
            "INSERT INTO words VALUES (?, ?, ?, ?, ?)",
            (
                (kind, number, word, int(kind != "terms" or common[number]), since)
                for number, word in enumerate(words.fresh[kind], start=first)
            ),
        )
    store.run_many(
        "UPDATE words SET common = ?, since = ? WHERE kind = 'terms' AND number = ?",
        ((int(common[number]), since, number) for number in words.turned.tolist()),
    )
    store.run_many("INSERT OR REPLACE INTO groups VALUES (?, ?, ?, ?)", pack_groups(centres, fresh))


def renumber(store: Store, window: Window) -> None:
    """Write the live groups with words numbered anew, so that those of nobody are forgotten.

    The window is of no use afterwards.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    window : Window
    """
    rows = np.flatnonzero(window.alive.values)
    features, named = window.table.of_rows(rows)
    table = FeatureTable()
    words = table.translated(features, named)
    table.extend(words)
    store.run("DELETE FROM groups")
    store.run("DELETE FROM words")
    put_groups(
        store,
        table,
        [window.groups[row].centre for row in rows.tolist()],
        Fresh(words=words, signatures=window.signatures(rows), exact=window.exact_keys(rows)),
    )


def learn_words(store: Store, table: FeatureTable, after: int) -> None:
    """Give a table the words that came with the articles behind a row."""
    fresh: dict[str, list[str]] = {kind: [] for kind in OWN}
    known = {kind: len(table.words[kind]) for kind in OWN}
    marks: list[tuple[int, int]] = []
    found = store.each(
        "SELECT kind, number, word, common FROM words WHERE since > ? ORDER BY kind, number", after
    )
    with undamaged("the words"):
        for kind, number, word, common in found:
            if common not in (0, 1):
                raise ValueError(f"{word!r}: {common!r} for whether it is no name")
            if number >= known[kind]:
                if number != known[kind] + len(fresh[kind]):
                    raise ValueError(f"{word!r}: number {number} of the {kind} comes out of turn")
                fresh[kind].append(word)
            if kind == "terms":
                marks.append((number, common))
        table.learn(fresh)
        table.mark(marks)


def pack_groups(centres: Sequence[int], fresh: Fresh) -> Iterator[GroupRow]:
    """Yield groups as rows of the file.

    Parameters
    ----------
    centres : sequence of int
        The file's rows of the articles at their centres.
    fresh : Fresh
    """
    features = fresh.words.features
    views = features.views
    ends = {kind: views[kind].matrix.indptr.tolist() for kind in OWN}
    values = (
        views["terms"].matrix.indices,
        views["terms"].matrix.data,
        views["lead"].matrix.data,
        features.places,
        fresh.words.named,
        views["names"].matrix.indices,
        views["names"].matrix.data,
        views["numbers"].matrix.indices,
        views["numbers"].matrix.data,
    )
    columns = [
        (ends[kind], column.astype(dtype, copy=False))
        for (kind, dtype), column in zip(_FIELDS, values, strict=True)
    ]
    signatures = fresh.signatures.astype(_SIGNATURE, copy=False)
    for at, (centre, exact, spoken) in enumerate(
        zip(centres, fresh.exact, features.languages, strict=True)
    ):
        sizes = [ends[kind][at + 1] - ends[kind][at] for kind in OWN]
        head = np.array([*sizes, signatures.shape[1]], dtype="<u4")
        parts = [column[bounds[at] : bounds[at + 1]].tobytes() for bounds, column in columns]
        whole = b"".join([head.tobytes(), signatures[at].tobytes(), *parts])
        yield GroupRow(
            centre=centre,
            words=zlib.compress(whole, 1),
            exact=exact,
            spoken=json.dumps([spoken.script, sorted(spoken.possible)]),
        )


def unpack_groups(
    rows: Sequence[GroupRow],
    num_perm: int,
    published: Sequence[Interval | None],
    urls: Sequence[frozenset[str]],
    table: FeatureTable,
) -> Fresh:
    """Return groups as the window takes them.

    Parameters
    ----------
    rows : sequence of GroupRow
    num_perm : int
        Numbers of a signature.
    published : sequence of Interval or None, length k
    urls : sequence of frozenset of str, length k
    table : FeatureTable
        It knows all of their words.
    """
    signatures = np.empty((len(rows), num_perm), dtype=np.uint32)
    parts: list[list[NDArray[Any]]] = [[np.empty(0, dtype=dtype)] for _, dtype in _FIELDS]
    ends = np.zeros((len(rows) + 1, len(OWN)), dtype=np.int64)
    for at, row in enumerate(rows):
        whole = zlib.decompress(row.words)
        head = np.frombuffer(whole, dtype="<u4", count=_HEAD)
        if head[-1] != num_perm:
            raise ValueError(f"a signature of {head[-1]} numbers instead of {num_perm}")
        done = head.nbytes
        signatures[at] = np.frombuffer(whole, _SIGNATURE, num_perm, done)
        done += signatures[at].nbytes
        size = dict(zip(OWN, head.tolist(), strict=False))
        for (kind, dtype), found in zip(_FIELDS, parts, strict=True):
            found.append(np.frombuffer(whole, dtype, size[kind], done))
            done += found[-1].nbytes
        if done != len(whole):
            raise ValueError(f"{len(whole) - done} bytes too many")
        ends[at + 1] = [size[kind] for kind in OWN]
    np.cumsum(ends, axis=0, out=ends)
    terms, weights, lead, places, named, names, of_names, numbers, of_numbers = (
        np.concatenate(found) for found in parts
    )
    entries = {
        "terms": (terms, weights),
        "lead": (terms, lead),
        "names": (names, of_names),
        "numbers": (numbers, of_numbers),
    }
    views = {}
    for kind in KINDS:
        own = "terms" if kind == "lead" else kind
        views[kind] = _view(*entries[kind], ends[:, OWN.index(own)], len(table.words[own]))
    bounds = bounds_of(published)
    features = Features(
        views=views,
        places=places,
        common=table.common,
        earliest=bounds[:, 0],
        latest=bounds[:, 1],
        urls=urls,
        languages=_languages(row.spoken for row in rows),
    )
    return Fresh(
        words=Translated(
            features=features,
            named=named,
            fresh=dict.fromkeys(OWN, ()),
            turned=np.empty(0, dtype=np.int64),
        ),
        signatures=signatures,
        exact=[row.exact for row in rows],
    )


def _view(
    columns: NDArray[np.int32], weights: NDArray[np.int32], ends: NDArray[np.int64], width: int
) -> View:
    from scipy.sparse import csr_array

    if len(columns) and not 0 <= columns.min() <= columns.max() < width:
        raise ValueError("a word that is not in the file")
    norm, total = lengths(weights, ends)
    matrix = csr_array(
        (weights, columns, ends.astype(np.int32)), shape=(len(ends) - 1, max(1, width))
    )
    return View(matrix=matrix, norm=norm, total=total, words=())


def _languages(spoken: Iterable[str]) -> tuple[Languages, ...]:
    """Read what texts may be written in: few differ, and one object serves all that are alike."""
    known: dict[str, Languages] = {}
    found = []
    for each in spoken:
        if each not in known:
            script, possible = json.loads(each)
            known[each] = Languages(script, frozenset(possible))
        found.append(known[each])
    return tuple(found)
