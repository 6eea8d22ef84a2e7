"""Who copied whom inside a story, as far as the articles show it.

Laws
----
* An arrow has a reason that can be read in the articles: a credit, two dates, a text held by
  another.
* Where the reasons leave open who was first, there is no arrow; none goes to a later article, and
  no chain of them comes back to where it began.
* The order of the articles does not matter; ties end at the id.

Theory of operation
-------------------
Each member is asked three questions, and what it says itself counts before what its text shows:
whom it credits, which version of its own outlet it follows, and in whose text its own stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dedup.cluster import printable
from dedup.duplicates.shingling import shingle
from dedup.duplicates.verify import containment
from dedup.provenance import (
    certainly_later,
    credited_names,
    outlet,
    published_names,
    trusted_dates,
)
from dedup.roles import Role
from dedup.text.clean import clean
from dedup.text.recurring import RecurringLines
from dedup.text.tokenize import compared_tokens

if TYPE_CHECKING:
    from dedup.article import Article
    from dedup.cluster import Cluster
    from dedup.dates import Interval
    from dedup.text.clean import CleanArticle
    from dedup.text.credits import Credit

__all__ = ["Descent", "Relation", "cleaned_members", "descents"]

#: How sure an arrow is: what is said and shown, what is said, what is shown.
_SAID_AND_SHOWN: Final = 0.95
_SAID: Final = 0.8
_SHOWN: Final = 0.7

#: Share of a text that stands in another if it is taken from there, or was cut on the way.
_HELD: Final = 0.8
_PART: Final = 0.5
_SHINGLE: Final = 5


class Relation(StrEnum):
    """How an article descends from another; the values are the words shown."""

    REPUBLISHED_FROM = "republished from"
    FIRST_REPORTED_BY = "first reported by"
    QUOTES = "quotes"
    UPDATE_OF = "update of"


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    r"""One arrow: an article, and another of its story that it comes from.

    Parameters
    ----------
    article, origin : str
        Ids.
    relation : Relation
    certainty : float
        0 to 1: .95 where it is said and shown, .8 where it is said, .7 where it is shown.
    reason : str
        In words.

    Examples
    --------
    Printed, it is one line, whatever stands in the articles:

    >>> quotes = Relation.QUOTES
    >>> print(Descent(article="a\n", origin="b", relation=quotes, certainty=0.8, reason="…"))
    a\n quotes b (0.80): …
    """

    article: str
    origin: str
    relation: Relation
    certainty: float
    reason: str

    def __str__(self) -> str:
        article, origin, reason = map(printable, (self.article, self.origin, self.reason))
        return f"{article} {self.relation} {origin} ({self.certainty:.2f}): {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A member, and what is asked about it again and again."""

    article: Article
    clean: CleanArticle
    role: Role
    group: int
    date: Interval | None
    outlet: str


#: How a relation that a credit states is shown.
_STATED: Final = {
    "agency": Relation.REPUBLISHED_FROM,
    "republished_from": Relation.REPUBLISHED_FROM,
    "first_reported_by": Relation.FIRST_REPORTED_BY,
    "quotes": Relation.QUOTES,
}


def descents(
    cluster: Cluster, cleaned: Sequence[CleanArticle] | None = None
) -> tuple[Descent, ...]:
    """Return who copied whom in a story.

    Parameters
    ----------
    cluster : Cluster
    cleaned : sequence of CleanArticle, optional
        Its members, in their order, where somebody has cleaned them.

    Returns
    -------
    tuple of Descent
        Sorted by the id of the article.  O(n log n) in the members and one pass over them for each
        outlet that is credited; the texts of excerpts are laid beside one text of each group.
    """
    told = _members(cluster, cleaned or cleaned_members(cluster))
    story = _Story(sorted(told, key=lambda member: member.article.id))
    found = [arrow for member in story.members for arrow in _arrows(member, story)]
    return _without_circles(found)


