"""How well a clustering agrees with a gold standard: scores in [0, 1] that rise with agreement.

Laws
----
- Labels are only names: renaming them, or putting the items in another order, changes no bit of
  any score.
- A perfect answer scores 1.0 everywhere.
- Swapping gold and answer swaps precision with recall and homogeneity with completeness.

Theory of operation
-------------------
Every score is a function of the *contingency table*: how many items carry gold label ``a`` and
answer label ``b``, kept for the pairs of labels that occur.  It is counted in one pass, so time
and memory are linear in items, and no item-by-item matrix is ever made.  Counts are Python
integers and sums are exactly rounded (:func:`math.fsum`), so order cannot matter.

Conventions, where a ratio would be 0 / 0
-----------------------------------------
- No items at all: ``ValueError``.
- Pairwise precision without any predicted pair (all singletons) is 1.0: nothing false was said.
  Pairwise recall without any true pair is 1.0: nothing was missed.  F1 is 1.0 if both are without
  pairs, and 0.0 if one is.
- The adjusted Rand index is 1.0 when both partitions are trivial in the same way.  It alone can
  be negative: worse than chance.
- Homogeneity is 1.0 if the gold has one class, completeness is 1.0 if the answer has one cluster.

Choose B³ for news: it weighs every article alike, where pairwise scores weigh a cluster by the
square of its size.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "Evaluation",
    "adjusted_rand_score",
    "b_cubed_f1_score",
    "b_cubed_precision_score",
    "b_cubed_recall_score",
    "completeness_score",
    "evaluate",
    "homogeneity_score",
    "pairwise_f1_score",
    "pairwise_precision_score",
    "pairwise_recall_score",
    "v_measure_score",
]

# Any sequence, Series or array of hashable labels.
Labels = Iterable[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All scores of one clustering against one gold standard.

    Made by :func:`evaluate`.  Printing it gives a small table.

    Parameters
    ----------
    items, true_clusters, predicted_clusters : int
        Sizes of what was compared.
    pairwise_precision, pairwise_recall, pairwise_f1 : float
        Over pairs of items that share a cluster.
    b_cubed_precision, b_cubed_recall, b_cubed_f1 : float
        Averaged over items.
    adjusted_rand : float
        Rand index corrected for chance; 0 is chance.
    homogeneity, completeness, v_measure : float
        From conditional entropies.
    """

    items: int
    true_clusters: int
    predicted_clusters: int
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    adjusted_rand: float
    homogeneity: float
    completeness: float
    v_measure: float

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{self.items} items, {self.true_clusters} true clusters, "
                f"{self.predicted_clusters} predicted",
                "               precision  recall    F1",
                f"B³                 {self.b_cubed_precision:.4f}  {self.b_cubed_recall:.4f}"
                f"  {self.b_cubed_f1:.4f}",
                f"pairwise           {self.pairwise_precision:.4f}  {self.pairwise_recall:.4f}"
                f"  {self.pairwise_f1:.4f}",
                f"adjusted Rand      {self.adjusted_rand:.4f}",
                f"V-measure          {self.v_measure:.4f}  "
                f"(homogeneity {self.homogeneity:.4f}, completeness {self.completeness:.4f})",
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Counts of items per gold label, per answer label, and per pair of them."""

    items: int
    true: Counter[Hashable]
    predicted: Counter[Hashable]
    cells: Counter[tuple[Hashable, Hashable]]

    def pairs(self) -> tuple[int, int, int]:
        """Pairs of items together in both, in the gold, and in the answer."""
        both, true, predicted = (
            sum(count * (count - 1) // 2 for count in counts.values())
            for counts in (self.cells, self.true, self.predicted)
        )
        return both, true, predicted


def _tabulate(labels_true: Labels, labels_pred: Labels) -> _Table:
    # numpy scalars are hashable but slow to hash; tolist gives plain values.
    true = labels_true.tolist() if hasattr(labels_true, "tolist") else list(labels_true)
    predicted = labels_pred.tolist() if hasattr(labels_pred, "tolist") else list(labels_pred)
    if len(true) != len(predicted):
        raise ValueError(
            f"one label per item on both sides, got {len(true)} true and {len(predicted)} predicted"
        )
    if not true:
        raise ValueError("no labels: there is nothing to score")
    return _Table(
        items=len(true),
        true=Counter(true),
        predicted=Counter(predicted),
        cells=Counter(zip(true, predicted, strict=True)),
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _harmonic_mean(a: float, b: float) -> float:
    return 2.0 * a * b / (a + b) if a + b else 0.0


def pairwise_precision_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the share of pairs put together that belong together.

    Parameters
    ----------
    labels_true, labels_pred : iterable of hashables
        One label per item, aligned.

    Returns
    -------
    float
        In [0, 1]; 1.0 if no pair was put together.  Linear time.

    Raises
    ------
    ValueError
        If there are no labels, or not equally many on both sides.

    Examples
    --------
    >>> pairwise_precision_score(["fire", "fire", "flood"], [0, 0, 0]) == 1 / 3
    True
    """
    both, _, predicted = _tabulate(labels_true, labels_pred).pairs()
    return _ratio(both, predicted)


