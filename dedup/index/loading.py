"""From the file to a window, and to what single articles say.

Laws: a window that is loaded holds what the file holds; one that is refreshed, what was added since
is put in at the end.
"""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.article import Article
from dedup.config import Config
from dedup.dates import Interval
from dedup.duplicates.fingerprints import fingerprint
from dedup.duplicates.minhash import EMPTY
from dedup.events.features import count, weigh
from dedup.events.groups import GroupText, profiles_of
from dedup.events.profiles import Profiles
from dedup.index.packing import unpack_clean, unpack_text
from dedup.index.store import ArticleRow, Store, undamaged
from dedup.index.window import Fresh, LiveGroup, Window
from dedup.progress import Progress, silent
from dedup.text.clean import CleanArticle
from dedup.text.language import Languages
from dedup.text.tokenize import is_comparable
from dedup.text.told import Told

__all__ = ["Reader", "interval", "refresh", "said", "unpacked"]

#: Groups that are read at once, and articles that are kept at hand.
_AT_ONCE: Final = 1 << 13
_AT_HAND: Final = 1 << 12

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Reader:
    """What live articles say; those that were asked for lately are at hand.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[int, tuple[Article, CleanArticle]] = OrderedDict()

    def read(self, rows: Iterable[int]) -> dict[int, tuple[Article, CleanArticle]]:
        """Return articles and what they say, by their rows in the file."""
        wanted = list(dict.fromkeys(rows))
        found = {row: self._held[row] for row in wanted if row in self._held}
        missing = [row for row in wanted if row not in found]
        for row, each in self._store.articles(missing).items():
            found[row] = unpacked(each)
            self.keep(row, *found[row])
        return found

    def keep(self, row: int, article: Article, clean: CleanArticle) -> None:
        """Keep an article at hand."""
        self._held[row] = article, clean
        if len(self._held) > _AT_HAND:
            self._held.popitem(last=False)

    def cleaned(self, rows: Iterable[int]) -> dict[int, CleanArticle]:
        """Return what articles say, by their rows in the file."""
        return {row: clean for row, (_, clean) in self.read(rows).items()}

    def forget(self, rows: Iterable[int]) -> None:
        """Let go of articles that have changed."""
        for row in rows:
            self._held.pop(row, None)


def unpacked(row: ArticleRow) -> tuple[Article, CleanArticle]:
    """Return a live article and what it says."""
    with undamaged(f"article {row.id!r}"):
        return unpack_text(row.id, row.told, row.packed or b"")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """Some groups as the file tells of them."""

    groups: Sequence[LiveGroup]
    clusters: Sequence[int]
    texts: Sequence[GroupText]
    languages: Sequence[Languages]
    profiles: Profiles
    signatures: NDArray[np.uint32]


def refresh(store: Store, window: Window, after: int, progress: Progress = silent) -> None:
    """Put in what stands in the file behind a row.

    Parameters
    ----------
    store : Store
        Inside a transaction.
    window : Window
        It holds all live articles up to the row.
    after : int
    progress : callable, optional
        Called with ("open", groups done, groups in all).
    """
    members: defaultdict[int, list[int]] = defaultdict(list)
    cluster: dict[int, int] = {}
    for centre, row, its_cluster in store.each(
        "SELECT centre, row, cluster FROM articles WHERE live ORDER BY centre, row"
    ):
        cluster[centre] = its_cluster
        if row > after:
            members[centre].append(row)
    centres = [centre for centre in members if centre > after]
    parts = []
    for start in range(0, len(centres), _AT_ONCE):
        chosen = centres[start : start + _AT_ONCE]
        part = _read(store, window.config, chosen, members, cluster)
        window.count(count(part.profiles))
        parts.append(part)
        progress("open", start + len(chosen), 2 * len(centres))
    for done in range(len(parts)):
        part = parts.pop(0)
        _put_in(window, part)
        progress("open", len(centres) + min((done + 1) * _AT_ONCE, len(centres)), 2 * len(centres))
    for centre in members.keys() - set(centres):
        for row in store.articles(members[centre]).values():
            window.join(window.home[centre], row.row, said(row))
    for at, group in enumerate(window.groups):
        if window.alive.values[at]:
            window.cluster.values[at] = cluster[group.centre]
    found = store.all("SELECT a, b, probability, version FROM pairs WHERE b > ?", after)
    table = np.array(found, dtype=np.int64).reshape(-1, 4)
    home = window.home
    with undamaged("a scored pair"):
        ends = np.array([[home[a], home[b]] for a, b in table[:, :2].tolist()], dtype=np.int64)
    window.add_pairs(
        np.sort(ends.reshape(-1, 2), axis=1), table[:, 2], table[:, 3].astype(np.bool_)
    )


def _read(
    store: Store,
    config: Config,
    centres: Sequence[int],
    members: Mapping[int, Sequence[int]],
    cluster: Mapping[int, int],
) -> _Read:
    rows = store.articles(row for centre in centres for row in members[centre])
    groups, texts, languages = [], [], []
    for centre in centres:
        own = rows[centre]
        with undamaged(f"article {own.id!r}"):
            clean, spoken = unpack_clean(own.packed or b"")
        told = [rows[row] for row in members[centre]]
        text = said(own, clean, None, told)
        groups.append(
            LiveGroup(centre=centre, id=own.id, members=list(members[centre]), sources=text.sources)
        )
        texts.append(text)
        languages.append(spoken)
    duplicate = config.duplicate
    prints = fingerprint(
        Told(texts), shingle_size=duplicate.shingle_size, num_perm=duplicate.num_perm
    )
    signatures = prints.signatures[
        np.searchsorted(np.unique(prints.representative), prints.representative)
    ]
    profiles = profiles_of(texts)
    # What was read is let go of, but for texts that are told by their words alone.
    signed = (signatures != EMPTY).any(axis=1).tolist()
    return _Read(
        groups=groups,
        clusters=[cluster[centre] for centre in centres],
        texts=[
            replace(text, clean=CleanArticle()) if known else text
            for text, known in zip(texts, signed, strict=True)
        ],
        languages=languages,
        profiles=profiles,
        signatures=signatures,
    )


def _put_in(window: Window, part: _Read) -> None:
    counted = count(part.profiles)
    features = weigh(
        part.profiles,
        window.observed_with(counted, known=True),
        published=[text.published for text in part.texts],
        urls=[text.urls for text in part.texts],
        languages=part.languages,
        prior_weight=window.config.event.prior_weight,
    )
    fresh = Fresh(
        texts=part.texts,
        counted=counted,
        words=window.table.translated(features),
        signatures=part.signatures,
    )
    window.extend(part.groups, part.clusters, fresh, counted=True)


def said(
    own: ArticleRow,
    clean: CleanArticle | None = None,
    language: str | None = None,
    members: Sequence[ArticleRow] = (),
) -> GroupText:
    """Return what a group says, of what the file tells of its members."""
    every = members or [own]
    with undamaged(f"article {own.id!r}"):
        urls = frozenset(url for row in every for url in json.loads(row.urls))
        dates = [interval(row.early, row.late) for row in every]
    return GroupText(
        id=own.id,
        clean=clean if clean and is_comparable(clean.title, clean.body) else CleanArticle(),
        published=min(
            (date for date in dates if date is not None),
            key=lambda date: (date.end, date.start),
            default=None,
        ),
        urls=urls,
        language=language,
        sources=frozenset(row.source for row in every if row.source),
    )


def interval(early: int | None, late: int | None) -> Interval | None:
    """Return a date from its bounds in microseconds since 1970."""
    if early is None or late is None:
        return None
    return Interval(_EPOCH + timedelta(microseconds=early), _EPOCH + timedelta(microseconds=late))
