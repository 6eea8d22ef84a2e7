"""Features, candidates and scores of the event stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.dates import Interval, parse_date
from dedup.events.candidates import event_candidates, gap_days
from dedup.events.features import (
    KINDS,
    UNIT,
    Features,
    inverse_document_frequency,
    not_observed,
    observe,
)
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.events.logistic import COEFFICIENT_UNIT, LOG_ODDS_UNIT, VALUE_UNIT
from dedup.events.overlaps import RAREST
from dedup.events.profiles import PARTS, read_profile
from dedup.events.reading import profiles_in_one
from dedup.events.scoring import FEATURES, default_model, score, to_probability
from dedup.text.clean import CleanArticle
from dedup.text.tokenize import strip_accents

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
    clean = CleanArticle(title=title, text=body)
    return GroupText(id=body, clean=clean, published=published, urls=frozenset(urls))


def features(groups: list[GroupText]) -> Features:
    profiles = profiles_of(groups)
    return features_of(groups, profiles, observe(profiles), 1000)


def scores(groups: list[GroupText], pairs: list[tuple[int, int]]) -> list[int]:
    array = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return list(score(features(groups), array).log_odds.tolist())


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


@given(st.lists(TEXTS, min_size=2, max_size=6), st.integers(0, 1 << 20))
def test_a_floor_leaves_out_what_is_less_probable(texts: list[str], floor: int) -> None:
    seen = features([group(text) for text in texts])
    pairs = np.array([(i, j) for i in range(len(texts)) for j in range(i)], dtype=np.int64)
    every, some = score(seen, pairs), score(seen, pairs, floor=floor)
    kept = every.probability >= floor
    assert some.pairs.tolist() == every.pairs[kept].tolist()
    assert some.values.tolist() == every.values[kept].tolist()
    assert some.log_odds.tolist() == every.log_odds[kept].tolist()


@pytest.mark.parametrize("size", [1, 2, 5])
def test_working_in_blocks_changes_nothing(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [group(" ".join(WORDS[place : place + 4])) for place in range(len(WORDS))]
    groups[3:3] = [group("")] * 3
    whole = features(groups)
    monkeypatch.setattr("dedup.events.features.BLOCK", size)
    monkeypatch.setattr("dedup.events.candidates._BLOCK", size)
    monkeypatch.setattr("dedup.events.candidates._STRETCH", size)
    parts = features(groups)
    for kind in KINDS:
        one, other = whole.views[kind], parts.views[kind]
        assert (one.matrix != other.matrix).nnz == 0
        assert one.norm.tolist() == other.norm.tolist()
        assert one.total.tolist() == other.total.tolist()
    assert whole.places.tolist() == parts.places.tolist()

    def candidates(seen: Features) -> Any:
        return event_candidates(
            seen, top_terms=3, min_cosine=0.0, window_days=30.0, posting_cap=9
        ).pairs.tolist()

    assert candidates(whole) == candidates(parts) != []


@given(TEXTS, TEXTS)
def test_log_odds_are_the_sum_of_the_contributions(a: str, b: str) -> None:
    groups = [group(a), group(b)]
    model = default_model()
    scored = score(features(groups), np.array([[0, 1]]))
    parts = [
        value * model.coefficients[name]
        for name, value in zip(FEATURES, scored.values[0].tolist(), strict=True)
    ]
    assert sum(parts) + model.intercept * VALUE_UNIT == scored.log_odds[0]


@given(TEXTS)
def test_features_of_a_text_with_itself_are_at_their_best(text: str) -> None:
    pair = [group(text), group(text)]
    values = score(features(pair), np.array([[0, 1]])).values
    named = dict(zip(FEATURES, values[0].tolist(), strict=True))
    assert named["conflicting_names"] == named["conflicting_numbers"] == 0
    weighed = features(pair).views["terms"].norm[0] > 0
    assert (named["text"] > 0) == weighed
    assert named["text"] <= VALUE_UNIT


@settings(max_examples=60)
@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_features_are_what_plain_loops_find(texts: list[str]) -> None:
    groups = [group(text) for text in texts]
    seen = features(groups)
    pairs = [(i, j) for i in range(len(texts)) for j in range(i + 1, len(texts))]
    values = score(seen, np.array(pairs, dtype=np.int64)).values / VALUE_UNIT
    names = observe(profiles_of(groups)).names
    for (i, j), row in zip(pairs, values, strict=True):
        found = dict(zip(FEATURES, row.tolist(), strict=True))
        a, b = (weights(seen, row) for row in (i, j))
        shared = sorted((min(a[w], b[w]) for w in a.keys() & b.keys()), reverse=True)
        assert found["rarest"] == pytest.approx(sum(shared[:RAREST]) / (30 * UNIT**2), abs=1e-3)
        places = [read_profile("", texts[row]).places for row in (i, j)]
        extents = [extent(places[0], places[1]), extent(places[1], places[0])]
        assert found["narrow"] == pytest.approx(max(0.4 - min(extents), 0), abs=1e-3)
        terms = [read_profile("", texts[row]).terms for row in (i, j)]
        common = [{term for term in each if strip_accents(term) not in names} for each in terms]
        jaccard = len(common[0] & common[1]) / (len(common[0] | common[1]) + 2)
        form = min(max((jaccard - 0.4) / 0.4, 0), 1)
        assert found["template_names"] == pytest.approx(form * found["conflicting_names"], abs=1e-3)


def weights(seen: Features, row: int) -> dict[str, int]:
    view = seen.views["terms"]
    start, end = view.matrix.indptr[row], view.matrix.indptr[row + 1]
    columns, data = view.matrix.indices[start:end], view.matrix.data[start:end]
    return {view.words[c]: w for c, w in zip(columns.tolist(), data.tolist(), strict=True)}


def extent(own: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Return the share of the parts of a text that hold one of the other's rare terms."""
    parts = [{term for term, bits in own.items() if bits >> part & 1} for part in range(PARTS)]
    rare = [part for part in parts if part]
    return sum(bool(part & other.keys()) for part in rare) / max(1, len(rare))


