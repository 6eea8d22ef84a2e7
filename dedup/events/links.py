"""What the user knows: pairs of articles that belong together, and pairs that do not.

Laws
----
* Required pairs hold whatever their score, dates or languages, and they chain: if a belongs to b
  and b to c, then a belongs to c.
* Forbidden pairs are never in one cluster, however the rest of the two stories resembles.
* Copies of one text are one before the user is heard: a pair speaks for the whole duplicate groups
  of its two articles.
* A pair that contradicts another pair, or that fact, is an error, never a vote.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from dedup.errors import ConfigError
from dedup.records import as_id

__all__ = ["Links", "Pair", "checked_links", "settled", "units"]

#: Ids of two articles.
Pair = tuple[str, str]

#: An id, or a row.
_Key = TypeVar("_Key", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The user's pairs, as pairs of rows (duplicate groups).

    Parameters
    ----------
    must, cannot : tuple of (int, int)
        Rows to be in one cluster, and rows never to be.
    """

    must: tuple[tuple[int, int], ...] = ()
    cannot: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(
        cls, must_link: Sequence[Pair], cannot_link: Sequence[Pair], row_of: Mapping[str, int]
    ) -> Links:
        """Translate pairs of articles into pairs of rows.

        Parameters
        ----------
        must_link, cannot_link : sequences of (str, str)
            Ids, as :func:`checked_links` returned them.
        row_of : mapping of str to int
            Article → the row of its duplicate group.

        Raises
        ------
        ConfigError
            If there is no such article, or if the pairs contradict one another or the copies.

        Examples
        --------
        >>> Links.of([("a", "b")], [("a", "c")], {"a": 0, "b": 1, "c": 2})
        Links(must=((0, 1),), cannot=((0, 2),))
        """
        for name, pairs in (("must_link", must_link), ("cannot_link", cannot_link)):
            _require_known(name, pairs, row_of)
        for a, b in cannot_link:
            if row_of[a] == row_of[b]:
                raise ConfigError(
                    f"event.cannot_link forbids {a!r} and {b!r}, which are copies of one text, and "
                    "copies are always in one cluster; take the pair out, or raise "
                    "duplicate.threshold until they are no copies"
                )
        _require_consistent(must_link, cannot_link, row_of, " (copies of one text count as one)")
        return cls(
            must=tuple((row_of[a], row_of[b]) for a, b in must_link),
            cannot=tuple((row_of[a], row_of[b]) for a, b in cannot_link),
        )

    @classmethod
    def yielding(cls, must: Iterable[tuple[int, int]], cannot: Iterable[tuple[int, int]]) -> Links:
        """Return pairs of rows as links, of which required ones give way to forbidden ones.

        Pairs of one row are copies of one text, and are left out.

        >>> Links.yielding([(0, 1), (2, 2)], [(1, 0), (3, 3)])
        Links(must=(), cannot=((1, 0),))
        """
        forbidden = tuple((a, b) for a, b in cannot if a != b)
        return cls(cannot=forbidden).joined_by((a, b) for a, b in must if a != b)

    def joined_by(self, wished: Iterable[tuple[int, int]]) -> Links:
        """Return links that require more pairs, but for those that lead to a forbidden one.

        They are for linkage: what they require can no longer be told from the user's word.

        Parameters
        ----------
        wished : iterable of (int, int)
            The first ones count first.

        Examples
        --------
        >>> Links(cannot=((0, 2),)).joined_by([(0, 1), (1, 2), (2, 3)]).must
        ((0, 1), (2, 3))
        """
        must = list(self.must)
        held = units(must)
        mates = defaultdict(set)
        for row, head in held.items():
            mates[head].add(row)
        barred: defaultdict[int, set[int]] = defaultdict(set)
        for a, b in self.cannot:
            barred[held.get(a, a)].add(held.get(b, b))
            barred[held.get(b, b)].add(held.get(a, a))
        for pair in wished:
            a, b = (held.setdefault(row, row) for row in pair)
            if b in barred[a]:
                continue
            must.append(pair)
            if a == b:
                continue
            small, large = sorted((a, b), key=lambda head: len(mates[head]))
            moved = mates.pop(small, set()) | {small}
            mates[large] |= moved | {large}
            held.update(dict.fromkeys(moved, large))
            for other in barred.pop(small, set()):
                barred[other].discard(small)
                barred[other].add(large)
                barred[large].add(other)
        return Links(must=tuple(must), cannot=self.cannot)


