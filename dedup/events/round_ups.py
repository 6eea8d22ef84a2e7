"""A text near to several stories that are far from one another ties them together: a round-up.

The pair model sees two texts, and a round-up that gives a story a fair part of its space is much
like a report of it.  What gives it away are the others: the texts that it is most certainly one
event with are not one event with each other.  Two round-ups of one morning would else glue the
stories that both hold, each vouching for the other.

What is looked at are a text's certain neighbours, but for those that know all the others: another
round-up of the same stories does, and so does the one report that a story's others follow.  If they
are strangers to each other in more than half of their pairs, the text is a round-up.  It stays with
the story that it is nearest to, and counts for less with all others.

Most texts with so many neighbours are none.  For large inputs a compiled loop tells which have
enough strangers among them, and only these are looked at closely.

Laws: a text of few words, or with few such neighbours, is left alone, so headlines and small
stories are; probabilities only fall; whole numbers throughout.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.events.clustering import CHARACTERS_A_PAIR, PROBABILITY_UNIT

__all__ = ["ACQUAINTED", "held_down"]

#: Least probability of a neighbour that vouches for a text, and of neighbours that know each other.
_CERTAIN: Final = round(0.9 * PROBABILITY_UNIT)
ACQUAINTED: Final = round(0.05 * PROBABILITY_UNIT)

#: Distinct terms of a text that has room for several stories, and least number of its neighbours.
_ROOM: Final = 40
_FEWEST: Final = 3
#: Neighbours that are looked at, evenly spread; bounds the work of one text.
_LOOKED_AT: Final = 16
#: Of how many pairs among all neighbours one must be of strangers.
_ONE_IN: Final = 4


def held_down(
    sizes: NDArray[np.int64], pairs: NDArray[np.integer[Any]], probability: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return probabilities, lower for the pairs of round-ups.

    Where fewer than half of the pairs among a text's neighbours may be one event, what it shares
    with any but its nearest story counts for as much less.

    Parameters
    ----------
    sizes : ndarray of int64, shape (n,)
        Distinct terms of each text.
    pairs : ndarray of integers, shape (m, 2)
        Rows i < j, each pair once.
    probability : ndarray of int64, shape (m,)
        In units of ``1 / PROBABILITY_UNIT``.

    Returns
    -------
    ndarray of int64, shape (m,)
        O(m log m); O(m) in sorted pairs but for the texts that are looked at closely.

    Examples
    --------
    Text 4 is sure to be one event with 0 and 1, and with 2 and 3, which are far from these:

    >>> pairs = np.array([[0, 1], [2, 3], [0, 4], [1, 4], [2, 4], [3, 4]])
    >>> sure = np.full(6, PROBABILITY_UNIT * 9 // 10)
    >>> (held_down(np.full(5, 200), pairs, sure) / PROBABILITY_UNIT).round(2).tolist()
    [0.9, 0.9, 0.9, 0.9, 0.3, 0.3]
    """
    n = len(sizes)
    bounds, ends, place = _rows_of(pairs, n)
    chance = probability[place]
    left = np.repeat(np.arange(n), np.diff(bounds))
    certain = np.bincount(left[chance >= _CERTAIN], minlength=n) >= _FEWEST
    texts = np.flatnonzero(certain & (sizes >= _ROOM))
    if engine.is_compiled(CHARACTERS_A_PAIR * len(pairs)):
        texts = texts[_have_strangers(bounds, ends, chance, texts)]
    once = (left < ends) & (chance >= ACQUAINTED)
    met = left[once] * n + ends[once]
    found = probability.copy()
    for text in texts.tolist():
        here = slice(bounds[text], bounds[text + 1])
        others = ends[here].astype(np.int64)  # wide enough for codes
        strange, share, of = _strange(others, chance[here], met, n)
        at = place[here][strange]
        found[at] = np.minimum(found[at], probability[at] * share // of)
    return found


def _rows_of(
    pairs: NDArray[np.integer[Any]], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Return where the pairs of each row begin, their other ends, rising, and their places."""
    from scipy.sparse import coo_array

    # By counting; np.lexsort takes three times as long.
    both = np.tile(np.arange(len(pairs)), 2)
    left, right = np.concatenate([pairs, pairs[:, ::-1]]).T
    rows = coo_array((both, (left, right)), shape=(n, n)).tocsr()
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), rows.data


def _have_strangers(
    bounds: NDArray[np.int64],
    ends: NDArray[np.int32],
    chance: NDArray[np.int64],
    texts: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which texts have enough strangers among their neighbours to be looked at closely."""
    engine.warm_up()
    counts = np.empty((len(texts), 2), dtype=np.int64)
    engine.kernels().count_strangers(
        *(bounds, ends, chance, texts, _CERTAIN, ACQUAINTED, _LOOKED_AT, counts)
    )
    return np.asarray(_ONE_IN * counts[:, 1] >= counts[:, 0])


def _strange(
    others: NDArray[np.int64], chance: NDArray[np.int64], met: NDArray[np.int64], n: int
) -> tuple[NDArray[np.bool_], int, int]:
    """Return which others are not of the text's own story, if it is a round-up.

    Parameters
    ----------
    others, chance : ndarray of int64, shape (k,)
        Rows that a text was scored with, rising; and its probabilities with them.
    met : ndarray of int64
        Pairs that may be one event, as codes ``i * n + j``, i < j, sorted.
    n : int

    Returns
    -------
    tuple of (ndarray of bool, int, int)
        Shape (k,); and of how many pairs of neighbours, how many may be one event.
    """
    nobody = np.zeros(len(others), dtype=np.bool_), 1, 1
    around = np.flatnonzero(chance >= _CERTAIN)
    size = min(len(around), _LOOKED_AT)
    around = around[np.arange(size) * len(around) // size]
    known = _acquainted(others[around], others[around], met, n)
    asked = size * (size - 1)
    if _ONE_IN * (asked - int(known.sum())) < asked:
        return nobody
    rest = np.flatnonzero(known.sum(axis=1) < size - 1)
    known = known[np.ix_(rest, rest)]
    asked = len(rest) * (len(rest) - 1)
    if 2 * int(known.sum()) >= asked:
        return nobody
    # The story that it is nearest to: a neighbour with its acquaintances, nearest in sum.
    stories = known | np.eye(len(rest), dtype=np.bool_)
    nearest = stories[np.argmax(stories @ chance[around[rest]])]
    home = others[around[rest[nearest]]]
    everybody = np.setdiff1d(np.arange(size), rest)
    of_home = 2 * _acquainted(others, home, met, n).sum(axis=1) > len(home)
    own = of_home | np.isin(others, home) | np.isin(others, others[around[everybody]])
    return ~own, int(known.sum()), asked


def _acquainted(
    some: NDArray[np.int64], others: NDArray[np.int64], met: NDArray[np.int64], n: int
) -> NDArray[np.bool_]:
    """Return who may be one event with whom, shape (len(some), len(others))."""
    first, second = some[:, None], others[None, :]
    codes = np.minimum(first, second) * n + np.maximum(first, second)
    return np.asarray(met[np.minimum(np.searchsorted(met, codes), len(met) - 1)] == codes)
