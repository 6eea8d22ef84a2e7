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
        The sum of the lesser weights.
    rarest : ndarray of int64, shape (m,)
        The sum of the three greatest of these, among terms.
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
        matrices = {kind: _Arrays.of(features.views[kind].matrix) for kind in KINDS}
        common, places = _Arrays.of(features.common), _Arrays.of(features.places)
        return lambda pairs: _compiled(matrices, common, places, np.ascontiguousarray(pairs))
    return lambda pairs: _reference(features, pairs)


def _reference(features: Features, pairs: NDArray[np.int64]) -> Overlaps:
    i, j = pairs[:, 0], pairs[:, 1]
    products, minima = {}, {}
    for kind in KINDS:
        matrix = features.views[kind].matrix
        products[kind] = np.asarray(matrix[i].multiply(matrix[j]).sum(axis=1))
        lesser = matrix[i].minimum(matrix[j]).tocsr()
        minima[kind] = np.asarray(lesser.sum(axis=1))
        if kind == "terms":
            rarest = _greatest(lesser)
    common = features.common
    a, b = features.places[i], features.places[j]
    return Overlaps(
        products=products,
        minima=minima,
        rarest=rarest,
        common=np.asarray(common[i].multiply(common[j]).sum(axis=1)),
        places=np.stack(
            [
                how_many_parts(mine.multiply(theirs != 0).tocsr())
                for mine, theirs in ((a, b), (b, a))
            ],
            axis=1,
        ),
    )


def _greatest(shared: csr_array[Any]) -> NDArray[np.int64]:
    """Return the sum of the three greatest weights of each row."""
    row = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
    order = np.lexsort((-shared.data, row))
    place = np.arange(len(order)) - shared.indptr[row]  # rows keep their places in this order
    largest = order[place < RAREST]
    total = np.zeros(shared.shape[0], dtype=np.int64)
    np.add.at(total, row[largest], shared.data[largest])
    return total


def how_many_parts(places: csr_array[Any]) -> NDArray[np.int64]:
    """Return in how many parts of each row anything stands."""
    held = np.flatnonzero(np.diff(places.indptr))
    bits = np.zeros(places.shape[0], dtype=np.int64)
    if len(held):
        bits[held] = np.bitwise_or.reduceat(places.data.astype(np.int64), places.indptr[held])
    return np.asarray(((bits[:, None] >> np.arange(PARTS)) & 1).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Arrays:
    """A sparse matrix as the loops read it."""

    offsets: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.int64]
    width: int

    @classmethod
    def of(cls, matrix: csr_array[Any]) -> _Arrays:
        return cls(
            offsets=matrix.indptr.astype(np.int64),
            columns=matrix.indices.astype(np.int64),
            values=matrix.data.astype(np.int64),
            width=matrix.shape[1],
        )


def _compiled(
    matrices: Mapping[str, _Arrays], common: _Arrays, places: _Arrays, pairs: NDArray[np.int64]
) -> Overlaps:
    loops = engine.kernels()

    def compare(matrix: _Arrays) -> list[NDArray[np.int64]]:
        found = [np.empty(len(pairs), dtype=np.int64) for _ in range(3)]
        loops.shared_weights(
            matrix.offsets, matrix.columns, matrix.values, matrix.width, pairs, *found
        )
        return found

    compared = {kind: compare(matrix) for kind, matrix in matrices.items()}
    in_places = np.empty((len(pairs), 2), dtype=np.int64)
    loops.shared_places(
        places.offsets, places.columns, places.values, places.width, pairs, in_places
    )
    return Overlaps(
        products={kind: found[0] for kind, found in compared.items()},
        minima={kind: found[1] for kind, found in compared.items()},
        rarest=compared["terms"][2],
        common=compare(common)[0],
        places=in_places,
    )
