"""The records that a choice is made of: members, grades and rules.

They stand apart so that the rules and the configuration can both build on them.

Laws: a record never changes, and only a grade's level decides; its reason is for people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dedup.errors import ConfigError

if TYPE_CHECKING:
    from dedup.article import Article
    from dedup.canonical import CanonicalConfig
    from dedup.dates import Interval
    from dedup.text.clean import CleanArticle

__all__ = ["Grade", "Member", "Rule"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a cluster, with what the rules ask about it.

    Parameters
    ----------
    article, clean : Article, CleanArticle
        The article before and after cleaning.
    n_words : int
        Words of the body without furniture.
    group : int
        Label of its group of copies, unique within the cluster.
    role : str
        What it is to the cluster; see :mod:`dedup.roles`.
    centrality : int
        Similarity to the centre of the cluster, 0 to 1000; quantised, so that it is the same on
        every machine.
    date : Interval or None
        Trusted date of publication.  :func:`dedup.canonical.choose` fills it in.
    """

    article: Article
    clean: CleanArticle
    n_words: int
    group: int
    role: str
    centrality: int
    date: Interval | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """What a rule says of one member: a level, higher is better, and why in words."""

    level: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named rule.

    Parameters
    ----------
    name : str
        Shown in the trail of a choice, and stored in its place.
    grade : callable
        Takes members and the configuration, returns one :class:`Grade` for each member.
    whole_cluster : bool
        False: it is given the members still in the running.  True: all of them, for rules about
        what the others say; the levels of those that are out are then passed over.

    Raises
    ------
    ConfigError
        If the name is empty or the grade cannot be called.

    Examples
    --------
    >>> Rule(name="short title", grade=lambda members, config: [
    ...     Grade(int(len(m.clean.title) <= 70), "its headline is short") for m in members
    ... ]).name
    'short title'
    """

    name: str
    grade: Callable[[Sequence[Member], CanonicalConfig], Sequence[Grade]]
    whole_cluster: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ConfigError(f"a rule's name must be a non-empty string, got {self.name!r}")
        if not callable(self.grade):
            raise ConfigError(f"the grade of rule {self.name!r} must be callable")
