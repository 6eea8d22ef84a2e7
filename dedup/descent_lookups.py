"""The members of a story by what is asked of them, for :mod:`dedup.descent`.

Laws
----
* What is found does not depend on the order of the members; ties end at the id.
* No question goes through all members of a story: each is looked up in an order made once, or in
  one table of which groups of copies hold which shingle.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import accumulate, chain, takewhile
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrays import distinct
from dedup.duplicates.fingerprints import shingle_texts
from dedup.duplicates.verify import containment
from dedup.provenance import Name, Version, certainly_later, credited_names
from dedup.text.told import Told

if TYPE_CHECKING:
    from dedup.article import Article
    from dedup.dates import Interval
    from dedup.duplicates.shingling import Sets
    from dedup.roles import Role
    from dedup.text.clean import CleanArticle
    from dedup.text.credits import Credit

__all__ = ["Facts", "Story", "age", "is_of"]

#: Share of a text that stands in another if one was made from the other.
_PART: Final = 0.5
_SHINGLE: Final = 5
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A member, and what is asked about it again and again.

    Parameters
    ----------
    place : int
        Its position in the story, sorted by id.
    article, clean : Article, CleanArticle
        The article before and after cleaning.
    role : Role
    group : int
        Its group of copies.
    version : Version
        Where it stands among those of its outlet.
    names : frozenset of names
        What its outlet goes by.
    """

    place: int
    article: Article
    clean: CleanArticle
    role: Role
    group: int
    version: Version
    names: frozenset[Name]

    @property
    def date(self) -> Interval | None:
        """When it appeared, as far as that is trusted."""
        return self.version.date


def is_of(member: Facts, credit: Credit) -> bool:
    """Tell whether a member is of the outlet that a credit names."""
    return not member.names.isdisjoint(credited_names(credit.agency, credit.name))


def age(member: Facts) -> tuple[bool, datetime, str]:
    """Order by date, undated ones last; then by id."""
    date = member.date
    return date is None, _NEVER if date is None else date.start, member.article.id


def _earlier(a: Facts, b: Facts) -> Facts:
    return min(a, b, key=age)


