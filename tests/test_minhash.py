"""Signatures are datasketch's, in both directions, and estimate Jaccard similarity without bias."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dedup.duplicates import minhash as module
from dedup.duplicates.minhash import EMPTY, permutations, signatures
from dedup.duplicates.shingling import Ragged, shingle

datasketch = pytest.importorskip("datasketch")

rows_of_hashes = st.lists(
    st.lists(st.integers(0, (1 << 64) - 1), max_size=40, unique=True), max_size=6
)


def ragged(rows: list[list[int]]) -> Ragged:
    return Ragged.from_rows(np.array(sorted(row), dtype=np.uint64) for row in rows)


def theirs(values: NDArray[np.uint64], num_perm: int, seed: int) -> Any:
    """A datasketch signature made one value at a time, as its manual shows."""
    sketch = datasketch.MinHash(
        num_perm=num_perm, seed=seed, hashfunc=lambda v: v, scheme="affine32"
    )
    for value in values.tolist():
        sketch.update(value >> 32)
    return sketch


@given(rows_of_hashes, st.sampled_from([1, 16, 128]), st.integers(1, 3))
@settings(max_examples=40, deadline=None)
def test_bit_for_bit_datasketch(rows: list[list[int]], num_perm: int, seed: int) -> None:
    shingles = ragged(rows)
    ours = signatures(shingles, num_perm=num_perm, seed=seed)
    assert ours.dtype == np.uint32
    assert ours.shape == (len(rows), num_perm)
    for index in range(len(rows)):
        sketch = theirs(shingles.row(index), num_perm, seed)
        assert np.array_equal(ours[index], sketch.hashvalues)


def test_exchange_with_datasketch() -> None:
    words = [f"word{i}" for i in range(300)]
    shingles = shingle([words, words[:280], [*words[250:], "end"]], 3)
    ours = signatures(shingles)
    lean = [datasketch.LeanMinHash(seed=1, hashvalues=r, scheme="affine32") for r in ours]
    # Ours to theirs: estimates and their index.
    assert lean[0].jaccard(lean[1]) == pytest.approx((ours[0] == ours[1]).mean())
    index = datasketch.MinHashLSH(params=(25, 5), num_perm=128)
    for key, sketch in enumerate(lean):
        index.insert(key, sketch)
    assert set(index.query(lean[0])) == {0, 1}
    # Theirs to ours.
    sketch = theirs(shingles.row(1), 128, 1)
    assert set(index.query(sketch)) == {0, 1}
    assert lean[1] == datasketch.LeanMinHash(sketch)


def test_estimates_are_unbiased() -> None:
    rng = np.random.default_rng(5)
    rows, truth = [], []
    for shared in np.linspace(0, 60, 120).astype(int).tolist():
        values = rng.integers(0, 1 << 63, size=120 - shared, dtype=np.uint64)
        half = (len(values) - shared) // 2
        rows += [values[: shared + half], np.r_[values[:shared], values[shared + half :]]]
        truth.append(shared / len(values))
    signed = signatures(Ragged.from_rows(np.sort(row) for row in rows))
    error = (signed[0::2] == signed[1::2]).mean(axis=1) - np.array(truth)
    assert abs(error.mean()) < 0.015
    assert np.abs(error).max() < 0.2


def test_empty_rows_hold_the_largest_value() -> None:
    signed = signatures(shingle([[], ["a"], []], 1), num_perm=8)
    assert (signed[[0, 2]] == EMPTY).all()
    assert (signed[1] != EMPTY).all()
    assert signatures(shingle([], 1), num_perm=8).shape == (0, 8)


def test_long_documents_go_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    shingles = Ragged.from_rows([np.arange(1000, dtype=np.uint64) << np.uint64(32)])
    whole = signatures(shingles)
    monkeypatch.setattr(module, "_CHUNK", 7)
    assert np.array_equal(signatures(shingles), whole)


def test_progress_ends_at_the_number_of_rows() -> None:
    seen: list[tuple[int, int]] = []
    signatures(shingle([["a"]] * 3, 1), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (3, 3)]


def test_num_perm_is_checked() -> None:
    with pytest.raises(ValueError, match="num_perm"):
        signatures(shingle([["a"]], 1), num_perm=0)


def test_importing_the_stage_does_not_import_datasketch() -> None:
    code = "import sys, dedup.duplicates.groups; assert 'datasketch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("seed", [0, 1, 77])
@pytest.mark.parametrize("num_perm", [1, 16, 128, 300])
def test_permutations_are_those_of_datasketch(num_perm: int, seed: int) -> None:
    drawn = datasketch.MinHash(num_perm=num_perm, seed=seed, scheme="affine32").permutations
    assert np.array_equal(np.array(permutations(num_perm, seed)), drawn)
