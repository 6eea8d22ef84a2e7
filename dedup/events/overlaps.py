"""What two texts have in common, counted: sums over the words that both hold.

Laws: whole numbers, symmetric in the two texts but for the places, which are counted for each; the
reference and the compiled path give the same ones.

Theory of operation: the reference multiplies rows of sparse matrices, a block of pairs at a time.
The compiled loops lay one row out in full and look the words of the others up in it, pair by pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup import engine
from dedup.arrays import rows_of
from dedup.events.features import KINDS, Features
from dedup.events.profiles import PARTS

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["RAREST", "Overlaps", "overlaps_of"]

#: Shared words that count as the rarest.
RAREST: Final = 3

#: Characters of text that cost about as much as one pair.
_CHARACTERS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaps:
    """What m pairs have in common.

    Parameters
    ----------
    products : mapping of str to ndarray of int64, shape (m,)
        For each kind of view, the sum of the products of both weights.
    minima : mapping of str to ndarray of int64, shape (m,)
        For names and numbers, the sum of the lesser weights.
    rarest : ndarray of int64, shape (m,)
        The sum of the three greatest lesser weights of terms.
    common : ndarray of int64, shape (m,)
        Words that both hold and that are no names.
    places : ndarray of int64, shape (m, 2)
        Parts of the first text, and of the second, that hold a rare term of the other.
    """

    products: Mapping[str, NDArray[np.int64]]
    minima: Mapping[str, NDArray[np.int64]]
    rarest: NDArray[np.int64]
    common: NDArray[np.int64]
    places: NDArray[np.int64]


def overlaps_of(features: Features, n_pairs: int) -> Callable[[NDArray[np.int64]], Overlaps]:
    """Return a function that counts what pairs have in common.

    Parameters
    ----------
    features : Features
    n_pairs : int
        How many pairs will be asked for in all: it decides which engine runs.
    """
    if engine.is_compiled(_CHARACTERS * n_pairs):
        engine.warm_up()
        return lambda pairs: _compiled(features, np.ascontiguousarray(pairs))
    return lambda pairs: _reference(features, pairs)


def _reference(features: Features, pairs: NDArray[np.int64]) -> Overlaps:
    rows, place = np.unique(pairs, return_inverse=True)  # not all of a window of thousands
    i, j = place.reshape(-1, 2).T
    views = {kind: features.views[kind].matrix for kind in KINDS}
    # Wide enough for products.
    of_kind = {kind: _of_rows(matrix, rows, matrix.data) for kind, matrix in views.items()}

    def lesser(kind: str) -> csr_array[Any]:
        return of_kind[kind][i].minimum(of_kind[kind][j]).tocsr()

    terms = views["terms"]
    common = _of_rows(terms, rows, features.common, by_column=True)
    places = _of_rows(terms, rows, features.places)
    a, b = places[i], places[j]
    in_both = [mine.multiply(theirs != 0).tocsr() for mine, theirs in ((a, b), (b, a))]
    return Overlaps(
        products={
            kind: np.asarray(matrix[i].multiply(matrix[j]).sum(axis=1))
            for kind, matrix in of_kind.items()
        },
        minima={kind: np.asarray(lesser(kind).sum(axis=1)) for kind in ("names", "numbers")},
        rarest=_greatest(lesser("terms")),
        common=np.asarray(common[i].multiply(common[j]).sum(axis=1)),
        places=np.stack([how_many_parts(held.data, held.indptr) for held in in_both], axis=1),
    )


def _of_rows(
    matrix: csr_array[Any], rows: NDArray[np.int64], values: NDArray[Any], by_column: bool = False
) -> csr_array[Any]:
    """Return some rows with other values, one for each entry or column; those of 0 are left out."""
    from scipy.sparse import csr_array

    at, ends = rows_of(matrix.indptr, rows)
    columns = matrix.indices[at]
    entries = (values[columns if by_column else at].astype(np.int64), columns, ends)
    found = csr_array(entries, shape=(len(rows), matrix.shape[1]))
    found.eliminate_zeros()
    return found


def _greatest(shared: csr_array[Any]) -> NDArray[np.int64]:
    """Return the sum of the three greatest weights of each row."""
    row = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    order = np.lexsort((-shared.data, row))
    place = np.arange(len(order)) - shared.indptr[row]  # rows keep their places in this order
    largest = order[place < RAREST]
    total = np.zeros(shared.shape[0], dtype=np.int64)
    np.add.at(total, row[largest], shared.data[largest])
    return total


def how_many_parts(places: NDArray[Any], offsets: NDArray[Any]) -> NDArray[np.int64]:
    """Return in how many parts of each text anything stands, shape (n,).

    Parameters
    ----------
    places : ndarray of integers, shape (m,)
        Parts as bits, entry by entry.
    offsets : ndarray of integers, shape (n + 1,)
        The entries of each text.
    """
    held = np.flatnonzero(np.diff(offsets))
    bits = np.zeros(len(offsets) - 1, dtype=np.int64)
    if len(held):
        bits[held] = np.bitwise_or.reduceat(places, offsets[held])
    return sum(((bits >> part) & 1 for part in range(PARTS)), np.zeros_like(bits))


def _compiled(features: Features, pairs: NDArray[np.int64]) -> Overlaps:
    loops = engine.kernels()
    terms, lead = features.views["terms"].matrix, features.views["lead"].matrix
    found = np.empty((6, len(pairs)), dtype=np.int64)
    loops.shared_terms(
        *(terms.indptr, terms.indices, terms.data, lead.data, features.places, features.common),
        *(pairs, found),
    )
    products, minima = {"terms": found[0], "lead": found[2]}, {}
    for kind in ("names", "numbers"):
        matrix = features.views[kind].matrix
        sums = np.empty((2, len(pairs)), dtype=np.int64)
        loops.shared_weights(
            *(matrix.indptr, matrix.indices, matrix.data, matrix.shape[1], pairs, sums)
        )
        products[kind], minima[kind] = sums
    return Overlaps(
        products=products,
        minima=minima,
        rarest=found[1],
        common=found[3],
        places=found[4:].T,
    )
