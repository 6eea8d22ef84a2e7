"""Average linkage: equal to the textbook on dense input, and indifferent to order."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.events.clustering import PROBABILITY_UNIT, average_linkage, connected_components

HALF = PROBABILITY_UNIT // 2


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], int]]:
    n = draw(st.integers(1, 9))
    every = list(itertools.combinations(range(n), 2))
    chosen = draw(st.lists(st.sampled_from(every), unique=True)) if every else []
    # Few distinct values, so that ties are common.
    value = st.sampled_from([k * PROBABILITY_UNIT // 8 for k in range(1, 9)])
    return n, {pair: draw(value) for pair in chosen}


def run(n: int, links: dict[tuple[int, int], int], threshold: int = HALF) -> list[int]:
    pairs = np.array(list(links), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(links.values()), dtype=np.int64)
    return list(average_linkage(n, pairs, values, threshold).tolist())


def textbook(n: int, links: dict[tuple[int, int], int], threshold: int) -> list[int]:
    """Merge the best pair of clusters, found by looking at all of them, until none is good."""
    clusters: list[tuple[int, ...]] = [(row,) for row in range(n)]

    def mean(a: tuple[int, ...], b: tuple[int, ...]) -> Fraction:
        total = sum(links.get((min(i, j), max(i, j)), 0) for i in a for j in b)
        return Fraction(total, len(a) * len(b))

    while True:
        best = max(
            ((mean(a, b), -a[0], -b[0], a, b) for a, b in itertools.combinations(clusters, 2)),
            default=None,
        )
        if best is None or best[0] < threshold:
            break
        a, b = best[3:]
        clusters = sorted([c for c in clusters if c not in (a, b)] + [tuple(sorted(a + b))])
    return [next(c[0] for c in clusters if row in c) for row in range(n)]


@given(graphs())
def test_equals_the_textbook(graph: tuple[int, dict[tuple[int, int], int]]) -> None:
    n, links = graph
    assert run(n, links) == textbook(n, links, HALF)


@given(graphs(), st.randoms(use_true_random=False))
def test_order_of_pairs_does_not_matter(graph, random) -> None:  # type: ignore[no-untyped-def]
    n, links = graph
    shuffled = list(links.items())
    random.shuffle(shuffled)
    turned = {(b, a) if random.random() < 0.5 else (a, b): v for (a, b), v in shuffled}
    assert run(n, turned) == run(n, links)


@given(graphs())
def test_components_are_independent(graph: tuple[int, dict[tuple[int, int], int]]) -> None:
    n, links = graph
    component = connected_components(n, np.array(list(links), dtype=np.int64).reshape(-1, 2))
    whole = run(n, links)
    for head in set(component.tolist()):
        own = {pair: v for pair, v in links.items() if component[pair[0]] == head}
        alone = run(n, own)
        for row in range(n):
            if component[row] == head:
                assert alone[row] == whole[row]


def test_one_link_between_two_stories_does_not_chain() -> None:
    left, right = range(5), range(5, 10)
    links = {
        pair: PROBABILITY_UNIT for rows in (left, right) for pair in itertools.combinations(rows, 2)
    }
    links[4, 5] = PROBABILITY_UNIT * 9 // 10
    assert run(10, links) == [0] * 5 + [5] * 5


def test_nothing_to_cluster() -> None:
    assert run(0, {}) == []
    assert run(3, {}) == [0, 1, 2]