def pairwise_recall_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the share of pairs that belong together that were put together.

    Parameters, conventions and cost as for :func:`pairwise_precision_score`.

    >>> pairwise_recall_score(["fire", "fire", "flood"], [0, 1, 1])
    0.0
    """
    both, true, _ = _tabulate(labels_true, labels_pred).pairs()
    return _ratio(both, true)


def pairwise_f1_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the harmonic mean of pairwise precision and recall.

    >>> pairwise_f1_score(["fire", "fire", "flood"], [0, 0, 0])
    0.5
    """
    both, true, predicted = _tabulate(labels_true, labels_pred).pairs()
    return _ratio(2 * both, true + predicted)


def b_cubed_precision_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return how pure an item's cluster is, averaged over items.

    For each item: the share of its cluster (itself included) that has its gold label.

    Parameters
    ----------
    labels_true, labels_pred : iterable of hashables
        One label per item, aligned.

    Returns
    -------
    float
        In (0, 1].  Linear time.

    Raises
    ------
    ValueError
        If there are no labels, or not equally many on both sides.

    References
    ----------
    A. Bagga and B. Baldwin, "Entity-based cross-document coreferencing using the vector space
    model", 1998. https://doi.org/10.3115/980845.980859

    E. Amigó et al., "A comparison of extrinsic clustering evaluation metrics based on formal
    constraints", 2009. https://doi.org/10.1007/s10791-008-9066-8

    Examples
    --------
    >>> round(b_cubed_precision_score(["fire", "fire", "flood"], [0, 0, 0]) * 9, 9)
    5.0
    """
    return _b_cubed(_tabulate(labels_true, labels_pred))[0]


def b_cubed_recall_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return how much of an item's gold cluster is found with it, averaged over items.

    Parameters, references and cost as for :func:`b_cubed_precision_score`.

    >>> b_cubed_recall_score(["fire", "fire", "flood"], [0, 1, 2]) == 2 / 3
    True
    """
    return _b_cubed(_tabulate(labels_true, labels_pred))[1]


def b_cubed_f1_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the harmonic mean of B³ precision and recall.

    >>> round(b_cubed_f1_score(["fire", "fire", "flood"], [0, 1, 2]), 9)
    0.8
    """
    return _harmonic_mean(*_b_cubed(_tabulate(labels_true, labels_pred)))


def _b_cubed(table: _Table) -> tuple[float, float]:
    precision, recall = (
        math.fsum(count * count / sizes[cell[side]] for cell, count in table.cells.items())
        / table.items
        for side, sizes in ((1, table.predicted), (0, table.true))
    )
    return precision, recall


def adjusted_rand_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the Rand index corrected for chance.

    Returns
    -------
    float
        1.0 for the same partition, about 0.0 for random labels, negative for worse.  Linear time,
        exact integers until the last division.

    Raises
    ------
    ValueError
        If there are no labels, or not equally many on both sides.

    References
    ----------
    L. Hubert and P. Arabie, "Comparing partitions", 1985. https://doi.org/10.1007/BF01908075

    Examples
    --------
    >>> adjusted_rand_score([0, 0, 1, 1], ["a", "a", "b", "b"])
    1.0
    >>> adjusted_rand_score([0, 0, 1, 1], [0, 1, 0, 1])
    -0.5
    """
    return _adjusted_rand(_tabulate(labels_true, labels_pred))


