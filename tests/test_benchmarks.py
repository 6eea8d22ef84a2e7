"""What the quality gate rests on: the cut of a linkage, the measures, the bounds."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import calibration
import gate
import layout
import thresholds
from calibration import Judged, error, roc_auc
from dedup.events.clustering import PROBABILITY_UNIT, average_linkage, link


@pytest.mark.parametrize("module", [gate, layout, thresholds], ids=lambda module: module.__name__)
def test_examples_in_the_documentation(module: object) -> None:
    result = doctest.testmod(module)  # type: ignore[arg-type]
    assert result.attempted and not result.failed


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]),
        st.integers(1, 20).map(lambda twentieth: twentieth * PROBABILITY_UNIT // 20),
        max_size=30,
    ),
    st.integers(2, 18),
)
def test_a_cut_is_what_linkage_at_that_threshold_gives(
    scored: dict[tuple[int, int], int], twentieth: int
) -> None:
    pairs = np.array(list(scored), dtype=np.int64).reshape(-1, 2)
    probability = np.array(list(scored.values()), dtype=np.int64)
    level = twentieth * PROBABILITY_UNIT // 20
    linkage = link(10, pairs, probability, PROBABILITY_UNIT // 10)
    expected = average_linkage(10, pairs, probability, level)
    assert thresholds.cut(10, linkage, level).tolist() == expected.tolist()


def test_grid_holds_the_default_threshold() -> None:
    assert thresholds.GRID[0] == 0.1
    assert thresholds.GRID[-1] == 0.8
    assert thresholds.DEFAULT in thresholds.GRID


def test_calibration_error_is_zero_where_promises_are_kept() -> None:
    probability = np.repeat([0.25, 0.75], 200)
    same = np.concatenate(
        [np.tile([True, False, False, False], 50), np.tile([True] * 3 + [False], 50)]
    )
    judged = Judged.of(probability, same)
    assert judged.calibration_error() == pytest.approx(0.0)
    assert judged.brier() == pytest.approx(0.1875)
    assert Judged.of(probability, ~same).calibration_error() == pytest.approx(0.5)


def test_reliability_bins() -> None:
    judged = Judged.of(np.array([0.05, 0.05, 1.0, 1.0]), np.array([False, True, True, True]))
    bins = judged.reliability()
    first, last = bins[0], bins[-1]
    assert first is not None
    assert last is not None
    assert bins[1:-1] == [None] * 8
    assert (first.share, first.probability, first.same) == (0.5, 0.05, 0.5)
    assert (last.share, last.probability, last.same) == (0.5, 1.0, 1.0)
    assert error(bins) == pytest.approx(0.225)


def test_pooled_families_weigh_the_same() -> None:
    large = Judged.of(np.full(100, 0.5), np.ones(100, dtype=np.bool_))
    small = Judged.of(np.array([0.0]), np.array([False]))
    assert Judged.pooled([[large, large], [small]]).brier() == pytest.approx(0.125)


def test_a_wrong_certainty_costs_much_but_not_all() -> None:
    wrong = Judged.of(np.array([0.0]), np.array([True]))
    assert wrong.log_loss() == pytest.approx(-np.log(calibration.CLIP))


def test_area_counts_the_pairs_in_the_right_order() -> None:
    score, same = np.array([4, 3, 2, 2, 1]), np.array([True, False, True, False, False])
    area = roc_auc(score, same)
    assert area.score == pytest.approx((3 + 1.5) / 6)
    assert area.low <= area.score <= area.high
    assert area == roc_auc(score, same)


def test_beyond_names_what_lies_outside_or_is_missing() -> None:
    figures = {"fixtures.f1": 0.8, "fixtures.gap": 0.2}
    assert gate.beyond(figures, {"fixtures.f1": 0.8}, {"fixtures.gap": 0.2}) == []
    assert gate.beyond(figures, {"fixtures.f1": 0.9}, {"fixtures.gap": 0.1}) == [
        "fixtures.f1: 0.8000 is below its floor 0.9000",
        "fixtures.gap: 0.2000 is above its ceiling 0.1000",
    ]
    assert gate.beyond({}, {"fixtures.f1": 0.9}, {}) == ["fixtures.f1: was not measured"]


def test_bounds_are_only_ever_tightened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "FLOORS", tmp_path / "floors.json")
    monkeypatch.setattr(gate, "digests", dict)
    gate.pin({"a.b_cubed_f1": 0.9, "a.left_out": 0.9, "a.gap": 0.05, "whole": 1.0})
    gate.pin({"a.b_cubed_f1": 0.8, "a.left_out": 0.95, "a.gap": 0.04})
    gate.pin({"a.gap": 0.08})
    assert json.loads(gate.FLOORS.read_text(encoding="utf-8")) == {
        "digests": {},
        "floors": {"a.b_cubed_f1": 0.898, "a.left_out": 0.94, "whole": 1.0},
        "ceilings": {"a.gap": 0.05},
    }


def test_a_table_as_text_and_as_markdown() -> None:
    table = layout.Table(title="Sets", columns=("set", "F1"), rows=[["gva", "0.9"]], note="B³.")
    assert table.text() == "\nSets\nset   F1\ngva  0.9\nB³."
    assert table.markdown() == "### Sets\n\n| set | F1 |\n| --- | ---: |\n| gva | 0.9 |\n\nB³."
