"""A story and its parts: ``Cluster`` → ``DuplicateGroup`` → ``Member``, and how they print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dedup.article import Article
from dedup.roles import Role

if TYPE_CHECKING:
    from dedup.descent import Descent

__all__ = ["Cluster", "DuplicateGroup", "Member", "printable", "shorten"]


#: Members that printing a story shows.
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One article in its place.

    Parameters
    ----------
    article : Article
    row : int
        Position in the input.
    role : Role
        ``original``, ``update``, ``reprint``, ``excerpt`` or ``report``.
    similarity : float
        Exact Jaccard similarity with the centre of its duplicate group; 1.0 for the centre.
    note : str or None
        Why an article could not be compared, if so.
    """

    article: Article
    row: int
    role: Role
    similarity: float
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Copies of one text.

    Parameters
    ----------
    label : int
        Its label in :attr:`Clustering.group_labels`.
    members : tuple of Member
        The original first, then by id.
    centre : str
        Id of the member that every other was verified against.
    """

    label: int
    members: tuple[Member, ...]
    centre: str

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:  # not the texts of thousands
        return f"<DuplicateGroup {self.label}: {len(self):,} copies of {shorten(self.centre)!r}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Reports of one event.

    Parameters
    ----------
    label : int
        Its label in :attr:`Clustering.labels`.
    id : str
        Made from the ids of its members.
    groups : tuple of DuplicateGroup
        Largest first.
    canonical : Article
        The version to show.
    reasons : tuple of str
        Why that one, in words.
    """

    label: int
    id: str
    groups: tuple[DuplicateGroup, ...]
    canonical: Article
    reasons: tuple[str, ...]

    @property
    def members(self) -> tuple[Member, ...]:
        """All articles, group by group."""
        return tuple(member for group in self.groups for member in group.members)

    @property
    def sources(self) -> tuple[str, ...]:
        """Outlets that carried the story, sorted."""
        return tuple(sorted({m.article.source for m in self.members if m.article.source}))

    @property
    def provenance(self) -> tuple[Descent, ...]:
        """Who copied whom, as far as the articles show it; their texts are read for it each time.

        See :mod:`dedup.descent`.
        """
        from dedup.descent import descents

        return descents(self)

    def __repr__(self) -> str:  # not the texts of thousands
        title = shorten(self.canonical.title or self.canonical.text) or "(no text)"
        return f"<Cluster {self.id}: {title} ({len(self):,} articles)>"

    def _repr_html_(self) -> str:
        from dedup.views.notebook import html_of_cluster

        return html_of_cluster(self)

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)

    def __str__(self) -> str:
        return self.told(_SHOWN)

    def told(self, most: int) -> str:
        """Return the story as lines for a terminal, with at most so many of its articles."""
        shown = self.canonical
        title = shorten(shown.title or shown.text, 200) or "(no text)"
        lines = [f"{title}  [{printable(shown.id)}]"]
        lines += [f"  shown because: {printable(reason)}" for reason in self.reasons]
        members = self.members
        # The one shown is told of wherever it stands.
        told = [*members[:most], *(m for m in members[most:] if m.article.id == shown.id)]
        lines += ["  " + _member_line(member, shown.id) for member in told]
        if len(self) > len(told):
            lines.append(f"    … and {len(self) - len(told):,} more articles")
        return "\n".join(lines)


def _member_line(member: Member, canonical_id: str) -> str:
    article = member.article
    mark = "*" if article.id == canonical_id else " "
    published = "" if article.published is None else f" · {article.published}"
    source = f" · {printable(article.source)}" if article.source else ""
    note = f" · {member.note}" if member.note else ""
    title = shorten(article.title or article.text) or "(no text)"
    name = printable(article.id)
    return f"{mark} {member.role.value:<8} {name} · {title}{source}{published}{note}"


def shorten(text: str, width: int = 72) -> str:
    r"""Return one line of at most ``width`` characters.

    >>> shorten("one  line\nthat goes on", 12)
    'one line th…'
    """
    line = printable(" ".join(text[: 4 * width].split()))
    return line if len(line) <= width else line[: width - 1] + "…"


def printable(text: str) -> str:
    r"""Return a text whose control characters are written out: a title must not steer a terminal.

    What only joins or parts letters stays.

    >>> print(printable("esc \x1b[31mred"))
    esc \x1b[31mred
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in _JOINERS else c.encode("unicode_escape").decode("ascii")
        for c in text
    )


#: Zero width non-joiner and joiner: letters of Persian, parts of one emoji.
_JOINERS = "\u200c\u200d"
