"""Where a result is least sure: pairs for a person to judge, and clusters that hang by little.

Both lead back to the configuration: what a person decides goes into ``event.must_link`` and
``event.cannot_link``, and is not asked again; what it says about the threshold goes to
:mod:`dedup.calibration`.

Theory of operation: a judged pair is laid beside the threshold below which its two articles come
together, which one linkage down to ``event.floor`` knows for all pairs.  A cluster is named by its
smallest row, so each merge hangs the larger name below the smaller, and merges are numbered as they
were made: numbers rise towards the root, and the last one on the way between two rows joined them.

Laws: nothing is scored here; the scores that the run kept are read.  Ties go to the pair whose ids
sort first, so the answers do not depend on the order of the input.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import index
from typing import TYPE_CHECKING, SupportsIndex, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import connected_components
from dedup.calibration import Calibration, Judgement, calibrate, checked_answer, each_of
from dedup.cluster import printable, shorten
from dedup.config import Config
from dedup.errors import ConfigError
from dedup.events.clustering import PROBABILITY_UNIT, Linkage, link
from dedup.events.links import Links, Pair, settled, units

if TYPE_CHECKING:
    from dedup.cluster import DuplicateGroup
    from dedup.pairs import PairScores
    from dedup.result import Clustering

__all__ = ["Borderline", "Bridge", "Listing", "borderline", "calibrated", "weak_bridges"]

_T_co = TypeVar("_T_co", covariant=True)

#: Pairs that one story may have among the borderline ones.
_PAIRS_PER_STORY = 3


class Listing(tuple[_T_co, ...]):
    """A tuple of records that prints one below the other."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex) -> _T_co: ...
    @overload
    def __getitem__(self, key: slice) -> Listing[_T_co]: ...
    def __getitem__(self, key: SupportsIndex | slice) -> _T_co | Listing[_T_co]:
        """Return one record, or some as a listing."""
        if isinstance(key, slice):
            return Listing(super().__getitem__(key))
        return super().__getitem__(key)

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "(none)"

    __repr__ = __str__


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """The weakest joint of a cluster: the last two parts that were joined to make it.

    Parameters
    ----------
    cluster : int
        Label of the cluster.
    left, right : tuple of str
        Ids of the articles of the two parts, sorted; the part with more articles first.
    probability : float
        Mean over all pairs of texts between the two parts, 0 to 1.
    link : tuple of (str, str)
        The strongest pair between them, by the centres of their groups: left, right.  As an entry
        of ``event.cannot_link`` it takes these two apart.
    titles : tuple of (str, str)
        Their titles.
    """

    cluster: int
    left: tuple[str, ...]
    right: tuple[str, ...]
    probability: float
    link: Pair
    titles: tuple[str, str]

    def __str__(self) -> str:
        head = (
            f"{self.probability:.3f}  story {self.cluster}: "
            f"{len(self.left)} + {len(self.right)} articles, nearest to each other:"
        )
        return "\n".join([head, *_lines(self.link, self.titles)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Borderline:
    """Two articles of which it is hard to say whether they report one event.

    Parameters
    ----------
    a, b : str
        Ids of the articles, each the centre of its duplicate group; a < b.
    titles : tuple of (str, str)
    probability : float
        That they report the same event, 0 to 1.
    together : bool
        Whether they are in one cluster now.
    joined_at : float
        They are in one cluster at event thresholds up to this: the mean probability between the
        clusters that brings them together.  0 if no threshold does.
    config : Config
        The configuration of the run.

    Examples
    --------
    >>> pair = Borderline(
    ...     a="a", b="b", titles=("Oil up", "Oil rises"), probability=0.4, together=False,
    ...     joined_at=0.3, config=Config(),
    ... )
    >>> pair.judged(same=True)
    Judgement(a='a', b='b', same=True, joined_at=0.3)
    """

    a: str
    b: str
    titles: tuple[str, str]
    probability: float
    together: bool
    joined_at: float
    config: Config = field(repr=False)

    def judged(self, *, same: bool) -> Judgement:
        """Return what a person made of it, for :meth:`dedup.Config.calibrated`.

        Parameters
        ----------
        same : bool
            Whether the two articles report one event.

        Raises
        ------
        ConfigError
            If it is neither True nor False.
        """
        return Judgement(
            a=self.a, b=self.b, same=same, joined_at=self.joined_at, config=self.config
        )

    def __str__(self) -> str:
        head = f"{self.probability:.3f}  {'together' if self.together else 'apart'}"
        return "\n".join([head, *_lines((self.a, self.b), self.titles)])


def weak_bridges(result: Clustering, n: int) -> Listing[Bridge]:
    """Return the weakest joints; see :meth:`dedup.Clustering.weak_bridges`."""
    n = _count(n)
    groups, labels, scores = _scored(result)
    inside = scores.inside(labels)
    threshold = threshold_units(result.config)
    links = links_between(result, groups).joined_by(scores.versions_from(threshold))
    # Pairs that leave a cluster decided nothing inside it: linkage over the others makes the same
    # merges again.
    linkage = link(len(groups), inside.pairs, inside.probability, threshold, links=links)
    # What an embedder joined across languages is no merge of these: each side for itself.
    inside = inside.inside(linkage.labels)
    parts = _last_merges(linkage, links)
    means = (linkage.total / linkage.area).tolist()
    weakest = sorted(parts, key=lambda merge: (means[merge], *linkage.merges[merge].tolist()))[:n]
    strongest = _strongest_across([parts[merge][1] for merge in weakest], linkage.labels, inside)
    return Listing(
        _bridge(groups, labels, parts[merge], means[merge] / PROBABILITY_UNIT, pair)
        for merge, pair in zip(weakest, strongest, strict=True)
    )


def _last_merges(linkage: Linkage, links: Links) -> dict[int, tuple[list[int], list[int]]]:
    """Return, for the last merge of each cluster, the rows of its two parts."""
    unit = units(links.must)
    members: dict[int, list[int]] = {}
    for row in range(len(linkage.labels)):
        members.setdefault(unit.get(row, row), []).append(row)
    last = {int(linkage.labels[i]): at for at, (i, _) in enumerate(linkage.merges.tolist())}
    parts = {}
    for at, (i, j) in enumerate(linkage.merges.tolist()):
        if last[int(linkage.labels[i])] == at:
            parts[at] = (members[i], members[j])
        else:
            members[i] += members.pop(j)
    return parts


def _strongest_across(
    sides: Sequence[Sequence[int]], labels: NDArray[np.int64], inside: PairScores
) -> list[tuple[int, int]]:
    """Return the best pair between each of some sides and the rest of its cluster."""
    side = np.zeros(len(labels), dtype=np.bool_)
    for rows in sides:
        side[rows] = True
    left, right = inside.pairs[:, 0], inside.pairs[:, 1]
    across = np.flatnonzero(side[left] != side[right])
    order = across[np.argsort(-inside.probability[across], kind="stable")]
    clusters, first = np.unique(labels[left[order]], return_index=True)
    best = dict(zip(clusters.tolist(), inside.pairs[order[first]].tolist(), strict=True))
    return [tuple(best[int(labels[rows[0]])]) for rows in sides]


def _bridge(
    groups: Sequence[DuplicateGroup],
    labels: NDArray[np.int64],
    parts: tuple[list[int], list[int]],
    probability: float,
    pair: tuple[int, int],
) -> Bridge:
    left, right = sorted(
        (_ids([groups[row] for row in rows]) for rows in parts), key=lambda ids: (-len(ids), ids)
    )
    ends = sorted(pair, key=lambda row: groups[row].centre not in left)
    return Bridge(
        cluster=int(labels[pair[0]]),
        left=left,
        right=right,
        probability=probability,
        link=(groups[ends[0]].centre, groups[ends[1]].centre),
        titles=(_title(groups[ends[0]]), _title(groups[ends[1]])),
    )


def borderline(result: Clustering, n: int) -> Listing[Borderline]:
    """Return the pairs to be judged; see :meth:`dedup.Clustering.borderline`."""
    n = _count(n)
    groups, labels, scores = _scored(result)
    links = links_between(result, groups)
    unit = units(links.must)
    forbidden = {frozenset((unit.get(a, a), unit.get(b, b))) for a, b in links.cannot}
    distance = np.abs(scores.probability - threshold_units(result.config))
    seen: set[tuple[int, int]] = set()
    taken: Counter[int] = Counter()
    found: list[int] = []
    for at in np.argsort(distance, kind="stable").tolist():
        if len(found) == n:
            break
        i, j = scores.pairs[at].tolist()
        a, b = sorted((int(labels[i]), int(labels[j])))
        full = max(taken[a], taken[b]) == _PAIRS_PER_STORY
        if full or (a, b) in seen or settled(i, j, unit, forbidden) is not None:
            continue
        seen.add((a, b))
        taken.update({a, b})
        found.append(at)
    chosen = scores.at(np.array(found, dtype=np.int64))
    joined = _joined_at(result, links, chosen.pairs.tolist())
    return Listing(
        Borderline(
            a=groups[i].centre,
            b=groups[j].centre,
            titles=(_title(groups[i]), _title(groups[j])),
            probability=probability / PROBABILITY_UNIT,
            together=bool(labels[i] == labels[j]),
            joined_at=height or 0.0,
            config=result.config,
        )
        for (i, j), probability, height in zip(
            chosen.pairs.tolist(), chosen.probability.tolist(), joined, strict=True
        )
    )


def calibrated(result: Clustering, judged: Iterable[object], links: bool) -> Calibration:
    """Return the threshold that judgements support; see :meth:`dedup.Clustering.calibrate`."""
    scores = kept_scores(result)
    groups = numbered(result)
    row_of = {m.article.id: row for row, group in enumerate(groups) for m in group.members}
    answers = [_answer(result, each) for each in each_of(judged)]
    must = [(a, b) for a, b, same in answers if same]
    cannot = [(a, b) for a, b, same in answers if not same]
    pairs = [(row_of[a], row_of[b]) for a, b, _ in answers]
    known = links_between(result, groups)
    heights = _joined_at(result, known, pairs)
    unit = units(known.must)
    forbidden = {frozenset((unit.get(a, a), unit.get(b, b))) for a, b in known.cannot}
    reached = connected_components(len(groups), scores.pairs)
    for (i, j), height, (a, b, same) in zip(pairs, heights, answers, strict=True):
        alone = height is None and reached[i] != reached[j]
        if alone and settled(i, j, unit, forbidden) is None:
            raise ConfigError(
                f"{a!r} and {b!r} come together at no event threshold: no pairs at or above "
                "event.floor lead from one to the other, so judging them says nothing about it; "
                f"put the pair into event.{'must_link' if same else 'cannot_link'} instead"
            )
    found = calibrate(
        (
            Judgement(a=a, b=b, same=same, joined_at=height or 0.0, config=result.config)
            for (a, b, same), height in zip(answers, heights, strict=True)
        ),
        links=links,
        config=result.config,
    )
    Links.of(must, cannot, row_of)  # copies that are judged apart
    return found


def _answer(result: Clustering, judged: object) -> tuple[str, str, bool]:
    """Return two ids of articles of the result, and whether they were judged the same event."""
    if isinstance(judged, Judgement):
        judged = (judged.a, judged.b, judged.same)
    if not isinstance(judged, list | tuple) or len(judged) != 3:
        raise ConfigError(
            "a judgement must be (id_a, id_b, same), or what borderline(…)[…].judged(same=…) "
            f"returns, got {judged!r}"
        )
    a, b, same = judged
    answer = checked_answer(a, b, same)
    return result.article(a).id, result.article(b).id, answer


def _joined_at(
    result: Clustering, links: Links, pairs: Sequence[Sequence[int]]
) -> list[float | None]:
    """Return, for each pair of groups, the largest threshold that joins them; None if none does.

    One linkage of all pairs; 1 where the user's word or two versions of one report joined them.
    """
    scores = kept_scores(result)
    links = links.joined_by(scores.versions_from(threshold_units(result.config)))
    floor = round(result.config.event.floor * PROBABILITY_UNIT)
    linkage = link(len(numbered(result)), scores.pairs, scores.probability, floor, links=links)
    unit = units(links.must)
    above = {j: (at, i) for at, (i, j) in enumerate(linkage.merges.tolist())}
    means = (linkage.total / linkage.area / PROBABILITY_UNIT).tolist()
    found: list[float | None] = []
    for i, j in pairs:
        a, b = unit.get(i, i), unit.get(j, j)
        if a == b:
            found.append(1.0)
            continue
        joint = _joint(a, b, above)
        found.append(None if joint is None else means[joint])
    return found


def _joint(a: int, b: int, above: Mapping[int, tuple[int, int]]) -> int | None:
    """Return the number of the merge that joined two rows: whoever was merged first goes up.

    >>> _joint(1, 3, {1: (0, 0), 3: (1, 2), 2: (2, 0)}), _joint(0, 4, {})
    (2, None)
    """
    never = len(above), -1
    last = None
    while a != b:
        here, there = above.get(a, never), above.get(b, never)
        last, up = min(here, there)
        if up < 0:
            return None
        if here < there:
            a = up
        else:
            b = up
    return last


def users_word(result: Clustering, a: str, b: str) -> str | None:
    """Say so if two articles are together, or apart, because the user's pairs demand it."""
    event = result.config.event
    if result.level == "duplicate" or not (event.must_link or event.cannot_link):
        return None
    links = links_between(result, result.groups)
    unit = units(links.must)
    forbidden = {frozenset((unit.get(i, i), unit.get(j, j))) for i, j in links.cannot}
    word = settled(result.group_of(a).label, result.group_of(b).label, unit, forbidden)
    if word is None:
        return None
    return (
        "together because event.must_link requires it, whatever the score"
        if word
        else "apart because event.cannot_link forbids it, whatever the score"
    )


def forbidden_between(result: Clustering, a: str, b: str) -> Pair | None:
    """Return a pair of the user's that keeps the clusters of two articles apart, if any."""
    here, there = result.cluster_of(a), result.cluster_of(b)
    for pair in result.config.event.cannot_link:
        for x, y in (pair, pair[::-1]):
            if result.cluster_of(x) is here and result.cluster_of(y) is there:
                return x, y
    return None


def kept_scores(result: Clustering) -> PairScores:
    """Return the scores that a run kept; raise ConfigError if it looked for copies alone."""
    if result.scores is None:
        raise ConfigError(
            "this run looked for copies only (level='duplicate'), so no events were scored; "
            "run find_clusters() with level='event'"
        )
    return result.scores


def threshold_units(config: Config) -> int:
    """Return the event threshold in units of a probability."""
    return round(config.event.threshold * PROBABILITY_UNIT)


def numbered(result: Clustering) -> list[DuplicateGroup]:
    """Return the groups in the order in which the scores number them."""
    return sorted(result.groups, key=lambda group: group.centre)


def links_between(result: Clustering, groups: Sequence[DuplicateGroup]) -> Links:
    """Return what the user requires and forbids, as pairs of positions among some groups."""
    event = result.config.event
    row_of = {m.article.id: row for row, group in enumerate(groups) for m in group.members}
    return Links.of(event.must_link, event.cannot_link, row_of)


def _scored(
    result: Clustering,
) -> tuple[list[DuplicateGroup], NDArray[np.int64], PairScores]:
    """Return the groups as the scores number them, their clusters' labels, and the scores."""
    scores = kept_scores(result)
    label = {group.label: cluster.label for cluster in result.clusters for group in cluster.groups}
    groups = numbered(result)
    labels = np.array([label[group.label] for group in groups], dtype=np.int64)
    return groups, labels, scores


def _count(n: object) -> int:
    try:
        count = 0 if isinstance(n, bool) else index(n)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if count < 1:
        raise ConfigError(f"n must be a whole number from 1 up, got {n!r}")
    return count


def _ids(groups: Sequence[DuplicateGroup]) -> tuple[str, ...]:
    return tuple(sorted(member.article.id for group in groups for member in group.members))


def _title(group: DuplicateGroup) -> str:
    article = next(m.article for m in group.members if m.article.id == group.centre)
    return article.title or shorten(article.text)


def _lines(ids: Pair, titles: tuple[str, str]) -> list[str]:
    return [
        f"    {printable(article_id)} · {shorten(title) or '(no text)'}"
        for article_id, title in zip(ids, titles, strict=True)
    ]