def checked_links(must_link: object, cannot_link: object) -> tuple[tuple[Pair, ...], ...]:
    """Return both settings as tuples of pairs of ids.

    Raises
    ------
    ConfigError
        If one is not made of pairs of different ids, or if a pair is both required and forbidden,
        be it through a chain of required ones.
    """
    must, cannot = _pairs("must_link", must_link), _pairs("cannot_link", cannot_link)
    ids = {name: name for pair in (*must, *cannot) for name in pair}
    _require_consistent(must, cannot, ids, "")
    return must, cannot


def units(pairs: Iterable[tuple[_Key, _Key]]) -> dict[_Key, _Key]:
    """Return, for everything that is named, the smallest of those that it is joined to.

    >>> sorted(units([(4, 2), (7, 4), (5, 6)]).items())
    [(2, 2), (4, 2), (5, 5), (6, 5), (7, 2)]
    """
    head: dict[_Key, _Key] = {}

    def root(key: _Key) -> _Key:
        head.setdefault(key, key)
        while head[key] != key:
            head[key] = key = head[head[key]]
        return key

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        head[high] = low
    return {key: root(key) for key in head}


def settled(
    a: _Key, b: _Key, unit: Mapping[_Key, _Key], forbidden: Collection[frozenset[_Key]]
) -> bool | None:
    """Return True if the user's pairs join the two, False if they forbid it, None if neither.

    Parameters
    ----------
    a, b : str or int
    unit : mapping
        See :func:`units`.
    forbidden : collection of frozenset
        Two units each.
    """
    left, right = unit.get(a, a), unit.get(b, b)
    if left == right:
        return True
    return False if frozenset((left, right)) in forbidden else None


def _pairs(name: str, value: object) -> tuple[Pair, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigError(
            f"event.{name} must be a tuple of pairs of ids, such as (('id-a', 'id-b'),), "
            f"got {value!r}"
        )
    pairs = []
    for pair in value:
        ids = tuple(map(as_id, pair)) if isinstance(pair, list | tuple) else ()
        a, b = ids if len(ids) == 2 else (None, None)
        if not isinstance(a, str) or not isinstance(b, str):
            raise ConfigError(
                f"event.{name} holds {pair!r}; each entry must be a pair of ids, such as "
                "('id-a', 'id-b')"
            )
        if a == b:
            raise ConfigError(
                f"event.{name} pairs {a!r} with itself; name two articles, or take the pair out"
            )
        pairs.append((a, b))
    return tuple(pairs)


def _require_known(name: str, pairs: Iterable[Pair], row_of: Mapping[str, int]) -> None:
    for article_id in (each for pair in pairs for each in pair):
        if article_id not in row_of:
            near = get_close_matches(article_id, list(row_of), n=3)
            hint = f"; did you mean {', '.join(map(repr, near))}?" if near else ""
            raise ConfigError(
                f"event.{name} names {article_id!r}, but no article of this input has that "
                f"id{hint}; correct it, or take the pair out"
            )


def _require_consistent(
    must: Iterable[Pair], cannot: Iterable[Pair], key_of: Mapping[str, _Key], remark: str
) -> None:
    """Refuse a forbidden pair whose two articles are required to be together."""
    required = list(must)
    unit = units([(key_of[a], key_of[b]) for a, b in required])
    for a, b in cannot:
        if settled(key_of[a], key_of[b], unit, ()):
            chain = " and ".join(f"({x!r}, {y!r})" for x, y in _chain(a, b, required, key_of))
            raise ConfigError(
                f"event.cannot_link forbids {a!r} and {b!r}, but event.must_link joins them "
                f"through {chain}{remark}; take one of these pairs out"
            )


def _chain(a: str, b: str, must: Sequence[Pair], key_of: Mapping[str, _Key]) -> list[Pair]:
    """Return a shortest run of required pairs that leads from one article to another."""
    came: dict[_Key, tuple[_Key, Pair] | None] = {key_of[a]: None}
    queue = [key_of[a]]
    for key in queue:
        for pair in must:
            ends = key_of[pair[0]], key_of[pair[1]]
            for here, there in (ends, ends[::-1]):
                if here == key and there not in came:
                    came[there] = (key, pair)
                    queue.append(there)
    chain = []
    step = came[key_of[b]]
    while step is not None:
        chain.append(step[1])
        step = came[step[0]]
    return chain[::-1]