def _adjusted_rand(table: _Table) -> float:
    both, true, predicted = table.pairs()
    total = table.items * (table.items - 1) // 2
    # (both - expected) / (mean - expected) with expected = true * predicted / total, times 2 total.
    above_chance = 2 * (both * total - true * predicted)
    most = (true + predicted) * total - 2 * true * predicted
    return above_chance / most if most else 1.0


def homogeneity_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return how far each cluster holds one gold label only: 1 - H(gold | answer) / H(gold).

    Returns
    -------
    float
        In [0, 1].  Linear time.

    Raises
    ------
    ValueError
        If there are no labels, or not equally many on both sides.

    References
    ----------
    A. Rosenberg and J. Hirschberg, "V-measure: a conditional entropy-based external cluster
    evaluation measure", 2007. https://aclanthology.org/D07-1043

    Examples
    --------
    >>> homogeneity_score([0, 0, 1, 1], [0, 1, 2, 3])
    1.0
    """
    return _homogeneity_completeness(_tabulate(labels_true, labels_pred))[0]


def completeness_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return how far each gold label lies in one cluster only: 1 - H(answer | gold) / H(answer).

    Reference and cost as for :func:`homogeneity_score`.

    >>> completeness_score([0, 0, 1, 1], [0, 1, 2, 3])
    0.5
    """
    return _homogeneity_completeness(_tabulate(labels_true, labels_pred))[1]


def v_measure_score(labels_true: Labels, labels_pred: Labels) -> float:
    """Return the harmonic mean of homogeneity and completeness.

    >>> round(v_measure_score([0, 0, 1, 1], [0, 1, 2, 3]), 9)
    0.666666667
    """
    return _harmonic_mean(*_homogeneity_completeness(_tabulate(labels_true, labels_pred)))


def _homogeneity_completeness(table: _Table) -> tuple[float, float]:
    def share(given: Counter[Hashable], side: int, labels: Counter[Hashable]) -> float:
        # Both sums are entropies times the number of items.
        entropy = math.fsum(c * math.log(table.items / c) for c in labels.values())
        if not entropy:
            return 1.0
        left = math.fsum(c * math.log(given[cell[side]] / c) for cell, c in table.cells.items())
        return min(1.0, max(0.0, 1.0 - left / entropy))

    return share(table.predicted, 1, table.true), share(table.true, 0, table.predicted)


def evaluate(labels_true: Labels, labels_pred: Labels) -> Evaluation:
    """Return every score of a clustering against a gold standard.

    Parameters
    ----------
    labels_true : iterable of hashables
        The gold label of each item.
    labels_pred : iterable of hashables
        The label that the clustering gave each item, aligned.

    Returns
    -------
    Evaluation
        Linear time; the table is counted once.

    Raises
    ------
    ValueError
        If there are no labels, or not equally many on both sides.

    Examples
    --------
    >>> print(evaluate(["fire", "fire", "flood", "flood"], [0, 0, 0, 1]))
    4 items, 2 true clusters, 2 predicted
                   precision  recall    F1
    B³                 0.6667  0.7500  0.7059
    pairwise           0.3333  0.5000  0.4000
    adjusted Rand      0.0000
    V-measure          0.3437  (homogeneity 0.3113, completeness 0.3837)
    """
    table = _tabulate(labels_true, labels_pred)
    both, true, predicted = table.pairs()
    precision, recall = _b_cubed(table)
    homogeneity, completeness = _homogeneity_completeness(table)
    return Evaluation(
        items=table.items,
        true_clusters=len(table.true),
        predicted_clusters=len(table.predicted),
        pairwise_precision=_ratio(both, predicted),
        pairwise_recall=_ratio(both, true),
        pairwise_f1=_ratio(2 * both, true + predicted),
        b_cubed_precision=precision,
        b_cubed_recall=recall,
        b_cubed_f1=_harmonic_mean(precision, recall),
        adjusted_rand=_adjusted_rand(table),
        homogeneity=homogeneity,
        completeness=completeness,
        v_measure=_harmonic_mean(homogeneity, completeness),
    )
