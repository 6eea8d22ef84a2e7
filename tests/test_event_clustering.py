"""Average linkage: equal to the textbook on dense input, and indifferent to order."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.arrays import connected_components
from dedup.events.clustering import (
    PROBABILITY_UNIT,
    Linkage,
    average_linkage,
    link,
)
from dedup.events.links import Links

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


@st.composite
def constrained(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], int], Links]:
    """A graph, and pairs of the user's that do not contradict one another."""
    n, values = draw(graphs())
    every = list(itertools.combinations(range(n), 2))
    some = st.lists(st.sampled_from(every), unique=True, max_size=3) if every else st.just([])
    must = draw(some)
    parts = joined(n, must)
    cannot = [p for p in draw(some) if not any(set(p) <= set(part) for part in parts)]
    return n, values, Links(must=tuple(must), cannot=tuple(cannot))


def joined(n: int, must: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The rows in the sets that required pairs make of them."""
    parts = [{row} for row in range(n)]
    for a, b in must:
        with_a, with_b = (next(part for part in parts if row in part) for row in (a, b))
        if with_a is not with_b:
            parts.remove(with_b)
            with_a |= with_b
    return sorted(tuple(sorted(part)) for part in parts)


Merge = tuple[tuple[int, ...], tuple[int, ...], Fraction]


def slow(
    n: int, values: dict[tuple[int, int], int], links: Links, threshold: int = HALF
) -> tuple[list[tuple[int, ...]], list[Merge]]:
    """Merge the best pair of clusters that may be merged, until none is good."""
    clusters = joined(n, links.must)
    merges: list[Merge] = []

    def mean(a: tuple[int, ...], b: tuple[int, ...]) -> Fraction:
        total = sum(values.get((min(i, j), max(i, j)), 0) for i in a for j in b)
        return Fraction(total, len(a) * len(b))

    def allowed(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
        return not any({i, j} == set(pair) for i in a for j in b for pair in links.cannot)

    while True:
        good = [
            (-mean(a, b), a, b)
            for a, b in itertools.combinations(clusters, 2)
            if allowed(a, b) and mean(a, b) >= threshold
        ]
        if not good:
            return clusters, merges
        height, a, b = min(good)
        merges.append((a, b, -height))
        clusters = sorted([c for c in clusters if c not in (a, b)] + [tuple(sorted(a + b))])


def run_linked(n: int, values: dict[tuple[int, int], int], links: Links) -> Linkage:
    pairs = np.array(list(values), dtype=np.int64).reshape(-1, 2)
    return link(n, pairs, np.array(list(values.values()), dtype=np.int64), HALF, links=links)


@given(constrained())
def test_constrained_linkage_equals_the_slow_one(
    case: tuple[int, dict[tuple[int, int], int], Links],
) -> None:
    n, values, links = case
    clusters, merges = slow(n, values, links)
    found = run_linked(n, values, links)
    assert found.labels.tolist() == [next(c[0] for c in clusters if r in c) for r in range(n)]
    heights = {
        (i, j, Fraction(total, area))
        for (i, j), total, area in zip(
            found.merges.tolist(), found.total.tolist(), found.area.tolist(), strict=True
        )
    }
    assert heights == {(a[0], b[0], height) for a, b, height in merges}
    assert len(found.merges) == len(merges)


@given(constrained())
def test_the_last_merge_of_a_cluster_holds_least(
    case: tuple[int, dict[tuple[int, int], int], Links],
) -> None:
    n, values, links = case
    found = run_linked(n, values, links)
    least: dict[int, Fraction] = {}
    for (i, _), total, area in zip(
        found.merges.tolist(), found.total.tolist(), found.area.tolist(), strict=True
    ):
        cluster = int(found.labels[i])
        height = Fraction(total, area)
        assert height <= least.get(cluster, height)
        least[cluster] = height


@given(constrained(), st.randoms(use_true_random=False))
def test_order_of_pairs_and_of_the_users_does_not_matter(case, random) -> None:  # type: ignore[no-untyped-def]
    n, values, links = case

    def turned(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        mixed = [pair[::-1] if random.random() < 0.5 else pair for pair in pairs]
        random.shuffle(mixed)
        return mixed

    again = Links(must=tuple(turned(links.must)), cannot=tuple(turned(links.cannot)))
    shuffled = {pair: values[min(pair), max(pair)] for pair in turned(values)}
    found, other = run_linked(n, values, links), run_linked(n, shuffled, again)
    assert found.labels.tolist() == other.labels.tolist()


@given(constrained())
def test_the_last_merges_are_found_again_inside_the_clusters(
    case: tuple[int, dict[tuple[int, int], int], Links],
) -> None:
    """Links that leave a cluster do not decide how it was made."""
    n, values, links = case
    found = run_linked(n, values, links)
    inside = {p: v for p, v in values.items() if found.labels[p[0]] == found.labels[p[1]]}
    again = run_linked(n, inside, links)
    assert again.labels.tolist() == found.labels.tolist()
    assert sorted(again.merges.tolist()) == sorted(found.merges.tolist())


def test_the_users_pairs_reach_over_components_and_through_chains() -> None:
    links = Links(must=((0, 3), (3, 5)), cannot=((5, 1),))
    found = run_linked(6, {(0, 1): PROBABILITY_UNIT, (1, 2): PROBABILITY_UNIT}, links)
    assert found.labels.tolist() == [0, 1, 1, 0, 4, 0]
    assert found.largest_component == 5
