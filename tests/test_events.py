"""Features, candidates and scores of the event stage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.dates import Interval, parse_date
from dedup.duplicates.shingling import shingle
from dedup.events.candidates import event_candidates, gap_days
from dedup.events.features import (
    KINDS,
    Features,
    inverse_document_frequency,
    not_observed,
    observe,
    read_profile,
)
from dedup.events.groups import GroupText, features_of
from dedup.events.scoring import (
    COEFFICIENT_UNIT,
    FEATURES,
    LOG_ODDS_UNIT,
    VALUE_UNIT,
    default_model,
    score,
    to_probability,
)

WORDS = [
    "alibaba",
    "Cainiao",
    "Liège",
    "VSSE",
    "hub",
    "spies",
    "the",
    "of",
    "Thursday",
    "1,500",
    "7",
]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def group(body: str, title: str = "", published: Interval | None = None, *urls: str) -> GroupText:
    return GroupText(id=body, title=title, body=body, published=published, urls=frozenset(urls))


def features(groups: list[GroupText]) -> Features:
    profiles = [g.profile for g in groups]
    return features_of(groups, profiles, observe(profiles), 1000)


def scores(groups: list[GroupText], pairs: list[tuple[int, int]]) -> list[int]:
    rows = shingle([g.tokens for g in groups], 3)
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return list(score(features(groups), rows, array).log_odds.tolist())


@given(TEXTS, TEXTS, TEXTS)
def test_score_is_symmetric(a: str, b: str, c: str) -> None:
    groups = [group(a), group(b), group(c)]
    assert scores(groups, [(0, 1)]) == scores(groups, [(1, 0)])
    assert scores(groups, [(0, 1)]) == scores([groups[2], groups[1], groups[0]], [(2, 1)])


@given(st.lists(TEXTS, min_size=2, max_size=6))
def test_score_of_a_pair_does_not_depend_on_the_others_asked(texts: list[str]) -> None:
    groups = [group(text) for text in texts]
    every = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
    assert scores(groups, every) == [scores(groups, [pair])[0] for pair in every]


@given(TEXTS, TEXTS)
def test_log_odds_are_the_sum_of_the_contributions(a: str, b: str) -> None:
    groups = [group(a), group(b)]
    model = default_model()
    scored = score(features(groups), shingle([g.tokens for g in groups], 3), np.array([[0, 1]]))
    parts = [
        value * model.coefficients[name]
        for name, value in zip(FEATURES, scored.values[0].tolist(), strict=True)
    ]
    assert sum(parts) + model.intercept * VALUE_UNIT == scored.log_odds[0]


@given(TEXTS)
def test_features_of_a_text_with_itself_are_at_their_best(text: str) -> None:
    pair = [group(text), group(text)]
    values = score(features(pair), shingle([g.tokens for g in pair], 3), np.array([[0, 1]])).values
    named = dict(zip(FEATURES, values[0].tolist(), strict=True))
    assert named["conflicting_names"] == named["conflicting_numbers"] == 0
    weighed = features(pair).views["terms"].norm[0] > 0
    assert (named["text"] > 0) == weighed
    assert named["text"] <= VALUE_UNIT


def test_probability_rises_with_the_log_odds() -> None:
    points = np.arange(-20 * LOG_ODDS_UNIT, 20 * LOG_ODDS_UNIT, LOG_ODDS_UNIT // 10)
    chances = to_probability(points)
    assert (np.diff(chances) >= 0).all()
    assert chances[0] >= 0
    assert chances[-1] <= 1 << 20


def test_conflicting_names_and_numbers_count_against() -> None:
    model = default_model()
    assert model.coefficients["conflicting_names"] < 0
    assert model.coefficients["conflicting_numbers"] < 0
    first = "Police said Marta Olsen, 34, was robbed on Harcourt Lane in Dover on Monday evening."
    other = "Police said Irene Vasquez, 61, was robbed on Quarry Street in Bath on Friday evening."
    later = "Marta Olsen, 34, was robbed by two men on Harcourt Lane in Dover, police said Monday."
    against, same = scores([group(first), group(other), group(later)], [(0, 1), (0, 2)])
    assert against < 0 < same


def test_prior_weighs_words_before_anything_was_observed() -> None:
    words = ["the", "police", "vsse"]
    the, police, vsse = inverse_document_frequency(words, {}, 0, 1000).tolist()
    assert the < police < vsse


def test_observed_counts_outweigh_the_prior() -> None:
    rare = inverse_document_frequency(["vsse"], {"vsse": 1}, 2, 1000)[0]
    usual = inverse_document_frequency(["vsse"], {"vsse": 40_000}, 50_000, 1000)[0]
    assert rare > 2 * usual


@given(st.lists(TEXTS, max_size=5), st.randoms(use_true_random=False))
def test_observation_does_not_depend_on_order(texts: list[str], random) -> None:  # type: ignore[no-untyped-def]
    profiles = [read_profile("", text) for text in texts]
    counted = observe(profiles)
    random.shuffle(profiles)
    again = observe(profiles)
    assert counted.n_texts == again.n_texts
    assert dict(counted.terms) == dict(again.terms)
    assert dict(counted.names) == dict(again.names)


def test_an_empty_text_has_no_features() -> None:
    profile = read_profile("", "")
    assert not profile.terms
    assert not profile.numbers
    rows = features_of([group("")], [profile], not_observed([profile]), 1000)
    assert all(rows.views[kind].norm.tolist() == [0.0] for kind in KINDS)


def test_gap_days() -> None:
    groups = [
        group("a", published=parse_date("2023-10-05T00:00:00Z")),
        group("b", published=parse_date("2023-10-08T12:00:00Z")),
        group("c", published=parse_date("2023-10-05")),
        group("d"),
    ]
    days = gap_days(features(groups), np.array([[0, 1], [0, 2], [1, 2], [0, 3]]))
    assert days.tolist() == [3.5, 0.0, 2.0, 0.0]


def candidates(groups: list[GroupText], window_days: float = 30.0) -> list[list[int]]:
    found = event_candidates(
        features(groups),
        top_terms=40,
        min_cosine=0.05,
        window_days=window_days,
        posting_cap=1000,
    )
    return list(found.pairs.tolist())


def test_candidates_lie_inside_the_window() -> None:
    text = "Cainiao runs the hub at Liège"
    dates = ["2023-10-05T00:00Z", "2023-10-25T00:00Z", "2023-12-25T00:00Z", None]
    groups = [group(text, published=None if d is None else parse_date(d)) for d in dates]
    assert candidates(groups) == [[0, 1], [0, 3], [1, 3], [2, 3]]
    assert candidates(groups, window_days=0) == [[0, 3], [1, 3], [2, 3]]


def test_one_url_makes_a_candidate_of_any_two_texts() -> None:
    groups = [
        group("Quarterly dividend raised", "", None, "a.example/1"),
        group("Storm floods Brechin", "", None, "a.example/1"),
    ]
    assert candidates(groups) == [[0, 1]]


@settings(max_examples=50)
@given(st.lists(TEXTS, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_candidates_do_not_depend_on_order(texts: list[str], random) -> None:  # type: ignore[no-untyped-def]
    order = list(range(len(texts)))
    random.shuffle(order)
    straight = {frozenset(pair) for pair in candidates([group(text) for text in texts])}
    turned = {
        frozenset(order[i] for i in pair) for pair in candidates([group(texts[i]) for i in order])
    }
    assert straight == turned


def test_widespread_terms_are_capped_and_counted() -> None:
    groups = [group(f"Cainiao story number{i}") for i in range(12)]
    found = event_candidates(
        features(groups), top_terms=40, min_cosine=0.05, window_days=30, posting_cap=10
    )
    assert found.capped_terms >= 1
    assert len(found.pairs) == 0


def test_units_agree() -> None:
    assert LOG_ODDS_UNIT == VALUE_UNIT * COEFFICIENT_UNIT
    with pytest.raises(KeyError):
        default_model().coefficients["not a feature"]
