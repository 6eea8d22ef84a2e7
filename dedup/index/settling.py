"""A plan is carried out: ids are handed on, roles and canonical versions chosen, changes noted.

Laws
----
* Every change of a cluster is noted once, in the transaction that makes it.
* A canonical version changes only where a rule about what is *right* speaks against it (a pin, a
  withdrawal, a correction, what other pages name, agency, outlet, language, a cut text), not where
  a newcomer is a little earlier or nearer to the centre.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from dedup.article import Article
from dedup.assemble import Events, assemble
from dedup.batch import Batch, Group
from dedup.canonical import CanonicalConfig, Grade, Member, Rule
from dedup.cluster import Cluster
from dedup.comparison import group_text
from dedup.config import Config
from dedup.duplicates.groups import Duplicates
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.index.identity import Identities, keep_identities
from dedup.index.placing import Newcomer, Plan
from dedup.index.store import ArticleRow
from dedup.index.window import Window
from dedup.pairs import PairScores
from dedup.progress import silent
from dedup.text.clean import CleanArticle
from dedup.text.recurring import RecurringLines

__all__ = [
    "Loss",
    "Placed",
    "Settled",
    "Story",
    "assembled",
    "placed",
    "reasons_of",
    "settled",
    "sticky",
]

#: Rules that say which version is nicer, not which is right.
_NICE: Final = ("updates", "earliest", "centre", "presentation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An article in its place: what the file will say of it."""

    row: int
    article: Article
    clean: CleanArticle
    centre: int
    similarity: float


