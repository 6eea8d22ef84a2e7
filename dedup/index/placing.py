"""Where newcomers go: the batch's stages, asked about newcomers beside a window.

Laws
----
* Nothing is changed here: a plan is made, and whoever asked carries it out, or does not.
* The order of the newcomers does not matter, but for their ids, which break ties.

Theory of operation
-------------------
A newcomer that is a verified copy of a live group's centre joins that group; the others form stars
among themselves, as in a batch.  New groups are weighed with the counts of the window and their
own, scored with the live groups that share rare terms or an address, and linked once more with all
that hangs together with them by pairs at or above the threshold: a mean reaches the threshold only
if some pair does, so nothing beyond that can change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from dedup.article import Article
from dedup.comparison import group_text
from dedup.config import Config
from dedup.duplicates.fingerprints import Fingerprints, fingerprint, shingle_texts
from dedup.duplicates.lsh import candidate_pairs
from dedup.duplicates.minhash import EMPTY
from dedup.duplicates.shingling import Runs
from dedup.duplicates.verify import star_groups, verify
from dedup.events.clustering import PROBABILITY_UNIT, link
from dedup.events.features import count
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.events.links import Links
from dedup.events.round_ups import ACQUAINTED, held_down
from dedup.events.scoring import score
from dedup.events.versions import Sourced, are_versions
from dedup.index.window import Fresh, Window, exact_key, exact_keys
from dedup.pairs import PairScores
from dedup.review import threshold_units
from dedup.text.clean import CleanArticle
from dedup.text.told import Told

__all__ = ["FreshGroup", "Newcomer", "Plan", "place"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """An article that is not in the window: its row in the file, and what it says."""

    row: int
    article: Article
    clean: CleanArticle


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshGroup:
    """A new group: places of its members among the newcomers, and of its centre."""

    members: tuple[int, ...]
    centre: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """What is to be done.

    Parameters
    ----------
    joined : mapping of int to int
        Newcomer → the window's row of the group that it joins.
    groups : sequence of FreshGroup
        They get the rows that follow the window's last, in this order.
    similarity : mapping of int to float
        Newcomer → Jaccard similarity with the centre of its group.
    texts : sequence of GroupText
        What the new groups say.
    fresh : Fresh
        The same, as the window takes it.
    pairs : ndarray of int64, shape (m, 2)
        Scored pairs of rows that hold a new group.
    probability : ndarray of int64, shape (m,)
    version : ndarray of bool, shape (m,)
    rows : ndarray of int64, shape (s,)
        What was linked once more, new groups included; sorted.
    labels : ndarray of int64, shape (s,)
        Their clusters.
    every : ndarray of int64, shape (t, 2)
        The scored pairs of these rows and their neighbours, those of the newcomers last.
    held : ndarray of int64, shape (t,)
        Their probabilities, round-ups held down.
    """

    joined: Mapping[int, int]
    groups: Sequence[FreshGroup]
    similarity: Mapping[int, float]
    texts: Sequence[GroupText]
    fresh: Fresh
    pairs: NDArray[np.int64]
    probability: NDArray[np.int64]
    version: NDArray[np.bool_]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    every: NDArray[np.int64]
    held: NDArray[np.int64]


#: Rows of the file → what these articles say.
Cleaned = Callable[[Sequence[int]], Mapping[int, CleanArticle]]


def place(
    window: Window,
    newcomers: Sequence[Newcomer],
    cleaned: Cleaned,
    links: Sequence[tuple[int, int, bool]],
    also: Sequence[int] = (),
) -> Plan:
    """Plan where newcomers go.

    Parameters
    ----------
    window : Window
    newcomers : sequence of Newcomer
        In the order of their ids.
    cleaned : callable
        Returns what live articles say, by their rows in the file.
    links : sequence of (int, int, bool)
        Two rows of articles in the file that the user joined (True), or parted.
    also : sequence of int
        The window's rows that are to be linked once more besides.
    """
    prints = fingerprint(
        Told([newcomer.clean for newcomer in newcomers]),
        shingle_size=window.config.duplicate.shingle_size,
        num_perm=window.config.duplicate.num_perm,
    )
    joined, similarity = _copies_of_live(window, newcomers, prints, cleaned)
    groups = _stars(window.config, prints, joined, similarity)
    texts, fresh = _fresh(window, newcomers, groups, prints)
    n = len(window)
    fresh_rows = range(n, n + len(groups))
    home = {newcomers[at].row: row for at, row in joined.items()}
    for row, group in zip(fresh_rows, groups, strict=True):
        home.update((newcomers[member].row, row) for member in group.members)
    floor = min(round(window.config.event.floor * PROBABILITY_UNIT), ACQUAINTED)
    with window.table.beside(fresh.words) as features:
        scored = score(features, window.near(fresh, features), floor=floor)
        pairs = np.ascontiguousarray(scored.pairs[:, ::-1])
        region = _Region.of(
            window,
            fresh.words.features.sizes,
            pairs,
            scored.probability,
            _links(window, links, home),
            [*fresh_rows, *joined.values(), *also],
        )
        version = are_versions(
            features,
            _Texts(window, texts, cleaned),
            pairs,
            region.held[len(region.held) - len(pairs) :],
            window.config.duplicate.shingle_size,
        )
    return Plan(
        joined=joined,
        groups=groups,
        similarity=similarity,
        texts=texts,
        fresh=fresh,
        pairs=pairs,
        probability=scored.probability,
        version=version,
        rows=region.rows,
        labels=region.linked(version),
        every=region.pairs,
        held=region.held,
    )


# ---------------------------------------------------------------- copies


def _copies_of_live(
    window: Window, newcomers: Sequence[Newcomer], prints: Fingerprints, cleaned: Cleaned
) -> tuple[dict[int, int], dict[int, float]]:
    """Return which newcomers are copies of a live group's centre, and how similar they are."""
    duplicate = window.config.duplicate
    heads = np.unique(prints.representative)
    at, rows = window.alike(prints.signatures)
    asked, place = np.unique(rows, return_inverse=True)
    centres = [window.groups[row].centre for row in asked.tolist()]
    found = cleaned(centres)
    live = shingle_texts(Told([found[centre] for centre in centres]), duplicate.shingle_size)
    both = Runs(parts=(*prints.shingles.parts, *live.parts))
    pairs = np.stack([at, len(heads) + place], axis=1).astype(np.int64)
    verified = verify(both, pairs, duplicate.threshold)
    best: dict[int, tuple[float, str, int]] = {}
    for (head, other), jaccard in zip(
        verified.pairs.tolist(), verified.jaccard.tolist(), strict=True
    ):
        row = int(asked[other - len(heads)])
        choice = (-jaccard, window.groups[row].id, row)
        best[head] = min(best.get(head, choice), choice)
    for head in np.flatnonzero((prints.signatures == EMPTY).all(axis=1)).tolist():
        row = window.exact.get(exact_key(newcomers[heads[head]].clean), -1)
        if row >= 0:
            best[head] = (-1.0, window.groups[row].id, row)
    text_of = np.searchsorted(heads, prints.representative).tolist()
    joined = {at: best[head][2] for at, head in enumerate(text_of) if head in best}
    return joined, {at: -best[text_of[at]][0] for at in joined}


