"""Candidate pairs equal an obvious twin, and hot buckets stay linear."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from dedup.duplicates import lsh
from dedup.duplicates.lsh import LEADERS, Candidates, candidate_pairs, recall_at
from dedup.duplicates.minhash import EMPTY, signatures
from dedup.duplicates.shingling import Ragged

# Few values, so that bands agree often; the largest makes some rows empty.
signature_arrays = hnp.arrays(
    np.uint32,
    st.tuples(st.integers(0, 40), st.just(6)),
    elements=st.sampled_from([0, 1, 2, 0xFFFFFFFF]),
)


def twin(
    signed: NDArray[np.uint32], bands: int, rows: int, cap: int
) -> tuple[list[list[int]], int, int, int]:
    pairs, capped, cut, largest = set(), 0, 0, 0
    for band in range(bands):
        buckets = defaultdict(list)
        for row, values in enumerate(signed.tolist()):
            if any(value != int(EMPTY) for value in values):
                buckets[tuple(values[band * rows : (band + 1) * rows])].append(row)
        for members in buckets.values():
            largest = max(largest, len(members))
            everyone = set(combinations(members, 2))
            if len(members) > cap:
                capped += 1
                kept = {pair for pair in everyone if pair[0] in members[:LEADERS]}
                cut += len(everyone - kept)
                everyone = kept
            pairs |= everyone
    return sorted(map(list, pairs)), capped, cut, largest


@given(signature_arrays, st.sampled_from([(6, 1), (3, 2), (2, 3), (1, 4)]), st.integers(8, 20))
@settings(max_examples=150, deadline=None)
def test_equals_the_obvious_twin(
    signed: NDArray[np.uint32], shape: tuple[int, int], cap: int
) -> None:
    bands, rows = shape
    found = candidate_pairs(signed, bands=bands, rows=rows, bucket_cap=cap)
    assert found.pairs.dtype == np.int32
    got = found.pairs.tolist(), found.capped_buckets, found.capped_pairs, found.largest_bucket
    assert got == twin(signed, bands, rows, cap)


@given(signature_arrays)
@settings(max_examples=30, deadline=None)
def test_merging_in_batches_changes_nothing(signed: NDArray[np.uint32]) -> None:
    whole = candidate_pairs(signed, bands=3, rows=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lsh, "_BATCH", 3)
        assert np.array_equal(candidate_pairs(signed, bands=3, rows=2).pairs, whole.pairs)


@given(signature_arrays, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_row_order_changes_numbers_only(signed: NDArray[np.uint32], random: object) -> None:
    order = np.arange(len(signed))
    random.shuffle(order)  # type: ignore[attr-defined]
    found = candidate_pairs(signed, bands=3, rows=2, bucket_cap=64).pairs
    moved = order[candidate_pairs(signed[order], bands=3, rows=2, bucket_cap=64).pairs]
    assert {tuple(sorted(p)) for p in moved.tolist()} == {tuple(p) for p in found.tolist()}


def test_a_hot_bucket_is_linear() -> None:
    signed = np.zeros((50_000, 4), dtype=np.uint32)
    found = candidate_pairs(signed, bands=2, rows=2, bucket_cap=64)
    assert len(found) == sum(50_000 - 1 - leader for leader in range(LEADERS))
    assert found.pairs[:, 0].max() == LEADERS - 1
    assert (found.capped_buckets, found.largest_bucket) == (2, 50_000)
    total = 50_000 * 49_999 // 2
    assert found.capped_pairs == 2 * (total - len(found))


def test_empty_rows_are_never_candidates() -> None:
    signed = np.full((5, 4), EMPTY)
    assert len(candidate_pairs(signed, bands=2, rows=2)) == 0
    assert len(candidate_pairs(signed[:0], bands=2, rows=2)) == 0


def test_nomination_follows_the_curve() -> None:
    """Of pairs made with a known similarity, the predicted share is nominated."""
    rng = np.random.default_rng(3)
    for similarity in (0.3, 0.5, 0.8):
        rows = []
        for _ in range(400):
            values = rng.integers(0, 1 << 63, size=120, dtype=np.uint64)
            shared = round(120 * similarity)
            half = (120 - shared) // 2
            rows += [values[: shared + half], np.r_[values[:shared], values[shared + half :]]]
        signed = signatures(Ragged.from_rows(np.sort(row) for row in rows))
        pairs = candidate_pairs(signed).pairs
        hits = int(((pairs[:, 0] % 2 == 0) & (pairs[:, 1] == pairs[:, 0] + 1)).sum())
        assert hits / 400 == pytest.approx(recall_at(similarity), abs=0.09)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"bands": 26, "rows": 5}, "need 130"),
        ({"bands": 0}, "at least 1"),
        ({"rows": 0}, "at least 1"),
        ({"bucket_cap": LEADERS - 1}, "bucket_cap"),
    ],
)
def test_settings_are_checked(settings_: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        candidate_pairs(np.zeros((2, 128), np.uint32), **settings_)


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="uint32"):
        candidate_pairs(np.zeros((2, 128), np.uint64))
    with pytest.raises(ValueError, match="int32"):
        Candidates(
            pairs=np.zeros((2, 2), np.int64),
            capped_buckets=0,
            capped_pairs=0,
            largest_bucket=0,
        )
