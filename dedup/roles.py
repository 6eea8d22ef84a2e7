"""What each member of a cluster is: original, update, reprint, excerpt or report.

Definitions, first that fits
----------------------------
original
    One member of each group of two or more copies: the earliest by trusted dates; among those that
    the dates leave open, one without UPDATE or CORRECTED in its headline before one with, one that
    credits nobody before one that says it republishes, the group's centre before its copies.
update
    Of the same outlet as another member that it follows, and a version of the same text: in one
    group with it, or holding at least half of its text, or marked as a further version (UPDATE,
    CORRECTED, REFILE, KILL).  It follows if it is dated certainly later, or if the dates leave that
    open and its header counts higher.  Two crawls of one address may also be told apart by their
    last change.
reprint
    A copy in a group, of another outlet or of none that is known.  A second copy at one outlet that
    nothing proves to be later is a reprint too: it copies the text and brings nothing new.
excerpt
    At least 80 % of its text stands in another member, and it is at most three quarters as long.
report
    Its own text; also every single article that is none of the above.

Laws
----
* Every group of two or more has exactly one original; no group of one has any.
* Roles do not depend on the order of the members; ties end at the article's id.
* Copies beyond a Jaccard threshold need no rule of their own: a Jaccard of 0.5 with an earlier
  version implies that half of it is contained.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dedup.provenance import FIRST_VERSION, Version, is_later_version, versions

if TYPE_CHECKING:
    from dedup.article import Article
    from dedup.text.clean import CleanArticle

__all__ = ["LEAST_HELD", "Placed", "Role", "assign_roles"]

_KEPT_IN_UPDATE: Final = 0.5
_KEPT_IN_EXCERPT: Final = 0.8
#: Share of a text that another must hold for it to matter to any role.
LEAST_HELD: Final = min(_KEPT_IN_UPDATE, _KEPT_IN_EXCERPT)


class Role(StrEnum):
    """What a member is to its cluster; the values are the words shown."""

    ORIGINAL = "original"
    UPDATE = "update"
    REPRINT = "reprint"
    EXCERPT = "excerpt"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An article in its place inside a cluster.

    Parameters
    ----------
    article, clean : Article, CleanArticle
        The article before and after cleaning.
    n_words : int
        Words of the body without furniture.
    group : int
        Label of its group of copies, unique within the cluster.
    is_centre : bool
        Whether its group was built around it.
    """

    article: Article
    clean: CleanArticle
    n_words: int
    group: int
    is_centre: bool


def assign_roles(
    members: Sequence[Placed], containment: Mapping[tuple[int, int], float]
) -> list[Role]:
    """Say what each member of one cluster is.

    Parameters
    ----------
    members : sequence of Placed
        One cluster.
    containment : mapping of (int, int) to float
        ``containment[i, j]`` is the share of member ``i``'s shingles that member ``j`` holds;
        absent pairs count as 0, as may those below :data:`LEAST_HELD`.  Groups of copies need no
        entries among themselves.

    Returns
    -------
    list of Role
        Aligned with ``members``.

    Notes
    -----
    O(n log n) plus the entries of ``containment``, and quadratic only in the dated or numbered
    versions that one outlet has in the cluster.
    """
    if len(members) == 1:
        return [Role.REPORT]  # nothing that it could copy or follow
    facts = versions(
        [member.article for member in members],
        [member.clean for member in members],
        [member.group for member in members],
    )
    groups: dict[int, list[int]] = defaultdict(list)
    for position, member in enumerate(members):
        groups[member.group].append(position)
    originals = {_original(at, members, facts) for at in groups.values() if len(at) > 1}
    updates = _updates(members, facts, containment)
    excerpts = {
        i
        for (i, j), share in containment.items()
        if share >= _KEPT_IN_EXCERPT and 4 * members[i].n_words <= 3 * members[j].n_words
    }
    roles = []
    for position, member in enumerate(members):
        if position in originals:
            roles.append(Role.ORIGINAL)
        elif position in updates:
            roles.append(Role.UPDATE)
        elif len(groups[member.group]) > 1:
            roles.append(Role.REPRINT)
        elif position in excerpts:
            roles.append(Role.EXCERPT)
        else:
            roles.append(Role.REPORT)
    return roles


def _original(positions: Sequence[int], members: Sequence[Placed], facts: Sequence[Version]) -> int:
    """Return the position of a group's original."""
    dated = [(at, date) for at in positions if (date := facts[at].date) is not None]
    first_end = min((date.end for _, date in dated), default=None)
    earliest = [at for at, date in dated if first_end is not None and date.start <= first_end]

    def key(at: int) -> tuple[bool, tuple[int, int], bool, bool, str]:
        clean = members[at].clean
        return (
            clean.withdrawn,
            facts[at].revision,
            any(credit.relation == "republished_from" for credit in clean.credits),
            not members[at].is_centre,
            members[at].article.id,
        )

    return min(earliest or positions, key=key)


def _updates(
    members: Sequence[Placed],
    facts: Sequence[Version],
    containment: Mapping[tuple[int, int], float],
) -> set[int]:
    """Return the positions of the members that are later versions at their own outlet."""
    outlets: dict[str, list[int]] = defaultdict(list)
    for position, fact in enumerate(facts):
        if fact.outlet:
            outlets[fact.outlet].append(position)

    def follows(newer: int, older: int) -> bool:
        return is_later_version(facts[newer], facts[older]) and (
            members[newer].group == members[older].group
            or containment.get((older, newer), 0.0) >= _KEPT_IN_UPDATE
            or facts[newer].revision > FIRST_VERSION
        )

    updates = set()
    for positions in outlets.values():
        # A thousand copies with one date at one outlet must not be compared pair by pair.
        first_end = min((date.end for at in positions if (date := facts[at].date)), default=None)
        for newer in positions:
            fact = facts[newer]
            dated_later = fact.date and first_end and fact.date.start > first_end
            if (dated_later or fact.modified or fact.revision > FIRST_VERSION) and any(
                follows(newer, older) for older in positions
            ):
                updates.add(newer)
    return updates
