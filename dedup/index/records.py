"""What a story index returns: frozen records.

Laws: a cluster's id never changes its meaning; a change is never written twice, and its number is
greater than those of all before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dedup.article import Skipped
from dedup.cluster import printable, shorten
from dedup.dates import Interval
from dedup.roles import Role

__all__ = ["Assignment", "Change", "ChangeKind", "IndexStats", "IndexedCluster", "IndexedMember"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where an article stands, or would.

    Parameters
    ----------
    article_id : str
    cluster_id : int or None
        None only for a query that would start a cluster of its own.
    group_id : str
        Id of the article at the centre of its group of copies.
    role : Role
    is_new : bool
        Whether it starts a cluster of its own.
    reasons : tuple of str
        Why there, in words.
    """

    article_id: str
    cluster_id: int | None
    group_id: str
    role: Role
    is_new: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        where = "a new story" if self.cluster_id is None else f"story {self.cluster_id}"
        why = "; ".join(map(printable, self.reasons))
        return f"{printable(self.article_id)} → {where}, {self.role.value}: {why}"


class Assignments(tuple[Assignment, ...]):
    """Assignments in the order of the articles, and the rows that were left out on request.

    >>> Assignments().skipped
    ()
    """

    skipped: tuple[Skipped, ...] = ()


class ChangeKind(StrEnum):
    """What happened to a cluster; the values are the words shown."""

    CREATED = "created"
    JOINED = "joined"
    LEFT = "left"
    MERGED = "merged"
    SPLIT = "split"
    CANONICAL_CHANGED = "canonical_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the log.

    Parameters
    ----------
    number : int
        Its place in the log; hand the last one that was seen to ``index.changes(since=…)``.
    kind : ChangeKind
        ``created``, ``joined`` and ``left`` tell of an article; ``merged`` says that ``cluster_id``
        was taken up by ``other_id``; ``split`` that ``other_id`` came out of ``cluster_id``.
    cluster_id : int
    article_id : str or None
        The article that joined, left, or is shown now.
    other_id : int or None
        The other cluster of a merge or a split.
    reason : str
        In words; empty where there is nothing to say.
    """

    number: int
    kind: ChangeKind
    cluster_id: int
    article_id: str | None = None
    other_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedMember:
    """One article of a cluster.

    Parameters
    ----------
    article_id, title : str
    source, url : str or None
    published : Interval or None
    role : Role
    group_id : str
        Id of the article at the centre of its group of copies.
    similarity : float
        Exact Jaccard similarity with that article; 1.0 for itself.
    live : bool
        False once it has expired: it is still told of, and no longer compared.
    note : str or None
        Why it could not be compared, if so.
    """

    article_id: str
    title: str
    source: str | None
    url: str | None
    published: Interval | None
    role: Role
    group_id: str
    similarity: float
    live: bool
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedCluster:
    """Reports of one event.

    Parameters
    ----------
    id : int
    members : tuple of IndexedMember
        Group by group, the largest first.
    canonical : IndexedMember
        The version to show.
    reasons : tuple of str
        Why that one, in words.
    """

    id: int
    members: tuple[IndexedMember, ...]
    canonical: IndexedMember
    reasons: tuple[str, ...]

    @property
    def groups(self) -> tuple[tuple[IndexedMember, ...], ...]:
        """The members, one tuple for each group of copies."""
        groups: dict[str, list[IndexedMember]] = {}
        for member in self.members:
            groups.setdefault(member.group_id, []).append(member)
        return tuple(map(tuple, groups.values()))

    def __len__(self) -> int:
        return len(self.members)

    def __str__(self) -> str:
        shown = self.canonical
        title = shorten(shown.title, 200) or "(no title)"
        lines = [f"{title}  [{printable(shown.article_id)}], story {self.id}"]
        lines += [f"  shown because: {printable(reason)}" for reason in self.reasons]
        for member in self.members:
            mark = "*" if member is shown else " "
            source = f" · {printable(member.source)}" if member.source else ""
            published = f" · {member.published}" if member.published else ""
            expired = "" if member.live else " · expired"
            lines.append(
                f"  {mark} {member.role.value:<8} {printable(member.article_id)} · "
                f"{shorten(member.title) or '(no title)'}{source}{published}{expired}"
            )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """What an index holds.

    Parameters
    ----------
    articles, live : int
        All that are told of, and those that are compared.
    groups, clusters : int
        Groups of copies, and clusters, of the live articles.
    pairs : int
        Scored pairs of live groups.
    changes : int
        Number of the last change.
    bytes : int
        Size of the file, without what is not merged into it yet.
    """

    articles: int
    live: int
    groups: int
    clusters: int
    pairs: int
    changes: int
    bytes: int

    def __str__(self) -> str:
        return (
            f"{self.articles:,} articles, {self.live:,} of them live in {self.groups:,} texts and "
            f"{self.clusters:,} stories; {self.pairs:,} scored pairs, {self.changes:,} changes, "
            f"{self.bytes / 1e6:,.1f} MB"
        )
