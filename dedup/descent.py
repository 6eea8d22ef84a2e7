"""Who copied whom inside a story, as far as the articles show it.

Laws
----
* An arrow has a reason that can be read in the articles: a credit, two dates, two headers, a text
  held by another.
* What an article says of its source is not contradicted: if it names one, no other is guessed.
* An update is drawn to a version of its own text, the last before it.
* Where the reasons leave open who was first, there is no arrow; none goes to a later article, and
  no chain of them comes back to where it began.
* The order of the articles does not matter; ties end at the id.

Theory of operation
-------------------
Each member is asked three questions, and what it says itself counts before what its text shows:
whom it credits, which version of its own outlet it follows, and in whose text its own stands.

Whatever is asked of a member is looked up, in orders by date and by header and in one table of
which groups of copies hold which shingle; a story of thousands is not gone through for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from dedup.cluster import printable
from dedup.descent_lookups import Facts, Story, age, is_of
from dedup.duplicates.verify import containment
from dedup.provenance import (
    FIRST_VERSION,
    certainly_later,
    is_later_version,
    published_names,
    versions,
)
from dedup.roles import Role
from dedup.text.clean import clean
from dedup.text.recurring import RecurringLines

if TYPE_CHECKING:
    from dedup.cluster import Cluster
    from dedup.text.clean import CleanArticle

__all__ = ["Descent", "Relation", "cleaned_members", "descents"]

#: How sure an arrow is: what is said and shown, what is said, what is shown.
_SAID_AND_SHOWN: Final = 0.95
_SAID: Final = 0.8
_SHOWN: Final = 0.7

#: Share of an excerpt that stands in the text that it is taken from.
_HELD: Final = 0.8


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
        0 to 1: .95 where it is said and shown, .8 where it is said, .7 where it is shown.  Of
        an update .95 by its dates, .8 by its headline or the last change of its page.
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
        Sorted by the id of the article.  O(n log n) in the members and their shingles, and one step
        for each group of copies that has a shingle of an excerpt, or of a version in other words.
    """
    story = Story(_members(cluster, cleaned or cleaned_members(cluster)))
    return _without_circles([arrow for member in story.members for arrow in _arrows(member, story)])


def cleaned_members(cluster: Cluster) -> list[CleanArticle]:
    """Return the members of a story, cleaned by what each says alone.

    What only recurs on a site stays: a story does not know the other articles of a site.
    """
    return [clean(member.article, RecurringLines.empty()) for member in cluster.members]


def _members(cluster: Cluster, cleaned: Sequence[CleanArticle]) -> list[Facts]:
    """Return the members, sorted by id."""
    every = cluster.members
    groups = [at for at, group in enumerate(cluster.groups) for _ in group.members]
    standing = versions([member.article for member in every], cleaned, groups)
    order = sorted(range(len(every)), key=lambda at: every[at].article.id)
    return [
        Facts(
            place=place,
            article=every[at].article,
            clean=cleaned[at],
            role=every[at].role,
            group=groups[at],
            version=standing[at],
            names=published_names(every[at].article),
        )
        for place, at in enumerate(order)
    ]


def _arrows(member: Facts, story: Story) -> Iterator[Descent]:
    """Yield where a member comes from; at most one arrow to each other member."""
    done: set[str] = set()
    for credit in member.clean.credits:
        relation = _STATED[credit.relation]
        source, shown = story.credited(member, credit)
        if source is None or source.article.id in done:
            continue
        if relation is Relation.REPUBLISHED_FROM and not shown:
            continue  # the outlet's article that is meant is another one
        done.add(source.article.id)
        reason = f"credits {credit.name}" + (", and has its text" if shown else "")
        yield _arrow(member, source, relation, _SAID_AND_SHOWN if shown else _SAID, reason)
    if member.role in (Role.UPDATE, Role.ORIGINAL):
        found = _version(member, story)
    elif _says_copied(member):  # who says that it copies, and from whom, is believed
        found = None
    elif member.role is Role.REPRINT:
        found = _reprinted(member, story)
    elif member.role is Role.EXCERPT:
        found = _excerpted(member, story)
    else:
        found = None
    if found is not None and found.origin not in done:
        yield found