def _stars(
    config: Config,
    prints: Fingerprints,
    joined: Mapping[int, int],
    similarity: dict[int, float],
) -> list[FreshGroup]:
    """Return the groups that the other newcomers form; note how similar each is to its centre."""
    duplicate = config.duplicate
    rest = np.array([at for at in range(len(prints.representative)) if at not in joined], np.int64)
    heads, text_of, copies = np.unique(
        prints.representative[rest], return_inverse=True, return_counts=True
    )
    texts = np.searchsorted(np.unique(prints.representative), heads)
    candidates = np.empty((0, 2), dtype=np.int32)
    if len(texts) > 1:  # a single newcomer must not wait for what there is nothing to do for
        candidates = candidate_pairs(
            prints.signatures[texts],
            bands=duplicate.bands,
            rows=duplicate.rows,
            bucket_cap=duplicate.bucket_cap,
        ).pairs
    verified = verify(prints.shingles, texts[candidates].reshape(-1, 2), duplicate.threshold)
    pairs = np.searchsorted(texts, verified.pairs)
    centre = star_groups(len(heads), pairs, copies.astype(np.int64))
    jaccard = {
        (i, j): value
        for (i, j), value in zip(pairs.tolist(), verified.jaccard.tolist(), strict=True)
    }
    members: dict[int, list[int]] = {}
    for at, text in zip(rest.tolist(), text_of.tolist(), strict=True):
        middle = int(centre[text])
        members.setdefault(middle, []).append(at)
        ends = (min(text, middle), max(text, middle))
        similarity[at] = 1.0 if text == middle else jaccard[ends]
    return [
        FreshGroup(members=tuple(places), centre=int(heads[middle]))
        for middle, places in sorted(members.items())
    ]