def test_places_are_those_of_the_rare_words_in_the_body() -> None:
    profile = read_profile("Marlin aground", "Cainiao " + "the " * 14 + "VSSE")
    assert profile.places == {"cainiao": 1, "vsse": 1 << 15}
    assert read_profile("Marlin", "").places == {"marlin": 1}
    # A body that says nothing does not hide what the headline says.
    assert read_profile("Marlin", "Read more.").places == {"marlin": 1}
    everywhere = read_profile("", "Cainiao " * 40)
    assert everywhere.places == {"cainiao": (1 << PARTS) - 1}


def test_a_round_up_shares_one_part_with_each_of_its_stories() -> None:
    stories = [
        "Cainiao warehouses at Bierset were searched by the VSSE over espionage fears.",
        "Dockers in Zeebrugge voted to end a walkout that grounded freighters for days.",
        "Brechin flooded as Storm Babet breached the embankment of the South Esk overnight.",
        "Hoevenaar withdrew a memo announcing that its Mechelen brewery would be closed.",
    ]
    groups = [group(" ".join(stories)), *map(group, stories), group(stories[0] + stories[0])]
    values = score(features(groups), np.array([[0, 1], [1, 5]])).values
    named = [dict(zip(FEATURES, row.tolist(), strict=True)) for row in values]
    assert named[0]["narrow"] > 0 == named[1]["narrow"]


def test_one_form_with_other_names_is_no_second_report() -> None:
    form = (
        "The board of {} in {} declared a quarterly dividend, payable in the third month of the "
        "year to all holders of record at the close of business on the day that was announced."
    )
    groups = [
        group(form.format(*names)) for names in (("Halvorsen", "Drammen"), ("Quintero", "Callao"))
    ]
    row = score(features(groups), np.array([[0, 1]])).values[0].tolist()
    assert dict(zip(FEATURES, row, strict=True))["template_names"] > 0


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
    counted = observe(profiles_in_one(profiles))
    random.shuffle(profiles)
    again = observe(profiles_in_one(profiles))
    assert counted.n_texts == again.n_texts
    assert dict(counted.terms) == dict(again.terms)
    assert dict(counted.names) == dict(again.names)


def test_an_empty_text_has_no_features() -> None:
    profile = read_profile("", "")
    assert not profile.terms
    assert not profile.numbers
    profiles = profiles_in_one([profile])
    rows = features_of([group("")], profiles, not_observed(profiles), 1000)
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


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(TEXTS, st.one_of(st.none(), st.integers(0, 90)), st.integers(0, 40)), max_size=14
    ),
    st.sampled_from([0.0, 1.0, 30.0]),
    st.sampled_from([1, 3, 512]),
)
def test_candidates_are_those_of_all_pairs(
    drawn: list[tuple[str, int | None, int]], window: float, rows_at_once: int
) -> None:
    """Slices in the order of dates lose nothing, undated texts and long intervals included."""
    day, first = timedelta(days=1), datetime(2023, 1, 1, tzinfo=UTC)
    spans = [
        None if at is None else Interval(first + at * day, first + (at + long) * day)
        for _, at, long in drawn
    ]
    groups = [group(text, published=span) for (text, _, _), span in zip(drawn, spans, strict=True)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("dedup.events.candidates._SLICE", rows_at_once)
        found, everywhere = candidates(groups, window), candidates(groups, 36_525)
    pairs = np.array(everywhere, dtype=np.int64).reshape(-1, 2)
    assert found == pairs[gap_days(features(groups), pairs) <= window].tolist()
    assert everywhere == candidates([replace(each, published=None) for each in groups])


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
    groups = [group(f"story number{i}") for i in range(12)]
    found = event_candidates(
        features(groups), top_terms=40, min_cosine=0.05, window_days=30, posting_cap=10
    )
    assert found.capped_terms == 1
    assert len(found.pairs) == 0


DAYS = [9, 3, 12, 1, 7, 5, 11, 2, 8, 4, 10, 6]


def days_that_met(names: str, cap: int) -> set[tuple[int, int]]:
    """Return the days of the candidates among reports that all hold the same names."""
    groups = [
        group(f"{names} number{day}", published=parse_date(f"2023-10-{day:02}")) for day in DAYS
    ]
    found = event_candidates(
        features(groups), top_terms=40, min_cosine=0.05, window_days=30, posting_cap=cap
    )
    assert found.capped_terms == len(names.split())
    pairs = [sorted((DAYS[i], DAYS[j])) for i, j in found.pairs.tolist()]
    return {(first, last) for first, last in pairs}


def test_a_widespread_rare_term_makes_candidates_in_runs_of_days() -> None:
    met = days_that_met("Cainiao", 5)
    borders = [day for day in range(1, 12) if (day, day + 1) not in met]
    runs = [range(a + 1, b + 1) for a, b in pairwise([0, *borders, 12])]
    assert len(runs) in (3, 4)
    assert max(map(len, runs)) == 5
    assert met == {pair for run in runs for pair in combinations(run, 2)}


def test_the_names_of_one_story_have_borders_of_their_own() -> None:
    met = days_that_met("Cainiao Hoevenaar VSSE Luchtbal Zwijndrecht", 5)
    assert all((day, day + 1) in met for day in range(1, 12))


def test_units_agree() -> None:
    assert LOG_ODDS_UNIT == VALUE_UNIT * COEFFICIENT_UNIT
    with pytest.raises(KeyError):
        default_model().coefficients["not a feature"]
