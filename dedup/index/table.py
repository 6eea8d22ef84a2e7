"""The features of the live groups, row by row, in arrays that grow.

Each kind of word has numbers of its own, handed out as words come; all rows together are the
:class:`~dedup.events.features.Features` that the batch scores, without being copied.

Laws
----
* What is shown is what was put in, whatever was put in between.
* Each term has its number among the names, which stand without accents, whether it is one or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import Growing, rows_of
from dedup.events.features import KINDS, Features, View
from dedup.text.language import Languages
from dedup.text.tokenize import strip_accents

__all__ = ["OWN", "FeatureTable", "Translated"]

#: Kinds that have columns of their own; the lead has those of the terms.
OWN: Final = ("terms", "names", "numbers")

_NOTHING: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Translated:
    """Features in the columns of a table, and the words that it does not hold yet.

    Parameters
    ----------
    features : Features
    named : ndarray of bool
        For each entry of the terms' view, whether the text writes it like a name.
    fresh : mapping of str to sequence of str
        For each kind, new words in the order of their columns, which follow the known ones.
    turned : ndarray of int64
        Known terms that are names now and were none, or the reverse.
    """

    features: Features
    named: NDArray[np.bool_]
    fresh: Mapping[str, Sequence[str]]
    turned: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowTerms:
    """The terms of some rows: for each its column, its name's, and whether it is written so.

    The entries of the first row end at ``ends[1]``.
    """

    columns: NDArray[np.int32]
    bare: NDArray[np.int32]
    named: NDArray[np.bool_]
    ends: NDArray[np.int64]


class FeatureTable:
    """Rows of features."""

    def __init__(self) -> None:
        self.words: dict[str, list[str]] = {kind: [] for kind in OWN}
        self._number: dict[str, dict[str, int]] = {kind: {} for kind in OWN}
        # Of one type with the columns, or scipy would copy these.
        self._offsets = {kind: Growing(np.int32) for kind in OWN}
        for offsets in self._offsets.values():
            offsets.extend(np.zeros(1, dtype=np.int32))
        self._columns = {kind: Growing(np.int32) for kind in OWN}
        self._weights = {kind: Growing(np.int32) for kind in KINDS}
        self._norm = {kind: Growing(np.float64) for kind in KINDS}
        self._total = {kind: Growing(np.int64) for kind in KINDS}
        self._places = Growing(np.uint16)
        self._named = Growing(np.bool_)
        self._bare = Growing(np.int32)
        self._common = Growing(np.bool_)
        self._earliest, self._latest = Growing(np.int64), Growing(np.int64)
        self._urls: list[frozenset[str]] = []
        self._languages: list[Languages] = []

    def __len__(self) -> int:
        return len(self._urls)

    def size(self, row: int) -> int:
        """Return how many distinct terms a row has."""
        offsets = self._offsets["terms"].values
        return int(offsets[row + 1] - offsets[row])

    def numbers_of(self, kind: str, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the column of each word; -1 for one that has none."""
        known = self._number[kind]
        return np.array([known.get(word, -1) for word in words], dtype=np.int64)

    def terms(self, rows: NDArray[np.int64]) -> RowTerms:
        """Return the terms of some rows."""
        at, ends = rows_of(self._offsets["terms"].values, rows)
        columns = self._columns["terms"].values[at]
        return RowTerms(
            columns=columns,
            bare=self._bare.values[columns],
            named=self._named.values[at],
            ends=ends,
        )

    def numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the columns of the numbers of some rows."""
        at, _ = rows_of(self._offsets["numbers"].values, rows)
        return np.asarray(self._columns["numbers"].values[at])

    def translated(self, features: Features, named: NDArray[np.bool_]) -> Translated:
        """Return features in this table's columns; nothing is put in.

        Parameters
        ----------
        features : Features
        named : ndarray of bool
            For each entry of the terms' view, whether the text writes it like a name.
        """
        fresh: dict[str, Sequence[str]] = {}
        views: dict[str, View] = {}
        common, turned = self._common.values, _NOTHING
        for kind in OWN:
            view = features.views[kind]
            used = np.unique(view.matrix.indices)
            words = [view.words[local] for local in used.tolist()]
            known = self._number[kind]
            # Each term has a name's number, so that its texts can be counted under it.
            asked = list(map(strip_accents, fresh["terms"])) if kind == "names" else words
            new = {word: None for word in asked if word not in known}
            fresh[kind] = tuple(new)
            number = dict(zip(new, range(len(known), len(known) + len(new)), strict=True))
            column = np.zeros(view.matrix.shape[1], dtype=np.int32)
            column[used] = [number[word] if word in number else known[word] for word in words]
            width = len(known) + len(new)
            columns = column[view.matrix.indices]
            if kind == "terms":
                had = common
                common = np.concatenate([common, np.ones(len(new), dtype=np.bool_)])
                common[column[used]] = features.common[used]
                turned = np.flatnonzero(had != common[: len(had)])
            for shown in ("terms", "lead") if kind == "terms" else (kind,):
                own = features.views[shown]
                views[shown] = View(
                    matrix=_csr(own.matrix.data, columns, own.matrix.indptr, width),
                    norm=own.norm,
                    total=own.total,
                    words=(),
                )
        found = Features(
            views={kind: views[kind] for kind in KINDS},
            places=features.places,
            common=common,
            earliest=features.earliest,
            latest=features.latest,
            urls=features.urls,
            languages=features.languages,
        )
        return Translated(features=found, named=named, fresh=fresh, turned=turned)

    def extend(self, translated: Translated) -> None:
        """Put rows in at the end; the table is as it was when they were translated."""
        features = translated.features
        self.learn(translated.fresh)
        for kind in OWN:
            matrix = features.views[kind].matrix
            offsets = self._offsets[kind]
            offsets.extend(offsets.values[-1] + matrix.indptr[1:])
            self._columns[kind].extend(matrix.indices)
        for kind in KINDS:
            view = features.views[kind]
            self._weights[kind].extend(view.matrix.data)
            self._norm[kind].extend(view.norm)
            self._total[kind].extend(view.total)
        self._places.extend(features.places)
        self._named.extend(translated.named)
        self._set_common(features.common)
        self._earliest.extend(features.earliest)
        self._latest.extend(features.latest)
        self._urls.extend(features.urls)
        self._languages.extend(features.languages)

    def heaviest_words(self, row: int, most: int) -> list[str]:
        """Return the heaviest terms and numbers of a row, names with a capital letter."""
        found: list[tuple[int, str]] = []
        for kind in ("terms", "numbers"):
            start, end = self._offsets[kind].values[row : row + 2].tolist()
            columns = self._columns[kind].values[start:end].tolist()
            weights = self._weights[kind].values[start:end].tolist()
            for column, weight in zip(columns, weights, strict=True):
                word = self.words[kind][column]
                is_name = kind == "terms" and not self._common.values[column]
                found.append((-weight, word.capitalize() if is_name else word))
        return [word for _, word in sorted(found)[:most]]

    def learn(self, fresh: Mapping[str, Sequence[str]]) -> None:
        """Give words the numbers that follow the known ones."""
        for kind in OWN:
            number, words = self._number[kind], self.words[kind]
            for word in fresh[kind]:
                number[word] = len(words)
                words.append(word)
        names = self._number["names"]
        bare = [names[strip_accents(word)] for word in fresh["terms"]]
        self._bare.extend(np.array(bare, dtype=np.int32))

    @property
    def common(self) -> NDArray[np.bool_]:
        """Whether each term is no name."""
        return self._common.values

    def mark(self, marks: Sequence[tuple[int, int]]) -> None:
        """Say of some terms whether they are no names."""
        common = np.ones(len(self.words["terms"]), dtype=np.bool_)
        common[: len(self._common)] = self._common.values
        for number, is_common in marks:
            common[number] = is_common
        self._set_common(common)

    def _set_common(self, common: NDArray[np.bool_]) -> None:
        self._common = Growing(np.bool_)  # what was shown before stays as it was
        self._common.extend(common)

    def whole(self) -> Features:
        """Return all rows, without copying: good until the table changes."""
        views = {}
        for kind in KINDS:
            own = "terms" if kind == "lead" else kind
            views[kind] = View(
                matrix=_csr(
                    self._weights[kind].values,
                    self._columns[own].values,
                    self._offsets[own].values,
                    len(self.words[own]),
                ),
                norm=self._norm[kind].values,
                total=self._total[kind].values,
                words=self.words[own],
            )
        return Features(
            views=views,
            places=self._places.values,
            common=self._common.values,
            earliest=self._earliest.values,
            latest=self._latest.values,
            urls=self._urls,
            languages=self._languages,
        )

    def of_rows(self, rows: NDArray[np.int64]) -> tuple[Features, NDArray[np.bool_]]:
        """Return some rows, and for each of their terms whether it is written like a name."""
        whole = self.whole()
        at, _ = rows_of(self._offsets["terms"].values, rows)
        views = {
            kind: View(
                matrix=view.matrix[rows],
                norm=view.norm[rows],
                total=view.total[rows],
                words=view.words,
            )
            for kind, view in whole.views.items()
        }
        features = Features(
            views=views,
            places=whole.places[at],
            common=whole.common,
            earliest=whole.earliest[rows],
            latest=whole.latest[rows],
            urls=[self._urls[row] for row in rows.tolist()],
            languages=[self._languages[row] for row in rows.tolist()],
        )
        return features, self._named.values[at]

    @contextmanager
    def beside(self, translated: Translated) -> Iterator[Features]:
        """Let rows stand at the end for a while; yield all of them."""
        rows = len(self)
        words = {kind: len(self.words[kind]) for kind in OWN}
        common = self._common
        try:
            self.extend(translated)
            yield self.whole()
        finally:
            self._common = common
            for kind in OWN:
                for word in self.words[kind][words[kind] :]:
                    del self._number[kind][word]
                del self.words[kind][words[kind] :]
                self._offsets[kind].truncate(rows + 1)
                self._columns[kind].truncate(int(self._offsets[kind].values[-1]))
            for kind in KINDS:
                self._weights[kind].truncate(
                    len(self._columns["terms" if kind == "lead" else kind])
                )
                self._norm[kind].truncate(rows)
                self._total[kind].truncate(rows)
            self._places.truncate(len(self._columns["terms"]))
            self._named.truncate(len(self._columns["terms"]))
            self._bare.truncate(words["terms"])
            self._earliest.truncate(rows)
            self._latest.truncate(rows)
            del self._urls[rows:], self._languages[rows:]

    def dates(self, row: int) -> tuple[int, int, frozenset[str]]:
        """Return the bounds of a row's date, in microseconds since 1970, and its addresses."""
        return int(self._earliest.values[row]), int(self._latest.values[row]), self._urls[row]

    def redate(self, row: int, earliest: int, latest: int, urls: frozenset[str]) -> None:
        """Give a row another date and other addresses: a copy of its text has come, or gone."""
        self._earliest.values[row], self._latest.values[row] = earliest, latest
        self._urls[row] = urls


def _csr(data: NDArray[Any], columns: NDArray[np.int32], offsets: NDArray[Any], width: int) -> Any:
    from scipy.sparse import csr_array

    return csr_array((data, columns, offsets), shape=(len(offsets) - 1, max(1, width)))