def cleaned_members(cluster: Cluster) -> list[CleanArticle]:
    """Return the members of a story, cleaned by what each says alone."""
    return [clean(member.article, RecurringLines.empty()) for member in cluster.members]


def _members(cluster: Cluster, cleaned: Sequence[CleanArticle]) -> Iterator[_Told]:
    every = cluster.members
    groups = [at for at, group in enumerate(cluster.groups) for _ in group.members]
    dates = trusted_dates([member.article for member in every], cleaned, groups)
    for member, told, group, date in zip(every, cleaned, groups, dates, strict=True):
        yield _Told(
            article=member.article,
            clean=told,
            role=member.role,
            group=group,
            date=date,
            outlet=outlet(member.article),
        )


class _Story:
    """The members of a story by what is asked for: a story of thousands is not gone through anew.

    Parameters
    ----------
    members : list of _Told
        Sorted by id.
    """

    def __init__(self, members: list[_Told]) -> None:
        self.members = members
        self.of_outlet: defaultdict[str, list[_Told]] = defaultdict(list)
        of_group: defaultdict[int, list[tuple[datetime, str, _Told]]] = defaultdict(list)
        for member in members:
            self.of_outlet[member.outlet].append(member)
            if member.date is not None:
                of_group[member.group].append((member.date.end, member.article.id, member))
        self._ends: dict[int, list[datetime]] = {}
        self._first: dict[int, list[_Told]] = {}
        for group, dated in of_group.items():
            dated.sort()
            self._ends[group] = [end for end, _, _ in dated]
            # The earliest of those that end no later.
            self._first[group] = list(accumulate((told for _, _, told in dated), _earlier))
        self._credited: dict[tuple[str, str], list[_Told]] = {}
        self._shingles: dict[str, NDArray[np.uint64]] = {}

    def first_before(self, member: _Told, group: int) -> _Told | None:
        """Return the earliest member of a group that certainly appeared before another member."""
        if member.date is None or group not in self._ends:
            return None
        at = bisect_left(self._ends[group], member.date.start)
        return self._first[group][at - 1] if at else None

    def groups(self) -> Iterable[int]:
        """Return the groups of which a member is dated."""
        return self._ends

    def published_by(self, credit: Credit) -> list[_Told]:
        """Return the members that the credited outlet published."""
        key = (credit.agency, credit.name)
        if key not in self._credited:
            names = credited_names(*key)
            self._credited[key] = [
                member
                for member in self.members
                if not published_names(member.article).isdisjoint(names)
            ]
        return self._credited[key]

    def shingles(self, member: _Told) -> NDArray[np.uint64]:
        """Return the shingles of a member's text."""
        name = member.article.id
        if name not in self._shingles:
            tokens = compared_tokens(member.clean.title, member.clean.body)
            self._shingles[name] = shingle([tokens], _SHINGLE).row(0)
        return self._shingles[name]


def _arrows(member: _Told, story: _Story) -> Iterator[Descent]:
    """Yield where a member comes from; at most one arrow to each other member."""
    done: set[str] = set()
    copied = False
    for credit in member.clean.credits:
        relation = _STATED[credit.relation]
        source = _credited(member, credit, story)
        copied |= relation is Relation.REPUBLISHED_FROM
        if source is None or source.article.id in done:
            continue
        shown = source.group == member.group or _has_part_of(member, source, story)
        if relation is Relation.REPUBLISHED_FROM and not shown:
            continue  # the outlet's article that is meant is another one
        done.add(source.article.id)
        reason = f"credits {credit.name}" + (", and has its text" if shown else "")
        yield _arrow(member, source, relation, _SAID_AND_SHOWN if shown else _SAID, reason)
    if member.role is Role.UPDATE:
        found = _version(member, story)
    elif copied:  # who says that it copies, and from whom, is believed
        found = None
    elif member.role is Role.REPRINT:
        found = _reprinted(member, story)
    else:
        found = _excerpted(member, story)
    if found is not None and found.origin not in done:
        yield found