class Story:
    """The members of a story.

    Parameters
    ----------
    members : sequence of Facts
        Sorted by id.
    """

    def __init__(self, members: list[Facts]) -> None:
        self.members = members
        self._of_name: defaultdict[Name, list[Facts]] = defaultdict(list)
        self._of_outlet: defaultdict[str, defaultdict[int, list[Facts]]]
        self._of_outlet = defaultdict(lambda: defaultdict(list))
        of_group: defaultdict[int, list[tuple[datetime, str, Facts]]] = defaultdict(list)
        for member in members:
            self._of_outlet[member.version.outlet][member.group].append(member)
            for name in member.names:
                self._of_name[name].append(member)
            if member.date is not None:
                of_group[member.group].append((member.date.end, member.article.id, member))
        self._ends: dict[int, list[datetime]] = {}
        self._first: dict[int, list[Facts]] = {}
        for group, dated in of_group.items():
            dated.sort()
            self._ends[group] = [end for end, _, _ in dated]
            # The earliest of those that end no later.
            self._first[group] = list(accumulate((told for _, _, told in dated), _earlier))
        self._published: dict[tuple[str, str], _Published] = {}
        self._versions: dict[tuple[str, int], _Versions] = {}
        self._alike_groups: dict[int, frozenset[int]] = {}

    def first_before(self, member: Facts, group: int) -> Facts | None:
        """Return the earliest member of a group that certainly appeared before another member."""
        if member.date is None or group not in self._ends:
            return None
        at = bisect_left(self._ends[group], member.date.start)
        return self._first[group][at - 1] if at else None

    def credited(self, member: Facts, credit: Credit) -> tuple[Facts | None, bool]:
        """Return the article of a credited outlet that is most likely meant, and if it is seen.

        It is where one of them has the member's text, or part of it; of several the earliest
        counts.  None of them is later than the member, and no outlet credits itself.
        """
        if is_of(member, credit):
            return None, False
        key = (credit.agency, credit.name)
        if key not in self._published:
            names = credited_names(*key)
            own = {told.place: told for name in names for told in self._of_name.get(name, ())}
            self._published[key] = _Published(own.values())
        published = self._published[key]
        copied = published.first(member, member.group)
        if copied is not None:
            return copied, True
        any_of_all = published.first(member)
        if any_of_all is None:
            return None, False
        parts = [
            other
            for group in self._alike(member) & published.groups
            if (other := published.first(member, group)) and self.has_part_of(member, other)
        ]
        return min(parts, key=age, default=any_of_all), bool(parts)

    def is_credited_before(self, member: Facts) -> bool:
        """Tell whether a copy of its text names a member's outlet, and certainly is earlier."""
        date = member.date
        return date is not None and any(
            self._named.get((member.group, name), date.start) < date.start for name in member.names
        )

    @cached_property
    def _named(self) -> dict[tuple[int, Name], datetime]:
        """When a member of a group had named an outlet at the latest, by each of its names."""
        found: dict[tuple[int, Name], datetime] = {}
        for member in self.members:
            if member.date is None:
                continue
            for credit in member.clean.credits:
                for name in credited_names(credit.agency, credit.name):
                    key = (member.group, name)
                    found[key] = min(member.date.end, found.get(key, member.date.end))
        return found

    def former(self, member: Facts) -> Iterator[Iterator[Facts]]:
        """Yield what a member's outlet may have put out before it and has its text, last first.

        For each group of copies in three ways: by dates, by headers, by the last change of a page.
        """
        name = member.version.outlet
        if not name:
            return  # one that is not known is not the same as another
        own = self._of_outlet[name]
        alike = (
            {member.group} if len(own) == 1 else own.keys() & (self._alike(member) | {member.group})
        )
        for group in sorted(alike):
            if (name, group) not in self._versions:
                self._versions[name, group] = _Versions(own[group])
            yield from self._versions[name, group].before(member)

    def shingles(self, member: Facts) -> NDArray[np.uint64]:
        """Return the set of shingles of a member's text, sorted."""
        return self._shingles.row(member.place)

    def holding(self, member: Facts, share: float) -> list[int]:
        """Return the groups whose texts together hold at least a share of a member's shingles."""
        own = self.shingles(member)
        shares = self._holders.counts(own) / max(1, len(own))
        found: list[int] = np.flatnonzero((shares >= share) & (shares > 0)).tolist()
        return found

    def has_part_of(self, member: Facts, other: Facts) -> bool:
        """Tell whether two are copies, or half of either text stands in the other."""
        if member.group == other.group:
            return True
        if other.group not in self._alike(member):
            return False
        a, b = self.shingles(member), self.shingles(other)
        return max(containment(a, b), containment(b, a)) >= _PART

    def _alike(self, member: Facts) -> frozenset[int]:
        """Return the groups of which a text can hold half of a member's, or have half in it."""
        if member.place not in self._alike_groups:
            own = self.shingles(member)
            counts = self._holders.counts(own)
            enough = counts >= _PART * np.minimum(len(own), self._holders.shortest)
            found = np.flatnonzero(enough & (counts > 0))
            self._alike_groups[member.place] = frozenset(found.tolist())
        return self._alike_groups[member.place]

    @cached_property
    def _shingles(self) -> Sets:
        texts = Told([member.clean for member in self.members])
        return shingle_texts(texts, _SHINGLE).sets(np.arange(len(texts)))

    @cached_property
    def _holders(self) -> _Holders:
        rows = [self.shingles(member) for member in self.members]
        return _Holders(rows, np.array([member.group for member in self.members]))


