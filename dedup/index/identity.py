"""Which cluster keeps its id when articles are clustered again.

Laws
----
* An id stands for the articles that carried it: it goes to the cluster that holds most of them, and
  to one alone.
* A cluster that holds articles of several ids keeps the one that gave it most of them; the others
  are merged into it, unless they live on elsewhere.
* Ties go to the older id, which is the smaller number; then to the cluster with the smallest row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Identities", "keep_identities"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    """The ids of clusters after they were made again.

    Parameters
    ----------
    ids : tuple of (int or None)
        For each cluster, the id that it keeps; None if it needs a new one.
    merged : tuple of (int, int)
        An id that lives on nowhere, and the place of the cluster that took most of its articles up.
    split : tuple of (int, int)
        An id that lives on, and the place of another cluster that took some of its articles.
    """

    ids: tuple[int | None, ...]
    merged: tuple[tuple[int, int], ...]
    split: tuple[tuple[int, int], ...]


def keep_identities(before: Mapping[int, int], after: Sequence[Sequence[int]]) -> Identities:
    """Hand ids on.

    Parameters
    ----------
    before : mapping of int to int
        Article → its cluster's id; articles that are new are absent.
    after : sequence of sequences of int
        The articles of each cluster now.

    Returns
    -------
    Identities
        O(n log n) in the articles.

    Examples
    --------
    Cluster 7 lost article 3 to a newcomer, and 9 was taken up by 8:

    >>> keep_identities({1: 7, 2: 7, 3: 7, 5: 8, 6: 8, 8: 9}, [[1, 2], [3, 4], [5, 6, 8]])
    Identities(ids=(7, None, 8), merged=((9, 2),), split=((7, 1),))
    """
    shares = Counter(
        (before[article], place)
        for place, articles in enumerate(after)
        for article in articles
        if article in before
    )
    smallest = [min(articles, default=0) for articles in after]
    order = sorted(shares, key=lambda share: (-shares[share], share[0], smallest[share[1]]))
    ids: list[int | None] = [None] * len(after)
    home: dict[int, int] = {}
    for old, place in order:
        if old not in home and ids[place] is None:
            home[old] = place
            ids[place] = old
    merged: dict[int, int] = {}
    split = []
    for old, place in order:
        if old not in home:
            merged.setdefault(old, place)
        elif home[old] != place:
            split.append((old, place))
    return Identities(ids=tuple(ids), merged=tuple(merged.items()), split=tuple(split))
