"""The features of the live groups, row by row, in arrays that grow.

Each kind of word has numbers of its own, handed out as words come; all rows together are the
:class:`~dedup.events.features.Features` that the batch scores, without being copied.

Law: what is shown is what was put in, whatever was put in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import Growing
from dedup.events.features import KINDS, Features, View
from dedup.text.language import Languages

__all__ = ["FeatureTable", "Translated"]

#: Kinds that have columns of their own; the lead has those of the terms.
_OWN: Final = ("terms", "names", "numbers")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Translated:
    """Features in the columns of a table, and the words that it does not hold yet.

    Parameters
    ----------
    features : Features
    fresh : mapping of str to sequence of str
        For each kind, new words in the order of their columns, which follow the known ones.
    """

    features: Features
    fresh: Mapping[str, Sequence[str]]


class FeatureTable:
    """Rows of features."""

    def __init__(self) -> None:
        self.words: dict[str, list[str]] = {kind: [] for kind in _OWN}
        self._number: dict[str, dict[str, int]] = {kind: {} for kind in _OWN}
        self._offsets = {kind: Growing(np.int64) for kind in _OWN}
        for offsets in self._offsets.values():
            offsets.extend(np.zeros(1, dtype=np.int64))
        self._columns = {kind: Growing(np.int32) for kind in _OWN}
        self._weights = {kind: Growing(np.int32) for kind in KINDS}
        self._norm = {kind: Growing(np.float64) for kind in KINDS}
        self._total = {kind: Growing(np.int64) for kind in KINDS}
        self._places = Growing(np.uint16)
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

    def translated(self, features: Features) -> Translated:
        """Return features in this table's columns; nothing is put in."""
        fresh: dict[str, list[str]] = {}
        views: dict[str, View] = {}
        common = self._common.values
        for kind in _OWN:
            view = features.views[kind]
            used = np.unique(view.matrix.indices)
            known = self._number[kind]
            new: list[str] = []
            column = np.zeros(view.matrix.shape[1], dtype=np.int32)
            for local in used.tolist():
                number = known.get(view.words[local])
                if number is None:
                    number = len(known) + len(new)
                    new.append(view.words[local])
                column[local] = number
            fresh[kind] = new
            width = len(known) + len(new)
            columns = column[view.matrix.indices]
            if kind == "terms":
                common = np.concatenate([common, np.ones(len(new), dtype=np.bool_)])
                common[column[used]] = features.common[used]
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
        return Translated(features=found, fresh=fresh)

    def extend(self, translated: Translated) -> None:
        """Put rows in at the end; the table is as it was when they were translated."""
        features = translated.features
        for kind in _OWN:
            for word in translated.fresh[kind]:
                self._number[kind][word] = len(self.words[kind])
                self.words[kind].append(word)
            matrix = features.views[kind].matrix
            offsets = self._offsets[kind]
            offsets.extend(offsets.values[-1] + matrix.indptr[1:].astype(np.int64))
            self._columns[kind].extend(matrix.indices)
        for kind in KINDS:
            view = features.views[kind]
            self._weights[kind].extend(view.matrix.data)
            self._norm[kind].extend(view.norm)
            self._total[kind].extend(view.total)
        self._places.extend(features.places)
        self._common = Growing(np.bool_)
        self._common.extend(features.common)
        self._earliest.extend(features.earliest)
        self._latest.extend(features.latest)
        self._urls.extend(features.urls)
        self._languages.extend(features.languages)

    def whole(self) -> Features:
        """Return all rows, without copying: good until the table changes."""
        views = {}
        for kind in KINDS:
            own = "terms" if kind == "lead" else kind
            views[kind] = View(
                matrix=_csr(
                    self._weights[kind].values,
                    self._columns[own].values,
                    # Of one type with the columns, or scipy would copy these.
                    self._offsets[own].values.astype(np.int32),
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

    @contextmanager
    def beside(self, translated: Translated) -> Iterator[Features]:
        """Let rows stand at the end for a while; yield all of them."""
        rows = len(self)
        words = {kind: len(self.words[kind]) for kind in _OWN}
        common = self._common
        self.extend(translated)
        try:
            yield self.whole()
        finally:
            self._common = common
            for kind in _OWN:
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