def _fresh(
    window: Window,
    newcomers: Sequence[Newcomer],
    groups: Sequence[FreshGroup],
    prints: Fingerprints,
) -> tuple[list[GroupText], Fresh]:
    """Return what new groups say, and the same as the window takes it."""
    texts = [
        group_text(
            [newcomers[at].article for at in group.members],
            [newcomers[at].clean for at in group.members],
            group.members.index(group.centre),
        )
        for group in groups
    ]
    profiles = profiles_of(texts)
    observed = window.counts.observed_with(count(profiles))
    features = features_of(texts, profiles, observed, window.config.event.prior_weight)
    heads = np.unique(prints.representative)
    centres = np.array([group.centre for group in groups], dtype=np.int64)
    signatures = prints.signatures[np.searchsorted(heads, prints.representative[centres])]
    return texts, Fresh(
        words=window.table.translated(features, profiles.named),
        signatures=signatures,
        exact=exact_keys(texts, signatures),
    )


# ---------------------------------------------------------------- events


class _LiveText:
    """What a live group says: its sources at hand, its text when it is asked for."""

    def __init__(self, window: Window, row: int, cleaned: Cleaned) -> None:
        self._group, self._cleaned = window.groups[row], cleaned

    @property
    def sources(self) -> frozenset[str]:
        return self._group.sources

    @property
    def title(self) -> str:
        return self._clean.title

    @property
    def body(self) -> str:
        return self._clean.body

    @property
    def _clean(self) -> CleanArticle:
        return self._cleaned([self._group.centre])[self._group.centre]


class _Texts(Sequence[Sourced]):
    """What live groups say, and then new ones; made when it is asked for."""

    def __init__(self, window: Window, fresh: Sequence[Sourced], cleaned: Cleaned) -> None:
        self._window, self._fresh, self._cleaned = window, fresh, cleaned

    def __len__(self) -> int:
        return len(self._window) + len(self._fresh)

    @overload
    def __getitem__(self, index: int) -> Sourced: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sourced]: ...
    def __getitem__(self, index: int | slice) -> Sourced | list[Sourced]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if index >= len(self._window):
            return self._fresh[index - len(self._window)]
        return _LiveText(self._window, index, self._cleaned)