def _credited(member: _Told, credit: Credit, story: _Story) -> _Told | None:
    """Return the article of a credited outlet that is most likely meant."""
    own = [
        other
        for other in story.published_by(credit)
        if other is not member
        and not certainly_later(other.date, member.date)
        and (not member.outlet or other.outlet != member.outlet)
    ]
    return min(own, key=lambda other: (other.group != member.group, _age(other)), default=None)


def _version(member: _Told, story: _Story) -> Descent | None:
    """Return the version that an update follows: the last before it at its outlet."""
    if not member.outlet:
        return None  # one that is not known is not the same as another
    before = [
        other
        for other in story.of_outlet[member.outlet]
        if certainly_later(member.date, other.date)
    ]
    last = max(before, key=_age, default=None)
    if last is None:
        return None
    reason = "a version of the same outlet, and later"
    return _arrow(member, last, Relation.UPDATE_OF, _SAID_AND_SHOWN, reason)


def _reprinted(member: _Told, story: _Story) -> Descent | None:
    """Return the earliest article that has the same text, if it certainly is earlier."""
    first = story.first_before(member, member.group)
    if first is None:
        return None
    reason = "has its text, and is later"
    return _arrow(member, first, Relation.REPUBLISHED_FROM, _SHOWN, reason)


def _excerpted(member: _Told, story: _Story) -> Descent | None:
    """Return the earlier article in whose text that of an excerpt stands."""
    if member.role is not Role.EXCERPT:
        return None
    own = story.shingles(member)
    shares = [
        (containment(own, story.shingles(other)), other)
        for group in story.groups()
        if group != member.group and (other := story.first_before(member, group)) is not None
    ]
    share, best = min(shares, key=lambda each: (-each[0], _age(each[1])), default=(0.0, None))
    if best is None or share < _HELD:
        return None
    reason = f"{share:.0%} of its text stands there, and it is later"
    return _arrow(member, best, Relation.QUOTES, _SHOWN, reason)


def _arrow(
    member: _Told, origin: _Told, relation: Relation, certainty: float, reason: str
) -> Descent:
    return Descent(
        article=member.article.id,
        origin=origin.article.id,
        relation=relation,
        certainty=certainty,
        reason=reason,
    )


def _has_part_of(member: _Told, other: _Told, story: _Story) -> bool:
    """Tell whether half of either text stands in the other."""
    a, b = story.shingles(member), story.shingles(other)
    return max(containment(a, b), containment(b, a)) >= _PART


def _age(member: _Told) -> tuple[bool, str, str]:
    """Order by date, undated ones last; then by id."""
    date = "" if member.date is None else member.date.start.isoformat()
    return member.date is None, date, member.article.id


def _earlier(a: _Told, b: _Told) -> _Told:
    return min(a, b, key=_age)


def _without_circles(arrows: Sequence[Descent]) -> tuple[Descent, ...]:
    """Leave out the least certain arrows of every circle: they do not say who was first.

    The most certain ones are laid down first.  An arrow that then closes a circle is among the
    least certain of it; of equals none is known to be wrong, and all go.
    """
    from scipy.sparse import coo_array, csgraph

    if not arrows:
        return ()
    names = sorted({name for arrow in arrows for name in (arrow.article, arrow.origin)})
    place = {name: at for at, name in enumerate(names)}
    ends = np.array([(place[arrow.article], place[arrow.origin]) for arrow in arrows])
    certainty = np.array([arrow.certainty for arrow in arrows])
    kept = np.zeros(len(arrows), dtype=np.bool_)
    for level in sorted(set(certainty.tolist()), reverse=True):
        kept |= certainty == level
        rows, columns = ends[kept].T
        graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(names), len(names)))
        _, part = csgraph.connected_components(graph, directed=True, connection="strong")
        kept &= (certainty != level) | (part[ends[:, 0]] != part[ends[:, 1]])
    return tuple(arrow for arrow, stays in zip(arrows, kept.tolist(), strict=True) if stays)
