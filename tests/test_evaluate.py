"""Scores equal brute force over all pairs of items, and scikit-learn where it is installed."""

from __future__ import annotations

import math
import time
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import evaluate as module
from dedup.evaluate import Evaluation, evaluate

SCORES = {
    "pairwise_precision": module.pairwise_precision_score,
    "pairwise_recall": module.pairwise_recall_score,
    "pairwise_f1": module.pairwise_f1_score,
    "b_cubed_precision": module.b_cubed_precision_score,
    "b_cubed_recall": module.b_cubed_recall_score,
    "b_cubed_f1": module.b_cubed_f1_score,
    "adjusted_rand": module.adjusted_rand_score,
    "homogeneity": module.homogeneity_score,
    "completeness": module.completeness_score,
    "v_measure": module.v_measure_score,
}

label_pairs = st.integers(1, 14).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=n, max_size=n),
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
    )
)
Labels = tuple[list[str], list[int]]


def brute_force(true: list[Any], predicted: list[Any]) -> dict[str, float]:
    n = len(true)
    pairs = list(combinations(range(n), 2))
    together_true = [true[i] == true[j] for i, j in pairs]
    together_predicted = [predicted[i] == predicted[j] for i, j in pairs]
    both = sum(a and b for a, b in zip(together_true, together_predicted, strict=True))
    precision = both / sum(together_predicted) if any(together_predicted) else 1.0
    recall = both / sum(together_true) if any(together_true) else 1.0
    b_precision = b_recall = 0.0
    for i in range(n):
        mine = {j for j in range(n) if predicted[j] == predicted[i]}
        gold = {j for j in range(n) if true[j] == true[i]}
        b_precision += len(mine & gold) / len(mine) / n
        b_recall += len(mine & gold) / len(gold) / n
    agreements = sum(a == b for a, b in zip(together_true, together_predicted, strict=True))
    rand = agreements / len(pairs) if pairs else 1.0
    chance_true = sum(together_true) / len(pairs) if pairs else 1.0
    chance_predicted = sum(together_predicted) / len(pairs) if pairs else 1.0
    chance = chance_true * chance_predicted + (1 - chance_true) * (1 - chance_predicted)
    homogeneity = 1 - ratio(conditional(true, predicted), entropy(true))
    completeness = 1 - ratio(conditional(predicted, true), entropy(predicted))
    return {
        "pairwise_precision": precision,
        "pairwise_recall": recall,
        "pairwise_f1": mean(precision, recall),
        "b_cubed_precision": b_precision,
        "b_cubed_recall": b_recall,
        "b_cubed_f1": mean(b_precision, b_recall),
        "adjusted_rand": 1.0 if math.isclose(chance, 1) else (rand - chance) / (1 - chance),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": mean(homogeneity, completeness),
    }


def mean(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b > 1e-12 else 0.0


def ratio(part: float, whole: float) -> float:
    return part / whole if whole > 1e-12 else 0.0


def entropy(labels: list[Any]) -> float:
    shares = [labels.count(label) / len(labels) for label in set(labels)]
    return -sum(share * math.log(share) for share in shares)


def conditional(labels: list[Any], given_: list[Any]) -> float:
    total = 0.0
    for value in set(given_):
        inside = [label for label, other in zip(labels, given_, strict=True) if other == value]
        total += len(inside) / len(labels) * entropy(inside)
    return total


@given(label_pairs)
def test_equal_to_brute_force(labels: Labels) -> None:
    expected = brute_force(*labels)
    whole = evaluate(*labels)
    for name, score in SCORES.items():
        assert score(*labels) == pytest.approx(expected[name], abs=1e-9), name
        assert getattr(whole, name) == score(*labels), name


@given(label_pairs)
@settings(deadline=None)
def test_equal_to_scikit_learn(labels: Labels) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    for name in ("adjusted_rand", "homogeneity", "completeness", "v_measure"):
        theirs = getattr(metrics, f"{name}_score")(*labels)
        assert SCORES[name](*labels) == pytest.approx(theirs, abs=1e-9), name


@given(label_pairs, st.randoms(use_true_random=False))
def test_names_and_order_change_no_bit(labels: Labels, random: Any) -> None:
    true, predicted = labels
    order = list(range(len(true)))
    random.shuffle(order)
    renamed = {name: f"cluster {9 - name}" for name in range(5)}
    moved = evaluate([(true[i], 0) for i in order], [renamed[predicted[i]] for i in order])
    assert moved == evaluate(true, predicted)


@given(label_pairs)
def test_swapping_sides_swaps_scores(labels: Labels) -> None:
    forward, backward = evaluate(*labels), evaluate(*labels[::-1])
    assert forward.pairwise_precision == backward.pairwise_recall
    assert forward.b_cubed_precision == backward.b_cubed_recall
    assert forward.homogeneity == backward.completeness
    assert forward.adjusted_rand == backward.adjusted_rand


@given(label_pairs)
def test_perfect_and_bounds(labels: Labels) -> None:
    true, _ = labels
    perfect, found = evaluate(true, true), evaluate(*labels)
    for name in SCORES:
        assert getattr(perfect, name) == 1.0
        low = -1.0 if name == "adjusted_rand" else 0.0
        assert low <= getattr(found, name) <= 1.0


def test_conventions_of_singletons() -> None:
    alone = evaluate(["x", "x", "y"], [0, 1, 2])
    assert (alone.pairwise_precision, alone.pairwise_recall, alone.pairwise_f1) == (1.0, 0.0, 0.0)
    assert alone.b_cubed_precision == 1.0
    nothing_to_find = evaluate([0, 1, 2], ["x", "x", "y"])
    assert nothing_to_find.pairwise_recall == 1.0
    assert nothing_to_find.pairwise_f1 == 0.0
    one = evaluate(["only"], [7])
    assert all(getattr(one, name) == 1.0 for name in SCORES)


def test_arrays_and_iterables_are_labels() -> None:
    expected = evaluate([0, 0, 1], [5, 6, 6])
    assert evaluate(np.array([0, 0, 1]), np.array([5, 6, 6], dtype=np.int64)) == expected
    assert evaluate(iter("aab"), np.array(["x", "y", "y"])) == expected


@pytest.mark.parametrize("score", [evaluate, *SCORES.values()])
def test_bad_input(score: Any) -> None:
    with pytest.raises(ValueError, match="nothing to score"):
        score([], [])
    with pytest.raises(ValueError, match="2 true and 1 predicted"):
        score([0, 1], [0])


def test_linear_in_items() -> None:
    """Two hundred thousand items at once; an item-by-item matrix would be 40 gigabytes."""
    true = [i // 5 for i in range(200_000)]
    predicted = [i // 7 for i in range(200_000)]
    start = time.perf_counter()
    found = evaluate(true, predicted)
    assert time.perf_counter() - start < 10
    assert found.items == 200_000


def test_reads_well() -> None:
    shown = str(evaluate(["x", "x", "y"], [0, 1, 2]))
    assert shown.splitlines()[0] == "3 items, 2 true clusters, 3 predicted"
    assert "B³                 1.0000  0.6667  0.8000" in shown
    assert Evaluation.__doc__ is not None
