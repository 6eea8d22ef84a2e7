"""In how many live groups each word occurs, and in how many it is written like a name.

Law: the counts are those that :func:`dedup.events.features.count` makes of the live groups,
whatever came and went.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import Growing, distinct
from dedup.events.features import Counted, Observed, observed
from dedup.index.table import FeatureTable

__all__ = ["WordCounts"]


class WordCounts:
    """Counts by the numbers of a table.

    Parameters
    ----------
    table : FeatureTable
    """

    def __init__(self, table: FeatureTable) -> None:
        self._table = table
        self._n_texts = 0
        self._seen = {kind: Growing(np.int64) for kind in ("terms", "numbers")}
        self._holding, self._naming = Growing(np.int64), Growing(np.int64)

    def change(self, rows: NDArray[np.int64], by: int) -> None:
        """Count the words of some rows of the table, or count them no more.

        Parameters
        ----------
        rows : ndarray of int64
        by : int
            1, or -1.
        """
        words = self._table.words
        self._n_texts += by * len(rows)
        terms = self._table.terms(rows)
        np.add.at(_wide(self._seen["terms"], len(words["terms"])), terms.columns, by)
        numbers = self._table.numbers(rows)
        np.add.at(_wide(self._seen["numbers"], len(words["numbers"])), numbers, by)
        # Terms that differ in accents alone may stand in one text together.
        text = np.repeat(np.arange(len(rows), dtype=np.int64), np.diff(terms.ends))
        under = (text << 32) | terms.bare
        for counts, chosen in ((self._holding, under), (self._naming, under[terms.named])):
            once = distinct(chosen) & 0xFFFFFFFF
            np.add.at(_wide(counts, len(words["names"])), once, by)

    @property
    def words_in_use(self) -> int:
        """Terms and numbers that some row of the table holds."""
        return sum(int(np.count_nonzero(seen.values)) for seen in self._seen.values())

    def observed_with(self, counted: Counted, *, known: bool = False) -> Observed:
        """Return the counts of the table's rows and of some texts, for the words of these texts.

        Parameters
        ----------
        counted : Counted
        known : bool
            Whether these texts are among the rows.
        """
        own = 0 if known else 1
        numbers = self._table.numbers_of("numbers", counted.words)
        terms = self._table.numbers_of("terms", counted.words)
        bare = self._table.numbers_of("names", counted.bare)
        seen = np.where(
            counted.is_number, _of(self._seen["numbers"], numbers), _of(self._seen["terms"], terms)
        )
        return observed(
            Counted(
                n_texts=self._n_texts + own * counted.n_texts,
                words=counted.words,
                is_number=counted.is_number,
                seen=seen + own * counted.seen,
                bare=counted.bare,
                holding=_of(self._holding, bare) + own * counted.holding,
                naming=_of(self._naming, bare) + own * counted.naming,
            )
        )


def _wide(counts: Growing, width: int) -> NDArray[np.int64]:
    """Return counts with room for so many words."""
    counts.extend(np.zeros(max(0, width - len(counts)), dtype=np.int64))
    return counts.values


def _of(counts: Growing, columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the counts of some columns; 0 where a word has none, or is not counted yet."""
    known = (columns >= 0) & (columns < len(counts))
    found = np.zeros(len(columns), dtype=np.int64)
    found[known] = counts.values[columns[known]]
    return found
