"""Best-first joining of clusters in different languages.

Theory of operation: a heap holds the log-odds of every pair that may be joined; the best is joined,
the union is compared anew with all neighbours of both, and stale entries are skipped when they
surface.  What is known between the parts of two unions (were they candidates, did anything support
them) is kept as sums, added up at each join, so no join looks at the parts again.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.events.candidates import MICROSECONDS_A_DAY
from dedup.events.logistic import LOG_ODDS_UNIT, Model
from dedup.events.stories import Stories, in_common

#: Pairs whose log-odds lie further than this below the threshold are not looked at again.
_REACH: Final = 3 * LOG_ODDS_UNIT


@dataclass(frozen=True, slots=True)
class Between:
    """What was found between the clusters of the word stage that two unions hold.

    The sum of the log-odds of their candidates, how many those are, and whether one is supported.
    """

    log_odds: int
    pairs: int
    supported: bool

    def plus(self, other: Between) -> Between:
        """Return the sums over both."""
        return Between(
            self.log_odds + other.log_odds,
            self.pairs + other.pairs,
            self.supported or other.supported,
        )


class Joining:
    """Best-first joining of clusters.

    Law: every entry of the heap was scored, supported and fitting when it was made; an entry whose
    clusters have been joined with others since is stale, and skipped.
    """

    def __init__(
        self,
        stories: Stories,
        pairs: NDArray[np.int64],
        values: NDArray[np.int64],
        model: Model,
        threshold: int,
    ) -> None:
        self.stories = stories
        self.model = model
        self.threshold = threshold
        self.least = threshold - _REACH
        self.parent = list(range(len(stories.head)))
        #: Of the clusters of the word stage that each holds, how many speak what.
        self.spoken = [Counter({stories.kinds[story]: 1}) for story in self.parent]
        #: The least log-odds that it rests on, if they are below even.
        self.weakest = [0] * len(self.parent)
        self.joins: list[tuple[int, int]] = []
        self.values: list[NDArray[np.int64]] = []
        self.heap: list[tuple[int, int, int, int, int]] = []
        log_odds = model.log_odds(values)
        near = log_odds >= self.least
        self.kept, self.kept_values, found = pairs[near], values[near], log_odds[near]
        listed = self.kept.tolist()
        self.neighbours: dict[int, set[int]] = defaultdict(set)
        self.between: dict[int, dict[int, Between]] = defaultdict(dict)
        for a, b in listed:
            self.neighbours[a].add(b)
            self.neighbours[b].add(a)
        starts = np.flatnonzero(np.diff(self.kept[:, 0], prepend=-1, append=-1)).tolist()
        for start, end in pairwise(starts):
            story, others = int(self.kept[start, 0]), self.kept[start:end, 1].tolist()
            support = stories.supported(story, others).tolist()
            first = found[start:end].tolist()
            for other, value, is_so in zip(others, first, support, strict=True):
                self.between[story][other] = self.between[other][story] = Between(value, 1, is_so)
            self._offer(story, others, found[start:end])

    def run(self) -> None:
        """Join the best pair until none is left."""
        while self.heap:
            value, _, _, a, b = heapq.heappop(self.heap)
            if self.parent[a] == a and self.parent[b] == b:
                self._join(a, b, -value)

    def labels(self) -> NDArray[np.int64]:
        """Return the smallest row number of each row's cluster."""
        head = np.array(self.stories.head, dtype=np.int64)
        for story in range(len(head) - 1, -1, -1):  # a union has a higher number than its parts
            head[story] = head[self.parent[story]]
        found: NDArray[np.int64] = head[self.stories.home]
        return found

    def _join(self, a: int, b: int, log_odds: int) -> None:
        stories = self.stories
        self.joins.append((stories.head[a], stories.head[b]))
        self.values.append(stories.values(a, [b])[0])
        union = stories.join(a, b)
        self.spoken.append(self.spoken[a] + self.spoken[b])
        self._add_up(a, b, union)
        self.weakest.append(min(self.weakest[a], self.weakest[b], log_odds))
        self.parent.append(union)
        self.parent[a] = self.parent[b] = union
        barred = stories.barred.get(union, ())
        others = sorted(
            other
            for other in self.neighbours.pop(a, set()) | self.neighbours.pop(b, set())
            if self.parent[other] == other
            and other not in barred
            and stories.gap(union, other) <= stories.window_days * MICROSECONDS_A_DAY
        )
        if not others:
            return
        found = self.model.log_odds(stories.values(union, others))
        near = found >= self.least
        others = [other for other, is_so in zip(others, near.tolist(), strict=True) if is_so]
        self.neighbours[union] = set(others)
        for other in others:
            self.neighbours[other].add(union)
        self._offer(union, others, found[near])

    def _offer(self, story: int, others: Sequence[int], found: NDArray[np.int64]) -> None:
        head = self.stories.head
        for other, value in zip(others, found.tolist(), strict=True):
            if (
                value >= self.threshold
                and self._is_supported(story, other)
                and self._fits(story, other)
            ):
                # Best first; among equals the clusters that hold the smallest rows.
                a, b = sorted((story, other), key=head.__getitem__)
                heapq.heappush(self.heap, (-value, head[a], head[b], a, b))

    def _add_up(self, a: int, b: int, union: int) -> None:
        """Add up what is known between the parts of two clusters and those of each other one."""
        known = self.between.pop(a, {})
        for other, more in self.between.pop(b, {}).items():
            known[other] = known[other].plus(more) if other in known else more
        for gone in (a, b):
            known.pop(gone, None)
        for other, sums in known.items():
            theirs = self.between[other]
            theirs.pop(a, None)
            theirs.pop(b, None)
            theirs[union] = sums
        self.between[union] = known

    def _is_supported(self, a: int, b: int) -> bool:
        """Whether there is more than a cosine to a pair, or to parts of the two."""
        known = self.between[a].get(b)
        return known is not None and known.supported

    def _fits(self, a: int, b: int) -> bool:
        """Whether parts in different languages fit by themselves, if the two share a language."""
        if not self.stories.common(a, b):
            return True
        known = self.between[a].get(b, Between(0, 0, False))
        pairs = self._pairs_apart(a, b)
        total = known.log_odds + self.least * (pairs - known.pairs)
        return pairs > 0 and total >= min(self.weakest[a], self.weakest[b]) * pairs

    def _pairs_apart(self, a: int, b: int) -> int:
        """Return how many pairs of parts of the two are in different languages."""
        return sum(
            mine * theirs
            for kinds, mine in self.spoken[a].items()
            for others, theirs in self.spoken[b].items()
            if not in_common(kinds, others)
        )