def _version(member: Facts, story: Story) -> Descent | None:
    """Return the version that an article follows: of those with its text, the last before it."""
    nearest: Facts | None = None
    for former in story.former(member):
        own = (at for at in former if _order(member, at) and story.has_part_of(member, at))
        last = next(own, None)
        if last is not None and (nearest is None or _order(last, nearest)):
            nearest = last
    order = None if nearest is None else _order(member, nearest)
    if nearest is None or order is None:
        return None
    certainty, reason = order
    return _arrow(member, nearest, Relation.UPDATE_OF, certainty, reason)


def _order(newer: Facts, older: Facts) -> tuple[float, str] | None:
    """Return how sure it is that one version of an outlet follows another, and by what.

    It is left open where the numbers of two headers go against the dates, and where a header stands
    beside one without a number: an "UPDATED" may be any version.
    """
    if not is_later_version(newer.version, older.version):
        return None
    step = (newer.version.revision > older.version.revision) - (
        newer.version.revision < older.version.revision
    )
    numbers = [
        0 if told.clean.header is None else told.clean.header.number for told in (newer, older)
    ]
    if certainly_later(newer.date, older.date):
        if step < 0 and all(numbers):
            return None
        return _SAID_AND_SHOWN, "a version of the same outlet, and later"
    if step == 0:
        return _SAID, "a version of the same page, and changed later"
    is_first = older.version.revision == FIRST_VERSION and not numbers[1]
    if is_first or all(numbers):
        return _SAID, "a version of the same outlet, and later by its headline"
    return None


def _reprinted(member: Facts, story: Story) -> Descent | None:
    """Return the earliest article that has the same text, if it certainly is earlier."""
    first = story.first_before(member, member.group)
    if first is None or _is_doubtful(member, first) or story.is_credited_before(member):
        return None
    reason = "has its text, and is later"
    return _arrow(member, first, Relation.REPUBLISHED_FROM, _SHOWN, reason)


def _excerpted(member: Facts, story: Story) -> Descent | None:
    """Return the earlier article in whose text that of an excerpt stands."""
    own = story.shingles(member)
    shares = [
        (containment(own, story.shingles(other)), other)
        for group in story.holding(member, _HELD)
        if group != member.group and (other := story.first_before(member, group)) is not None
    ]
    share, best = min(shares, key=lambda each: (-each[0], age(each[1])), default=(0.0, None))
    if best is None or share < _HELD or _is_doubtful(member, best):
        return None
    reason = f"{share:.0%} of its text stands there, and it is later"
    return _arrow(member, best, Relation.QUOTES, _SHOWN, reason)


def _arrow(
    member: Facts, origin: Facts, relation: Relation, certainty: float, reason: str
) -> Descent:
    return Descent(
        article=member.article.id,
        origin=origin.article.id,
        relation=relation,
        certainty=certainty,
        reason=reason,
    )


def _says_copied(member: Facts) -> bool:
    return any(
        _STATED[credit.relation] is Relation.REPUBLISHED_FROM for credit in member.clean.credits
    )


def _is_doubtful(member: Facts, origin: Facts) -> bool:
    """Tell whether something is said against a source that a text shows.

    The source says that it copied itself, so both may have copied the same; or the member names
    another one, in words that it did not copy.
    """
    given = (c for c in origin.clean.credits if _STATED[c.relation] is Relation.REPUBLISHED_FROM)
    inherited = {credit.agency for credit in origin.clean.credits}
    own = (credit for credit in member.clean.credits if credit.agency not in inherited)
    return not all(is_of(origin, credit) for credit in (*given, *own))


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
