"""Exact similarity equals Python sets; stars equal an obvious twin."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.duplicates import passages
from dedup.duplicates import verify as module
from dedup.duplicates.shingling import Ragged, Runs, shingle_hashes
from dedup.duplicates.verify import (
    Verified,
    containment,
    jaccard,
    shared,
    star_groups,
    verify,
)
from dedup.text.clean import CleanArticle
from dedup.text.tokenize import compared_tokens

# Values at both ends of the 64 bits, few enough that rows overlap.
hashes = st.sampled_from([0, 1, 2, 3, 4, 5, 1 << 63, (1 << 63) + 1, (1 << 64) - 2, (1 << 64) - 1])
row_sets = st.lists(st.sets(hashes), min_size=2, max_size=8)


def ragged(rows: list[set[int]]) -> Runs:
    return Runs(parts=(Ragged.from_rows(np.array(sorted(row), dtype=np.uint64) for row in rows),))


def all_pairs(n: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    return np.array(list(combinations(range(n), 2)), dtype=np.int32)


@given(row_sets, st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9, 1.0]), st.sampled_from([1, 5, 1 << 21]))
@settings(max_examples=200, deadline=None)
def test_verify_equals_sets(rows: list[set[int]], threshold: float, block: int) -> None:
    pairs = all_pairs(len(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        patch.setattr(module, "_ROWS", min(block, 64))
        found = verify(ragged(rows), pairs, threshold)
        counts = shared(ragged(rows), pairs).counts
    assert counts.tolist() == [len(rows[i] & rows[j]) for i, j in pairs.tolist()]
    expected = {}
    for i, j in pairs.tolist():
        if rows[i] | rows[j]:
            similarity = Fraction(len(rows[i] & rows[j]), len(rows[i] | rows[j]))
            # The threshold as it is written, not as a binary fraction.
            if similarity >= Fraction(str(threshold)):
                expected[i, j] = float(similarity)
    got = dict(zip(map(tuple, found.pairs.tolist()), found.jaccard.tolist(), strict=True))
    assert got == expected


@given(st.lists(st.text("ab c\n", max_size=40), min_size=2, max_size=6), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_passages_are_those_of_sets(bodies: list[str], size: int) -> None:
    sides = [CleanArticle(title="t u v", text=body.strip()) for body in bodies]
    rows = [
        set(shingle_hashes(compared_tokens(side.title, side.body), size).tolist()) for side in sides
    ]
    pairs = all_pairs(len(rows))
    for which in ("reference", "compiled"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DEDUP_KERNELS", which)
            patch.setattr(passages, "_BLOCK", 2)
            found = passages.shared_passages(sides, pairs, size)
        assert found.counts.tolist() == [len(rows[i] & rows[j]) for i, j in pairs.tolist()]
        assert found.sizes.tolist() == [[len(rows[i]), len(rows[j])] for i, j in pairs.tolist()]


@given(st.sets(hashes), st.sets(hashes))
def test_containment_and_jaccard(a: set[int], b: set[int]) -> None:
    rows = ragged([a, b])
    assert containment(rows.row(0), rows.row(1)) == (len(a & b) / len(a) if a else 0.0)
    assert jaccard(rows.row(0), rows.row(1)) == (len(a & b) / len(a | b) if a | b else 0.0)


def test_verify_without_pairs() -> None:
    found = verify(ragged([{1}]), np.empty((0, 2), np.int32), 0.5)
    assert len(found) == 0


@pytest.mark.parametrize("threshold", [0.0, -0.1, 1.01, 80.0, float("nan")])
def test_threshold_is_checked(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        verify(ragged([{1}, {1}]), np.array([[0, 1]]), threshold)


def test_record_is_checked() -> None:
    with pytest.raises(ValueError, match="shape"):
        Verified(pairs=np.zeros((2, 2), np.int32), jaccard=np.ones(3))


def star_twin(n: int, pairs: set[tuple[int, int]], copies: list[int]) -> list[int]:
    neighbours: dict[int, set[int]] = {row: set() for row in range(n)}
    for i, j in pairs:
        neighbours[i].add(j)
        neighbours[j].add(i)

    def rank(row: int) -> tuple[int, int]:
        return -(copies[row] - 1 + sum(copies[other] for other in neighbours[row])), row

    centre: dict[int, int] = {}
    for row in sorted(range(n), key=rank):
        if row not in centre:
            centre[row] = row
            centre.update({other: row for other in neighbours[row] if other not in centre})
    return [centre[row] for row in range(n)]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]], list[int]]:
    n = draw(st.integers(1, 12))
    possible = list(combinations(range(n), 2))
    pairs = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    return n, pairs, draw(st.lists(st.integers(1, 4), min_size=n, max_size=n))


@given(graphs())
@settings(max_examples=300)
def test_stars(graph: tuple[int, list[tuple[int, int]], list[int]]) -> None:
    n, pairs, copies = graph
    array = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    centre = star_groups(n, array, np.array(copies, dtype=np.int64)).tolist()
    assert centre == star_twin(n, set(pairs), copies)
    # A star: every member is linked with its centre, and the centre is its own.
    for row, middle in enumerate(centre):
        assert centre[middle] == middle
        assert row == middle or tuple(sorted((row, middle))) in set(pairs)
    # Neither the order nor the direction of the pairs matters.
    assert star_groups(n, array[::-1, ::-1], np.array(copies, dtype=np.int64)).tolist() == centre


def test_copies_count_for_the_centre() -> None:
    chain = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert star_groups(5, chain).tolist() == [1, 1, 1, 3, 3]
    # With row 4 standing for five exact copies, row 3 has the most links and takes row 2.
    assert star_groups(5, chain, np.array([1, 1, 1, 1, 5])).tolist() == [1, 1, 3, 3, 3]
