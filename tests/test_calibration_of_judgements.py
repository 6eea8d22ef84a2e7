"""What a person's judgements do to the event threshold, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import (
    Calibration,
    Clustering,
    Config,
    ConfigError,
    DedupError,
    EventConfig,
    Judgement,
    find_clusters,
)
from dedup.calibration import CREDIBLE, calibrate, interval
from dedup.events.clustering import PROBABILITY_UNIT

Rows = list[dict[str, Any]]

DEFAULT = Config().event.threshold
FLOOR = Config().event.floor

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=25)
THRESHOLDS = st.sampled_from([FLOOR, 0.0201, 0.3, DEFAULT, 0.9, 0.99999, 1.0])


def judged(answers: Any, threshold: float = DEFAULT) -> list[Judgement]:
    config = Config(event=EventConfig(threshold=threshold))
    return [
        Judgement(a=f"{at}", b=f"{at}'", same=same, joined_at=height, config=config)
        for at, (height, same) in enumerate(answers)
    ]


def fitted(answers: Any, threshold: float) -> Calibration:
    config = Config(event=EventConfig(threshold=threshold))
    return calibrate(judged(answers, threshold), config=config)


def width(found: Calibration) -> float:
    return found.high - found.low


# ---------------------------------------------------------------- laws


@given(THRESHOLDS, st.booleans())
def test_no_judgements_change_nothing(threshold: float, links: bool) -> None:
    config = Config(event=EventConfig(threshold=threshold))
    found = calibrate([], links=links, config=config)
    assert found.config == config
    assert found.threshold == found.before == threshold
    assert str(found) == f"no judgements: event threshold {threshold:g} stays"


@given(ANSWERS, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(answers: Any, random: Any) -> None:
    one = judged(answers)
    other = [*one, *one[:3]]
    random.shuffle(other)
    swapped = [replace(each, a=each.b, b=each.a) for each in other]
    assert calibrate(one) == calibrate(other) == calibrate(swapped)


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_pair_of_two_collections_counts_once(one: float, other: float, same: bool) -> None:
    both = [Judgement(a="a", b="b", same=same, joined_at=height) for height in (one, other)]
    assert calibrate(both) == calibrate(both[::-1])
    assert calibrate(both) == calibrate([min(both, key=lambda each: each.joined_at)])


@given(st.lists(st.floats(0, 1), max_size=25), THRESHOLDS)
def test_unanimous_judgements_never_lead_the_wrong_way(
    heights: list[float], threshold: float
) -> None:
    same = fitted([(height, True) for height in heights], threshold)
    apart = fitted([(height, False) for height in heights], threshold)
    assert FLOOR <= same.threshold <= threshold <= apart.threshold <= 1


@given(ANSWERS, THRESHOLDS)
def test_the_threshold_moves_to_the_near_end_of_the_interval(answers: Any, before: float) -> None:
    found = fitted(answers, before)
    assert 0 <= found.low <= found.high <= 1
    if found.threshold != before:
        end = found.low if before < found.threshold else found.high
        assert found.threshold == max(end, FLOOR)
    assert found.config.event.threshold == found.threshold


@given(st.integers(0, 12), st.floats(0, 0.3))
def test_agreement_with_the_threshold_narrows_the_interval(n: int, gap: float) -> None:
    """The same above it and not the same below it: it stays, and is surer."""
    below, above = DEFAULT * (1 - gap), DEFAULT * (1 + gap)
    few = calibrate(judged([(above, True), (below, False)] * n))
    more = calibrate(judged([(above, True), (below, False)] * (n + 1)))
    assert few.threshold == more.threshold == DEFAULT
    assert width(more) < width(few)


@settings(max_examples=25)
@given(ANSWERS, st.sampled_from([0.1, DEFAULT, 0.8]))
def test_the_interval_is_that_of_the_posterior(answers: Any, threshold: float) -> None:
    """Against the product of the probabilities themselves, on another grid."""
    grid = [-12 + at / 64 for at in range(64 * 24 + 1)]
    centre = math.log(threshold / (1 - threshold))
    density = []
    for t in grid:
        value = math.exp(-((t - centre) ** 2) / 2)
        for height, same in answers:
            inside = min(max(height, FLOOR), 1 - 1e-6)
            right = 1 / (1 + math.exp(t) * (1 - inside) / inside)
            value *= right if same else 1 - right
        density.append(value)
    low, high = interval(judged(answers, threshold), threshold, FLOOR)
    total = sum(density)

    def below(end: float) -> float:
        """Sum what lies below a threshold."""
        at = math.log(end / (1 - end))
        return sum(d for t, d in zip(grid, density, strict=True) if t < at) / total

    tail = (1 - CREDIBLE) / 2
    slack = 1.5 / 64 / 2 + 0.02  # a step of the grid, and the third decimal of a small threshold
    assert abs(below(low) - tail) < slack
    assert abs(below(high) - (1 - tail)) < slack


def test_the_interval_keeps_its_promise() -> None:
    """Where judgements are made as the model says, nine of ten intervals hold the truth."""
    random = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        truth = math.log(DEFAULT / (1 - DEFAULT)) + random.normal()
        heights = random.uniform(0.05, 0.95, size=15)
        chance = 1 / (1 + np.exp(truth - np.log(heights / (1 - heights))))
        answers = list(zip(heights.tolist(), (random.random(15) < chance).tolist(), strict=True))
        low, high = interval(judged(answers), DEFAULT, FLOOR)
        held += low <= 1 / (1 + math.exp(-truth)) <= high
    assert 0.86 <= held / 300 <= 0.94


def test_many_judgements_are_believed() -> None:
    odds = np.linspace(-3, 3, 400) + math.log(0.7 / 0.3)
    found = calibrate(judged([(1 / (1 + math.exp(-each)), each > odds[200]) for each in odds]))
    assert 0.6 < found.threshold == found.low < 0.7 < found.high
    assert width(found) < 0.12


def test_what_joins_below_the_floor_counts_as_joined_there() -> None:
    nowhere, floor = judged([(0.0, True)] * 5), judged([(FLOOR, True)] * 5)
    assert calibrate(nowhere) == calibrate(floor)


# ---------------------------------------------------------------- links and words


def test_judged_pairs_become_links_unless_not_wanted() -> None:
    pairs = judged([(0.4, True), (0.5, False)])
    event = Config.calibrated(pairs).event
    assert event.must_link == (("0", "0'"),)
    assert event.cannot_link == (("1", "1'"),)
    assert Config.calibrated(pairs, links=False) == Config()


def test_settings_of_the_run_are_kept() -> None:
    event = EventConfig(threshold=0.5, window_days=3, must_link=(("x", "y"),))
    asked = [replace(each, config=Config(event=event)) for each in judged([(0.4, True)])]
    after = Config.calibrated([*asked, replace(asked[0], a="x", b="y", joined_at=1.0)]).event
    assert after == replace(event, must_link=(("x", "y"), ("0", "0'")))


def test_it_says_how_sure_it_is() -> None:
    few, many = calibrate(judged([(0.3, True)] * 2)), calibrate(judged([(0.2, True)] * 30))
    assert str(few) == (
        "2 judgements (2 same, 0 apart): the event threshold belongs between "
        f"{few.low:.3f} and {few.high:.3f} with 90 %; 0.425 lies inside and stays"
    )
    assert str(many) == (
        "30 judgements (30 same, 0 apart): the event threshold belongs between "
        f"{many.low:.3f} and {many.high:.3f} with 90 %; 0.425 → {many.high:g}, no further than "
        "that asks"
    )
    assert str(calibrate(judged([(0.5, False)]))).startswith("1 judgement (0 same, 1 apart): ")


# ---------------------------------------------------------------- a clustering that is judged


@pytest.fixture(scope="module")
def result(belgium: Rows) -> Clustering:
    return find_clusters(belgium, progress=False)


def test_joined_at_is_where_two_articles_come_together(result: Clustering) -> None:
    pairs = result.borderline(500)
    assert len(pairs) > 20
    for pair in pairs:
        assert pair.together == (pair.joined_at >= DEFAULT)
        unit = max(math.floor(pair.joined_at * PROBABILITY_UNIT), PROBABILITY_UNIT // 50 + 1)
        under = result.rethreshold(unit / PROBABILITY_UNIT)
        over = result.rethreshold((unit + 1) / PROBABILITY_UNIT)
        assert (under.cluster_of(pair.a) is under.cluster_of(pair.b)) == (pair.joined_at > 0)
        assert over.cluster_of(pair.a) is not over.cluster_of(pair.b)


def test_from_borderline_pairs_to_better_clusters(
    belgium: Rows, gold: dict[str, Any], result: Clustering
) -> None:
    story = gold["event"]
    answers = [p.judged(same=story[p.a] == story[p.b]) for p in result.borderline(20)]
    better = find_clusters(belgium, config=Config.calibrated(answers), progress=False)
    found = result.calibrate(answers)
    assert found.config == better.config
    assert (found.n_same + found.n_apart) == len(answers)
    for each in answers:
        assert (better.cluster_of(each.a) is better.cluster_of(each.b)) == each.same
    told = [(each.a, each.b, each.same) for each in answers]
    assert result.calibrate(told) == result.calibrate(iter(told[::-1])) == found
    # Who asks again is asked about other pairs, and what is known already says nothing new.
    assert not {(p.a, p.b) for p in better.borderline(50)} & {(a, b) for a, b, _ in told}
    again = better.calibrate(told)
    assert again.threshold == better.config.event.threshold


def test_a_loaded_result_is_judged_alike(result: Clustering, tmp_path: Path) -> None:
    result.save(tmp_path / "run.json")
    loaded = Clustering.load(tmp_path / "run.json")
    told = [(pair.a, pair.b, pair.together) for pair in result.borderline(10)]
    assert loaded.calibrate(told) == result.calibrate(told)
    assert loaded.calibrate([]).config == result.config


# ---------------------------------------------------------------- errors


def test_unknown_ids_are_named(result: Clustering) -> None:
    with pytest.raises(DedupError, match=r"no article with id 'en-vsse-wier'.*'en-vsse-wire'"):
        result.calibrate([("en-vsse-wier", "en-vsse-rewrite", True)])


def test_contradictory_judgements_are_named() -> None:
    same, apart = judged([(0.4, True), (0.4, False)])
    with pytest.raises(ConfigError, match=r"'0' and \"0'\" are judged both.*take one"):
        calibrate([same, replace(apart, a="0'", b="0")])
    chain = [replace(same, a="a", b="b"), replace(same, a="b", b="c"), replace(apart, a="a", b="c")]
    with pytest.raises(ConfigError, match=r"do not hold together.*\('a', 'b'\) and \('b', 'c'\)"):
        calibrate(chain)
    with pytest.raises(ConfigError, match=r"do not hold together.*'a' with itself"):
        calibrate([replace(same, a="a", b="a")])


def test_judgements_that_contradict_the_settings_are_named(belgium: Rows) -> None:
    pair = ("en-vsse-wire", "en-vsse-rewrite")
    config = Config(event=EventConfig(cannot_link=(pair,)))
    kept_apart = find_clusters(belgium, config=config, progress=False)
    with pytest.raises(ConfigError, match=r"cannot_link forbids 'en-vsse-wire' and"):
        kept_apart.calibrate([(*pair, True)])
    assert kept_apart.calibrate([(*pair, False)]).config == config


def test_copies_cannot_be_judged_apart(result: Clustering) -> None:
    with pytest.raises(ConfigError, match=r"'en-vsse-wire' and 'en-vsse-reprint.*are copies"):
        result.calibrate([("en-vsse-wire", "en-vsse-reprint-coast", False)])
    assert result.calibrate([("en-vsse-wire", "en-vsse-reprint-coast", True)]).threshold == DEFAULT


@pytest.mark.parametrize(("same", "setting"), [(True, "must_link"), (False, "cannot_link")])
def test_pairs_that_were_never_scored_are_named(
    result: Clustering, same: bool, setting: str
) -> None:
    message = rf"'ja-vsse-toto' and 'en-vsse-wire' come together at no.*event\.{setting} instead"
    with pytest.raises(ConfigError, match=message):
        result.calibrate([("ja-vsse-toto", "en-vsse-wire", same)])


def test_what_is_no_judgement_is_refused(result: Clustering) -> None:
    pair = result.borderline(1)[0]
    for wrong in (pair, ("a", "b"), "abc", None):
        with pytest.raises(ConfigError, match=r"a judgement must be"):
            result.calibrate([wrong])  # type: ignore[list-item]
        with pytest.raises(ConfigError, match=r"a judgement must be"):
            Config.calibrated([wrong])  # type: ignore[list-item]
    for odd in ("yes", 1, None):
        with pytest.raises(ConfigError, match=r"must be True \(same event\) or False"):
            pair.judged(same=odd)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=r"must be True \(same event\) or False"):
            result.calibrate([(pair.a, pair.b, odd)])  # type: ignore[list-item]
    assert result.calibrate([(pair.a, pair.b, np.bool_(True))]).n_same == 1  # type: ignore[list-item]


def test_one_pair_judged_in_two_runs_of_different_configurations_is_refused() -> None:
    other = Config(event=EventConfig(threshold=0.6))
    both = [
        Judgement(a="a", b="b", same=True, joined_at=0.5, config=config)
        for config in (Config(), other)
    ]
    for judgements in (both, both[::-1]):
        with pytest.raises(ConfigError, match="different configurations"):
            calibrate(judgements)


@pytest.mark.parametrize("same", [True, False])
def test_laws_hold_at_thresholds_that_round_to_nothing(same: bool) -> None:
    for threshold, floor in ((5e-5, 1e-5), (0.99999, 0.02)):
        config = Config(event=EventConfig(threshold=threshold, floor=floor))
        assert calibrate([], config=config).threshold == threshold
        for height in (floor, 0.5, 1.0):
            one = Judgement(a="a", b="b", same=same, joined_at=height, config=config)
            found = calibrate([one]).threshold
            assert found <= threshold if same else found >= threshold


def test_judgements_that_are_no_list_are_refused(result: Clustering) -> None:
    one = result.borderline(1)[0].judged(same=True)
    for wrong in (one, None, 5):
        with pytest.raises(ConfigError, match=r"must be a list or another iterable"):
            Config.calibrated(wrong)  # type: ignore[arg-type]
        with pytest.raises(ConfigError, match=r"must be a list or another iterable"):
            result.calibrate(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("height", [float("nan"), 7.0, -0.1, "0.5", None, True])
def test_a_height_that_is_no_probability_is_refused(height: Any) -> None:
    with pytest.raises(ConfigError, match=r"joined_at of the judgement of 'a' and 'b'"):
        Judgement(a="a", b="b", same=True, joined_at=height)


def test_judgements_of_two_configurations_are_refused(belgium: Rows, result: Clustering) -> None:
    one, other = result.borderline(1)[0], result.rethreshold(0.6).borderline(1)[0]
    with pytest.raises(ConfigError, match=r"different configurations; give those of one run"):
        Config.calibrated([one.judged(same=True), other.judged(same=True)])


def test_copies_alone_have_nothing_to_judge(belgium: Rows) -> None:
    copies = find_clusters(belgium[:6], level="duplicate", progress=False)
    with pytest.raises(ConfigError, match="level='event'"):
        copies.calibrate([])