def placed(
    told: Mapping[int, ArticleRow], read: Mapping[int, tuple[Article, CleanArticle]]
) -> list[Placed]:
    """Return articles of the file in their places, in the order of ``told``."""
    return [
        Placed(
            row=row,
            article=read[row][0],
            clean=read[row][1],
            centre=each.centre,
            similarity=each.similarity,
        )
        for row, each in told.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Story:
    """A cluster as it will be.

    Parameters
    ----------
    rows : tuple of int
        Rows of its live groups, as the window will number them.
    members : tuple of int
        The file's rows of its articles.
    """

    rows: tuple[int, ...]
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """What a plan comes to.

    Parameters
    ----------
    stories : tuple of Story
        All that was linked once more.
    identities : Identities
        Their ids.
    changed : tuple of int
        Places of the stories that are not what they were.
    before : mapping of int to int
        The file's row → the cluster in which it stood.
    """

    stories: tuple[Story, ...]
    identities: Identities
    changed: tuple[int, ...]
    before: Mapping[int, int]


@dataclass(slots=True, kw_only=True)
class Loss:
    """What taking articles out leaves to be done.

    Parameters
    ----------
    orphans : list of Newcomer
        Members of groups that lost their centre.
    before : dict of int to int
        The cluster of each orphan.
    rewritten : dict of int to int
        The cluster of each article that comes back with other content.
    lingering : set of int
        Those of these clusters that hold expired articles besides.
    versions : dict of int to Article
        What articles of such clusters were before, where it is known.
    clusters : set of int
        Clusters that lost a live article.
    shown : dict of int to str
        What clusters showed that may have lost it.
    """

    orphans: list[Newcomer] = field(default_factory=list)
    before: dict[int, int] = field(default_factory=dict)
    rewritten: dict[int, int] = field(default_factory=dict)
    lingering: set[int] = field(default_factory=set)
    versions: dict[int, Article] = field(default_factory=dict)
    clusters: set[int] = field(default_factory=set)
    shown: dict[int, str] = field(default_factory=dict)


def settled(
    window: Window,
    newcomers: Sequence[Newcomer],
    plan: Plan,
    loss: Loss,
    anew: Collection[int] = (),
) -> Settled:
    """Say what becomes of the clusters; nothing is changed.

    Parameters
    ----------
    window : Window
    newcomers : sequence of Newcomer
    plan : Plan
    loss : Loss
        What was taken out before.
    anew : collection of int
        Clusters that count as changed in any case.
    """
    n = len(window)
    members: dict[int, list[int]] = {}
    for row in plan.rows.tolist():
        if row < n:
            members[row] = list(window.groups[row].members)
        else:
            members[row] = [newcomers[at].row for at in plan.groups[row - n].members]
    for at, row in plan.joined.items():
        members[row].append(newcomers[at].row)
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for row, label in zip(plan.rows.tolist(), plan.labels.tolist(), strict=True):
        rows_of[label].append(row)
    stories = tuple(
        Story(rows=tuple(rows), members=tuple(m for row in rows for m in members[row]))
        for rows in rows_of.values()
    )
    cluster = window.cluster.values
    before = dict(loss.before)
    for row in plan.rows.tolist():
        if row < n:
            before.update(dict.fromkeys(window.groups[row].members, int(cluster[row])))
    every = [story.members for story in stories]
    identities = keep_identities(before, every)
    if loss.rewritten:
        # Those that stay have a say first.
        taken = {*before.values(), *cluster[window.alive.values].tolist()}
        rewritten = {row: old for row, old in loss.rewritten.items() if old not in taken}
        identities = _with_rewritten(identities, rewritten, every, loss.lingering)
    fresh = {newcomer.row for newcomer in newcomers}
    left = {was for was, _ in identities.split}
    changed = tuple(
        at
        for at, (story, kept) in enumerate(zip(stories, identities.ids, strict=True))
        if kept is None
        or kept in left
        or kept in anew
        or not fresh.isdisjoint(story.members)
        or any(int(cluster[row]) != kept for row in story.rows if row < n)
    )
    return Settled(
        stories=stories,
        identities=identities,
        changed=changed,
        before=before | loss.rewritten,
    )


def _with_rewritten(
    identities: Identities,
    rewritten: Mapping[int, int],
    stories: Sequence[Sequence[int]],
    lingering: Collection[int],
) -> Identities:
    """Hand on the ids that rewritten articles alone carried.

    What an article says now may be another story: where it came to others, these keep their id.
    The id that it carried is kept where nobody else has a say, and stays with those of its cluster
    that have expired.
    """
    ids = list(identities.ids)
    alone = keep_identities(
        rewritten,
        [rows if kept is None else [] for rows, kept in zip(stories, ids, strict=True)],
    )
    for at, old in enumerate(alone.ids):
        ids[at] = old if ids[at] is None else ids[at]
    merged = [(old, at) for old, at in alone.merged if old not in lingering]
    gone = {old for old in rewritten.values() if old not in lingering and old not in ids}
    home = {row: at for at, rows in enumerate(stories) for row in rows}
    for row, old in sorted(rewritten.items()):
        if old in gone - {each for each, _ in merged}:
            merged.append((old, home[row]))
    return Identities(
        ids=tuple(ids),
        merged=(*identities.merged, *merged),
        split=(*identities.split, *alone.split),
    )


def assembled(
    config: Config,
    places: Sequence[Placed],
    label_of: Mapping[int, int],
    pairs: Sequence[tuple[int, int, int]],
    incumbents: frozenset[str],
) -> dict[int, Cluster]:
    """Choose roles and what to show, by the batch's own function.

    Parameters
    ----------
    config : Config
    places : sequence of Placed
        All members of some clusters.
    label_of : mapping of int to int
        Row of a group's centre → a number for its cluster.
    pairs : sequence of (int, int, int)
        Rows of two centres, and the probability of the two groups.
    incumbents : frozenset of str
        Ids of articles that are shown so far.

    Returns
    -------
    dict of int to Cluster
        By the number of the cluster; a member's row is its place in ``places``, sorted by id.
    """
    order = sorted(places, key=lambda place: place.article.id)
    at_row = {place.row: at for at, place in enumerate(order)}
    batch = Batch(
        articles=[place.article for place in order],
        cleaned=[place.clean for place in order],
        rows=[place.row for place in order],
        skipped=(),
        recurring=RecurringLines.empty(),
    )
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at, place in enumerate(order):
        members[at_row[place.centre]].append(at)
    centres = sorted(members)
    groups = [
        Group(
            members=tuple(members[centre]),
            centre=centre,
            text=group_text(
                [order[at].article for at in members[centre]],
                [order[at].clean for at in members[centre]],
                members[centre].index(centre),
            ),
        )
        for centre in centres
    ]
    return _clusters(batch, order, groups, at_row, label_of, pairs, config, incumbents)


def _clusters(
    batch: Batch,
    order: Sequence[Placed],
    groups: Sequence[Group],
    at_row: Mapping[int, int],
    label_of: Mapping[int, int],
    pairs: Sequence[tuple[int, int, int]],
    config: Config,
    incumbents: frozenset[str],
) -> dict[int, Cluster]:
    centre = np.array([at_row[place.centre] for place in order], dtype=np.int64)
    copies = np.flatnonzero(centre != np.arange(len(order)))
    number = {order[group.centre].row: at for at, group in enumerate(groups)}
    labels = np.array([label_of[order[group.centre].row] for group in groups], dtype=np.int64)
    table = np.array(
        sorted(
            (*sorted((number[a], number[b])), chance)
            for a, b, chance in pairs
            if a in number and b in number
        ),
        dtype=np.int64,
    ).reshape(-1, 3)
    scores = PairScores.of(table[:, :2], table[:, 2], np.zeros(len(table), dtype=np.bool_))
    settings = replace(config, canonical=sticky(config.canonical, incumbents))
    # Its rows are numbers of the file, which may be large; here they are places.
    found = assemble(
        replace(batch, rows=list(range(len(order)))),
        Duplicates(
            representative=np.arange(len(order), dtype=np.int64),
            centre=centre,
            pairs=np.sort(np.stack([copies, centre[copies]], axis=1), axis=1),
            jaccard=np.array([order[at].similarity for at in copies.tolist()], dtype=np.float64),
            candidates=0,
            capped_buckets=0,
        ),
        groups,
        Events(labels=labels, scores=scores, observed=None),
        "event",
        settings,
        silent,
    )
    of_cluster = {}
    for cluster in found.clusters:
        first = order[cluster.members[0].row]
        of_cluster[label_of[first.centre]] = cluster
    return of_cluster


def sticky(config: CanonicalConfig, incumbents: frozenset[str]) -> CanonicalConfig:
    """Return a configuration that keeps what is shown, unless a version is clearly better."""
    if not incumbents:
        return config

    def grade(members: Sequence[Member], config: CanonicalConfig) -> Sequence[Grade]:
        return [
            Grade(
                int(member.article.id in incumbents),
                "it was shown before, and no other is clearly better",
            )
            for member in members
        ]

    rule = Rule(name="incumbent", grade=grade)
    names = [each if isinstance(each, str) else each.name for each in config.rules]
    nice = [name for name in _NICE if name != "updates" or not config.prefer_updates]
    at = min((names.index(name) for name in nice if name in names), default=len(names))
    return replace(config, rules=(*config.rules[:at], rule, *config.rules[at:]))


def reasons_of(
    window: Window, newcomers: Sequence[Newcomer], plan: Plan, story_of: Mapping[int, int]
) -> dict[int, tuple[str, ...]]:
    """Say of each newcomer why it is where it is.

    Parameters
    ----------
    window : Window
    newcomers : sequence of Newcomer
    plan : Plan
    story_of : mapping of int to int
        Row of a group, as the window will number it → a number for its cluster.
    """
    n = len(window)

    def name(row: int) -> str:
        if row < n:
            return window.groups[row].id
        return newcomers[plan.groups[row - n].centre].article.id

    best: dict[int, tuple[int, int]] = {}
    for (a, b), chance in zip(plan.pairs.tolist(), plan.probability.tolist(), strict=True):
        if story_of.get(a) == story_of.get(b):
            for mine, other in ((a, b), (b, a)):
                best[mine] = max(best.get(mine, (-1, 0)), (chance, -other))
    counts: defaultdict[int, int] = defaultdict(int)
    for story in story_of.values():
        counts[story] += 1
    found: dict[int, tuple[str, ...]] = {}
    for at, row in plan.joined.items():
        found[at] = (f"a copy of {name(row)} (Jaccard {plan.similarity[at]:.2f})",)
    for place, group in enumerate(plan.groups):
        row = n + place
        if row in best:
            chance, other = best[row]
            why = f"one event with {name(-other)} (probability {chance / PROBABILITY_UNIT:.2f})"
        elif counts[story_of[row]] > 1:
            why = "joined by your word, or through others of its story"
        else:
            why = "nothing in the window reports the same"
        for at in group.members:
            if at == group.centre:
                found[at] = (why,)
            else:
                copied = newcomers[group.centre].article.id
                found[at] = (f"a copy of {copied} (Jaccard {plan.similarity[at]:.2f})",)
    return found
