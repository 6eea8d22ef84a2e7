"""The duplicate stage from end to end."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.duplicates.fingerprints import fingerprint_tokens, token_digest
from dedup.duplicates.groups import Duplicates, find_duplicates

Texts = list[list[str]]

base = [f"w{i}" for i in range(40)]


def duplicates_of(texts: Texts, *, shingle_size: int, **settings: Any) -> Duplicates:
    """Fingerprint and group lists of tokens."""
    num_perm = settings.pop("num_perm", 128)
    found = fingerprint_tokens(texts, shingle_size=shingle_size, num_perm=num_perm)
    return find_duplicates(found, **settings)


@st.composite
def edited_texts(draw: st.DrawFn) -> Texts:
    """Texts that are edits of one another: cut, changed, doubled, short, empty."""
    texts: Texts = []
    for _ in range(draw(st.integers(0, 12))):
        start = draw(st.sampled_from([0, 0, 0, 2, 10, 38]))
        end = draw(st.sampled_from([40, 40, 39, 36, 20, 2, 1, 0]))
        text = base[start:end]
        for place in draw(st.lists(st.sampled_from([0, 5, 17]), max_size=2)):
            text = [*text[:place], "changed", *text[place + 1 :]]
        texts.append(text)
    return texts


def shingle_set(text: list[str], size: int) -> set[tuple[str, ...]]:
    return {tuple(text[i : i + size]) for i in range(len(text) - size + 1)}


def brute_force(texts: Texts, size: int, threshold: float) -> dict[tuple[int, int], float]:
    pairs = {}
    for i, j in combinations(range(len(texts)), 2):
        a, b = shingle_set(texts[i], size), shingle_set(texts[j], size)
        if texts[i] and texts[i] == texts[j]:
            pairs[i, j] = 1.0
        elif a & b and len(a & b) / len(a | b) >= threshold:
            pairs[i, j] = len(a & b) / len(a | b)
    return pairs


def expanded(found: Duplicates) -> dict[tuple[int, int], float]:
    pairs, values = found.expanded_pairs()
    assert pairs.dtype == np.int64
    return dict(zip(map(tuple, pairs.tolist()), values.tolist(), strict=True))


@given(edited_texts(), st.sampled_from([(2, 0.5), (3, 0.7), (1, 1.0)]))
@settings(max_examples=120, deadline=None)
def test_pairs_equal_brute_force(texts: Texts, setting: tuple[int, float]) -> None:
    size, threshold = setting
    # One place a band: at these similarities a miss has probability below 1e-38.
    found = duplicates_of(texts, shingle_size=size, threshold=threshold, bands=128, rows=1)
    assert expanded(found) == brute_force(texts, size, threshold)
    assert len(found) == len(texts)


@given(edited_texts())
@settings(max_examples=80, deadline=None)
def test_every_member_is_verified_against_its_centre(texts: Texts) -> None:
    found = duplicates_of(texts, shingle_size=2, threshold=0.6)
    pairs = brute_force(texts, 2, 0.6)
    for row, (centre, first) in enumerate(
        zip(found.centre.tolist(), found.representative.tolist(), strict=True)
    ):
        assert found.centre[centre] == centre
        assert found.representative[centre] == centre
        assert first <= row
        assert texts[first] == texts[row]
        assert row == centre or tuple(sorted((row, centre))) in pairs
        if not texts[row]:
            assert centre == row


@given(edited_texts(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_input_order_changes_nothing(texts: Texts, random: object) -> None:
    """The same pairs in any order; the same groups when rows are sorted by a stable key."""
    keys = list(range(len(texts)))
    random.shuffle(keys)  # type: ignore[attr-defined]

    def pairs_by_key(order: list[int]) -> dict[tuple[int, ...], float]:
        found = duplicates_of([texts[k] for k in order], shingle_size=2, threshold=0.6)
        return {tuple(sorted((order[i], order[j]))): v for (i, j), v in expanded(found).items()}

    assert pairs_by_key(keys) == pairs_by_key(list(range(len(texts))))

    def groups_by_key(order: list[int]) -> dict[int, int]:
        order = sorted(order)
        found = duplicates_of([texts[k] for k in order], shingle_size=2, threshold=0.6)
        return {order[row]: order[centre] for row, centre in enumerate(found.centre.tolist())}

    assert groups_by_key(keys) == groups_by_key(keys[::-1])


def test_a_thousand_exact_copies_are_one_row() -> None:
    found = duplicates_of([base] * 1000 + [["other"] * 5], shingle_size=3, threshold=0.7)
    assert set(found.centre[:1000].tolist()) == {0}
    assert found.centre[1000] == 1000
    assert (found.candidates, len(found.pairs)) == (0, 0)
    assert len(found.expanded_pairs()[0]) == 1000 * 999 // 2


def test_short_texts_match_exactly_or_not_at_all() -> None:
    texts = [["one"], ["one"], ["one", "two"], [], []]
    found = duplicates_of(texts, shingle_size=3, threshold=0.1)
    assert found.centre.tolist() == [0, 0, 2, 3, 4]
    assert expanded(found) == {(0, 1): 1.0}


def test_copies_count_for_the_centre() -> None:
    words = [f"w{i}" for i in range(100)]
    chain = [words[step : step + 60] for step in range(0, 33, 8)]  # each like the next only
    found = duplicates_of(chain, shingle_size=1, threshold=0.7)
    assert found.centre.tolist() == [1, 1, 1, 3, 3]
    found = duplicates_of(chain + chain[-1:] * 4, shingle_size=1, threshold=0.7)
    assert found.centre.tolist() == [1, 1, 3, 3, 3, 3, 3, 3, 3]


def test_a_chain_is_cut() -> None:
    words = [f"w{i}" for i in range(100)]
    texts = [words[step : step + 60] for step in range(0, 41, 8)]
    found = duplicates_of(texts, shingle_size=1, threshold=0.6)
    pairs = brute_force(texts, 1, 0.6)
    assert len(set(found.centre.tolist())) > 1
    for row, centre in enumerate(found.centre.tolist()):
        assert row == centre or tuple(sorted((row, centre))) in pairs


def test_a_template_in_many_articles_is_reported() -> None:
    texts = [[*base, f"name{i}"] for i in range(300)]
    found = duplicates_of(texts, shingle_size=2, threshold=0.7, bucket_cap=16)
    assert found.capped_buckets > 0
    assert set(found.centre.tolist()) == {0}
    assert found.candidates < 300 * 40


def test_lone_surrogates_and_odd_characters() -> None:
    odd = ["\ud800", "\x00", "é", "e\u0301", "\u202e"]
    found = duplicates_of([odd, odd[::-1], list(odd)], shingle_size=2, threshold=0.9)
    assert found.centre.tolist() == [0, 1, 0]


@given(st.lists(st.text(max_size=3), max_size=5), st.lists(st.text(max_size=3), max_size=5))
def test_digests_tell_sequences_apart(a: list[str], b: list[str]) -> None:
    assert (token_digest(a) == token_digest(b)) == (a == b)


def test_progress() -> None:
    seen: list[tuple[str, int, int]] = []

    def report(stage: str, done: int, total: int) -> None:
        seen.append((stage, done, total))

    rows = fingerprint_tokens([base, base[:-1]], shingle_size=2, progress=report)
    find_duplicates(rows, threshold=0.7, progress=report)
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == ["fingerprint", "verify"]
    for stage in ("fingerprint", "verify"):
        reports = [(done, total) for name, done, total in seen if name == stage]
        assert reports[-1][0] == reports[-1][1]


@pytest.mark.parametrize(
    "wrong",
    [{"shingle_size": 0}, {"threshold": 70}, {"bands": 99}, {"bucket_cap": 1}, {"num_perm": 64}],
)
def test_settings_are_checked_even_without_rows(wrong: dict[str, float]) -> None:
    settings: dict[str, Any] = {"shingle_size": 3, "threshold": 0.7, **wrong}
    with pytest.raises(ValueError, match=r"shingle size|threshold|need|bucket_cap"):
        duplicates_of([], **settings)


def test_no_rows() -> None:
    found = duplicates_of([], shingle_size=3, threshold=0.7)
    assert len(found) == 0
    assert expanded(found) == {}


def test_record_is_checked() -> None:
    found = duplicates_of([base], shingle_size=3, threshold=0.7)
    parts = {name: getattr(found, name) for name in Duplicates.__slots__}
    with pytest.raises(ValueError, match="one entry a row"):
        Duplicates(**{**parts, "centre": np.zeros(2, np.int64)})
    with pytest.raises(ValueError, match="shape"):
        Duplicates(**{**parts, "jaccard": np.ones(2)})


def test_rows_that_take_no_part_are_in_no_pair() -> None:
    from dedup.duplicates.groups import expand_pairs

    pairs, jaccard = expand_pairs(np.array([-1, 1, -1, 1]), np.empty((0, 2), np.int64), np.empty(0))
    assert pairs.tolist() == [[1, 3]]
    assert jaccard.tolist() == [1.0]