def _links(
    window: Window, links: Sequence[tuple[int, int, bool]], home: Mapping[int, int]
) -> Links:
    """Return the user's pairs as pairs of rows; those of an article that is gone are left out."""
    pairs: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for a, b, together in links:
        one, other = (home.get(row, window.home.get(row, -1)) for row in (a, b))
        if one >= 0 and other >= 0:
            pairs[together].append((one, other))
    return Links.yielding(must=pairs[True], cannot=pairs[False])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Region:
    """What hangs together with newcomers, and is to be linked once more.

    Parameters
    ----------
    rows : ndarray of int64, shape (s,)
        Its rows, sorted.
    pairs : ndarray of int64, shape (m, 2)
        The scored pairs of its rows and their neighbours; those of the newcomers last.
    held : ndarray of int64, shape (m,)
        Their probabilities, round-ups held down.
    version : ndarray of bool, shape (m,)
        Whether they are versions, as far as that is known.
    """

    rows: NDArray[np.int64]
    pairs: NDArray[np.int64]
    held: NDArray[np.int64]
    version: NDArray[np.bool_]
    links: Links
    config: Config

    @classmethod
    def of(
        cls,
        window: Window,
        sizes: NDArray[np.int64],
        pairs: NDArray[np.int64],
        probability: NDArray[np.int64],
        links: Links,
        touched: Iterable[int],
    ) -> _Region:
        hanging = _Hanging(window, pairs, probability, links)
        rows = hanging.rows(touched)
        # Who knows whom is asked of the neighbours, too.
        around, ends, chance, version = hanging.around(rows)
        sizes = np.array(
            [window.table.size(row) for row in around if row < len(window)]
            + [int(sizes[row - len(window)]) for row in around if row >= len(window)],
            dtype=np.int64,
        )
        every = np.array(around, dtype=np.int64)
        return cls(
            rows=np.array(rows, dtype=np.int64),
            pairs=ends,
            held=held_down(sizes, np.searchsorted(every, ends), chance),
            version=version,
            links=links,
            config=window.config,
        )

    def linked(self, version: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the clusters of its rows; ``version`` tells of the newcomers' pairs."""
        known = self.version.copy()
        known[len(known) - len(version) :] = version
        place = np.full(int(self.rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        place[self.rows] = np.arange(len(self.rows))
        inside = self.pairs[:, 1] < len(place)
        inside[inside] = (place[self.pairs[inside]] >= 0).all(axis=1)
        kept = np.flatnonzero(inside)
        kept = kept[self.held[kept] >= round(self.config.event.floor * PROBABILITY_UNIT)]
        pairs = place[self.pairs[kept]].reshape(-1, 2)
        scores = PairScores.of(pairs, self.held[kept], known[kept])
        threshold = threshold_units(self.config)
        links = Links(
            must=_placed(self.links.must, place), cannot=_placed(self.links.cannot, place)
        )
        return link(
            len(self.rows),
            pairs,
            self.held[kept],
            threshold,
            links=links.joined_by(scores.versions_from(threshold)),
        ).labels


class _Hanging:
    """What hangs together, asked of a few rows at a time."""

    def __init__(
        self,
        window: Window,
        pairs: NDArray[np.int64],
        probability: NDArray[np.int64],
        links: Links,
    ) -> None:
        self._window = window
        self._threshold = threshold_units(window.config)
        self._pairs, self._probability = pairs, probability
        self._fresh: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for (a, b), chance in zip(pairs.tolist(), probability.tolist(), strict=True):
            self._fresh[a].append((b, chance))
            self._fresh[b].append((a, chance))
        self._linked: defaultdict[int, list[int]] = defaultdict(list)
        for a, b in links.must:
            self._linked[a].append(b)
            self._linked[b].append(a)

    def rows(self, touched: Iterable[int]) -> list[int]:
        """Return the rows that some hang together with, themselves included; sorted."""
        found = set(touched)
        waiting = list(found)
        while waiting:
            row = waiting.pop()
            near = [*self._window.neighbours(row), *self._fresh[row]]
            strong = [other for other, chance in near if chance >= self._threshold]
            for other in (*strong, *self._linked[row]):
                if other not in found:
                    found.add(other)
                    waiting.append(other)
        return sorted(found)

    def around(
        self, rows: Iterable[int]
    ) -> tuple[list[int], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return rows and their neighbours, sorted, and the pairs among these, newcomers' last."""
        every = set(rows)
        for row in list(every):
            every.update(other for other, _ in (*self._window.neighbours(row), *self._fresh[row]))
        around = sorted(every)
        ends, chance, version = self._window.pairs_among(every)
        return (
            around,
            np.concatenate([ends, self._pairs]),
            np.concatenate([chance, self._probability]),
            np.concatenate([version, np.zeros(len(self._pairs), dtype=np.bool_)]),
        )


def _placed(
    pairs: Sequence[tuple[int, int]], place: NDArray[np.int64]
) -> tuple[tuple[int, int], ...]:
    """Return pairs of rows as pairs of places, without those that have none."""
    n = len(place)
    placed = ((int(place[a]), int(place[b])) for a, b in pairs if max(a, b) < n)
    return tuple((a, b) for a, b in placed if a >= 0 and b >= 0)
