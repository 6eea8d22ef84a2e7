"""Shingle hashes: the laws, and fixed values that no release may change."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.duplicates.shingling import Ragged, Runs, shingle, shingle_hashes
from dedup.hashing import mix64, token_hash

MASK = (1 << 64) - 1
any_text = st.text(st.characters(codec=None, categories=None), max_size=12)
tokens = st.lists(st.one_of(st.sampled_from("abcde"), any_text), max_size=30)


def mix_twin(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def shingle_twin(words: list[str], size: int) -> list[int]:
    found = set()
    for start in range(len(words) - size + 1):
        value = size
        for word in words[start : start + size]:
            value = (value * 0x9E3779B97F4A7C15 + token_hash(word)) & MASK
        found.add(mix_twin(value))
    return sorted(found)


@given(tokens, st.integers(1, 6))
def test_equals_the_obvious_twin(words: list[str], size: int) -> None:
    assert shingle_hashes(words, size).tolist() == shingle_twin(words, size)


@given(st.lists(st.sampled_from(["x", "y", "zz", "é"]), max_size=14), st.integers(1, 4))
def test_hashes_stand_for_distinct_runs(words: list[str], size: int) -> None:
    runs = {tuple(words[i : i + size]) for i in range(len(words) - size + 1)}
    row = shingle_hashes(words, size)
    assert len(row) == len(runs)
    assert np.all(row[1:] > row[:-1])


@given(st.lists(tokens, max_size=6), st.integers(1, 5))
def test_rows_do_not_depend_on_one_another(documents: list[list[str]], size: int) -> None:
    ragged = shingle(iter(documents), size)
    assert len(ragged) == len(documents)
    for index, words in enumerate(documents):
        assert np.array_equal(ragged.row(index), shingle_hashes(words, size))


@given(st.lists(st.integers(0, MASK), max_size=20))
def test_array_mix_equals_integer_mix(values: list[int]) -> None:
    mixed = mix64(np.array(values, dtype=np.uint64))
    assert mixed.tolist() == [mix_twin(value) for value in values]


@given(any_text, any_text)
def test_tokens_that_differ_hash_differently(a: str, b: str) -> None:
    assert (token_hash(a) == token_hash(b)) == (a == b)


def test_order_matters() -> None:
    forward, backward = shingle_hashes(["a", "b", "c"], 3), shingle_hashes(["c", "b", "a"], 3)
    assert forward.tolist() != backward.tolist()


def test_values_are_the_same_in_every_release() -> None:
    assert token_hash("") == 17665956581633026203
    assert token_hash("liège") == 16705702310406668624
    assert token_hash("\ud800") == 6250568927266771667
    assert shingle_hashes(["比", "利", "时"], 3).tolist() == [12849478258420500649]


def test_values_are_the_same_in_another_process() -> None:
    code = "from dedup.hashing import token_hash; print(token_hash('alibaba'))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) == token_hash("alibaba")


def test_hashes_are_spread_evenly() -> None:
    """Words counted up, the worst case for a polynomial, still look random in every bit."""
    values = np.array([token_hash(f"w{i}") for i in range(20_000)], dtype=np.uint64)
    for bit in range(64):
        ones = int(((values >> np.uint64(bit)) & np.uint64(1)).sum())
        assert abs(ones - 10_000) < 400  # 5.7 standard deviations


def test_short_documents_have_empty_rows() -> None:
    ragged = shingle([[], ["a"], ["a", "b"], ["a", "b", "c"]], 3)
    assert ragged.lengths.tolist() == [0, 0, 0, 1]
    assert len(shingle([], 3)) == 0


@pytest.mark.parametrize("size", [0, -1])
def test_size_is_checked(size: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        shingle_hashes(["a"], size)
    with pytest.raises(ValueError, match="at least 1"):
        shingle([["a"]], size)


@given(st.lists(st.lists(st.integers(0, MASK), max_size=5), min_size=1, max_size=6), st.data())
def test_rows_are_taken_from_several_parts(rows: list[list[int]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    parts = (rows[:cut], rows[cut:])
    runs = Runs(
        parts=tuple(
            Ragged.from_rows(np.array(row, dtype=np.uint64) for row in part) for part in parts
        )
    )
    wanted = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    assert [runs.row(i).tolist() for i in range(len(runs))] == rows
    sets = runs.sets(np.array(wanted, dtype=np.int64))
    assert [sets.row(i).tolist() for i in range(len(wanted))] == [
        sorted(set(rows[i])) for i in wanted
    ]


def test_ragged_is_checked() -> None:
    values, offsets = np.zeros(3, np.uint64), np.array([0, 3])
    with pytest.raises(ValueError, match="uint64"):
        Ragged(values=np.zeros(3, np.int64), offsets=offsets)
    with pytest.raises(ValueError, match="int64"):
        Ragged(values=values, offsets=offsets.astype(np.int32))
    for wrong in ([0, 2], [1, 3], [0, 3, 2, 3]):
        with pytest.raises(ValueError, match="rise"):
            Ragged(values=values, offsets=np.array(wrong))
    ragged = Ragged(values=values, offsets=offsets)
    assert len(ragged.row(-1)) == 3
    for index in (1, -2):
        with pytest.raises(IndexError):
            ragged.row(index)