class _Holders:
    """Which groups hold which shingle, in whichever of their texts.

    By groups, not by texts: what stands in thousands of copies is one entry.

    Parameters
    ----------
    rows : collection of ndarray of uint64
        Shingles of each text.
    groups : ndarray of int64
        The group of each text, from 0.

    Attributes
    ----------
    shortest : ndarray of int64
        Shingles of each group's shortest text.
    """

    def __init__(self, rows: Collection[NDArray[np.uint64]], groups: NDArray[np.int64]) -> None:
        from scipy.sparse import csr_array

        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        values = np.concatenate([*rows])
        n_groups = int(groups.max()) + 1
        self._values = distinct(values)
        places = np.searchsorted(self._values, values)
        entries = distinct(places * n_groups + np.repeat(groups, lengths))
        starts = np.searchsorted(entries, np.arange(len(self._values) + 1) * n_groups)
        self._table = csr_array(
            (np.ones(len(entries), dtype=np.int64), entries % n_groups, starts),
            shape=(len(self._values), n_groups),
        )
        self.shortest = np.full(n_groups, np.iinfo(np.int64).max)
        np.minimum.at(self.shortest, groups, lengths)

    def counts(self, row: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return how many of these shingles, all of a text of the story, each group holds."""
        found = self._table[np.searchsorted(self._values, row)].sum(axis=0)
        return np.asarray(found, dtype=np.int64)


class _Published:
    """The articles of one outlet, to be asked for the earliest."""

    def __init__(self, members: Iterable[Facts]) -> None:
        self._all: tuple[list[Facts], list[Facts]] = ([], [])
        self._of_group: dict[int, tuple[list[Facts], list[Facts]]] = {}
        for member in sorted(members, key=age):
            own = self._of_group.setdefault(member.group, ([], []))
            for dated, undated in (self._all, own):
                (undated if member.date is None else dated).append(member)

    @property
    def groups(self) -> frozenset[int]:
        """Groups that one of them is in."""
        return frozenset(self._of_group)

    def first(self, member: Facts, group: int | None = None) -> Facts | None:
        """Return the earliest that is not later than a member, of all or of one group."""
        dated, undated = self._all if group is None else self._of_group.get(group, ([], []))
        early = takewhile(lambda other: not certainly_later(other.date, member.date), dated)
        own = member.version.outlet
        others = (
            other for other in chain(early, undated) if not own or other.version.outlet != own
        )
        return next(others, None)


class _Versions:
    """Copies at one outlet, in each order in which one may follow another."""

    def __init__(self, members: Iterable[Facts]) -> None:
        by_date, by_header = [], []
        by_change: defaultdict[str, list[tuple[Any, Facts]]] = defaultdict(list)
        for member in members:
            version, date = member.version, member.date
            end = _NEVER if date is None else date.end
            if date is not None:
                by_date.append(((end, version.revision), member))
            by_header.append(((version.revision, end), member))
            if version.address and version.modified is not None:
                by_change[version.address].append(((version.modified.end,), member))
        self._by_date, self._by_header = _Line(by_date), _Line(by_header)
        self._by_change = {address: _Line(found) for address, found in by_change.items()}

    def before(self, member: Facts) -> Iterator[Iterator[Facts]]:
        version = member.version
        if member.date is not None:
            yield self._by_date.before((member.date.start,))
        yield self._by_header.before((version.revision,))
        if version.modified is not None and version.address in self._by_change:
            yield self._by_change[version.address].before((version.modified.start,))


class _Line:
    """Members in an order, to be read backwards from a point of it."""

    def __init__(self, keyed: list[tuple[Any, Facts]]) -> None:
        keyed = sorted(keyed, key=lambda each: (each[0], each[1].article.id))
        self._keys = [key for key, _ in keyed]
        self._members = [member for _, member in keyed]

    def before(self, point: tuple[Any, ...]) -> Iterator[Facts]:
        at = bisect_left(self._keys, point)
        return (self._members[place] for place in range(at - 1, -1, -1))
