"""The log of changes: what became of clusters and articles, written as it happens.

Law: whoever follows the log knows where each article stands.  An article is in the cluster that it
joined last, or in the one that took that up; until it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dedup.index.identity import Identities
from dedup.index.records import Change, ChangeKind
from dedup.index.store import Store, undamaged

__all__ = ["changes", "follow_centres", "note", "note_moves"]

#: Changes that are read at once, and the greatest number that there can be.
_AT_ONCE: Final = 1000
_LAST: Final = (1 << 63) - 1


def note(
    store: Store,
    kind: ChangeKind,
    cluster: int,
    *,
    article: str | None = None,
    other: int | None = None,
    reason: str = "",
) -> None:
    """Write a change down."""
    store.run(
        "INSERT INTO changes (kind, cluster, article, other, reason) VALUES (?, ?, ?, ?, ?)",
        kind.value,
        cluster,
        article,
        other,
        reason,
    )


def note_moves(
    store: Store,
    identities: Identities,
    ids: Sequence[int],
    members: Sequence[Sequence[int]],
    before: Mapping[int, int],
) -> None:
    """Write down what became of clusters, and who came to which.

    Parameters
    ----------
    store : Store
        It holds all articles; those of merged clusters are put into the one that took them up, be
        they live or not.
    identities : Identities
    ids : sequence of int
        The id of each cluster, new ones handed out.
    members : sequence of sequence of int
        The rows of its articles.
    before : mapping of int to int
        Row → the cluster in which it stood, if there was one.
    """
    parted = {at for _, at in identities.split}
    for at, kept in enumerate(identities.ids):
        if kept is None and at not in parted:
            note(store, ChangeKind.CREATED, ids[at])
            founder = min(members[at])
            store.run("UPDATE clusters SET founder = ? WHERE id = ?", founder, ids[at])
    for old, at in identities.split:
        note(store, ChangeKind.SPLIT, old, other=ids[at])
    taken_up = {}
    for old, at in identities.merged:
        taken_up[old] = ids[at]
        note(store, ChangeKind.MERGED, old, other=ids[at])
        store.run("UPDATE clusters SET merged_into = ? WHERE id = ?", ids[at], old)
        store.run("UPDATE articles SET cluster = ? WHERE cluster = ?", ids[at], old)
    moved = []
    for own, rows in zip(ids, members, strict=True):
        for row in rows:
            old = before.get(row, -1)
            if taken_up.get(old, old) != own:
                moved.append((own, row))
    name = store.ids(row for _, row in moved)
    for own, row in moved:
        note(store, ChangeKind.JOINED, own, article=name[row])


def follow_centres(store: Store, centres: Sequence[int]) -> None:
    """Let expired copies go where the texts that they copy went.

    Parameters
    ----------
    store : Store
    centres : sequence of int
        Rows of centres that may stand in another cluster than before.
    """
    for centre in centres:
        behind = store.all(
            "SELECT copy.row, copy.id, own.cluster FROM articles AS copy "
            "JOIN articles AS own ON own.row = copy.centre WHERE copy.centre = ? "
            "AND NOT copy.live AND copy.centre != copy.row AND copy.cluster != own.cluster",
            centre,
        )
        for row, name, cluster in behind:
            store.run("UPDATE articles SET cluster = ? WHERE row = ?", cluster, row)
            note(store, ChangeKind.JOINED, cluster, article=name)


def changes(store: Store, since: int) -> list[Change]:
    """Return what happened after a change: the first thousand, if there is more."""
    rows = store.all(
        "SELECT number, kind, cluster, article, other, reason FROM changes "
        "WHERE number > ? ORDER BY number LIMIT ?",
        min(since, _LAST),
        _AT_ONCE,
    )
    with undamaged("a change"):
        return [
            Change(
                number=number,
                kind=ChangeKind(kind),
                cluster_id=cluster,
                article_id=article,
                other_id=other,
                reason=reason,
            )
            for number, kind, cluster, article, other, reason in rows
        ]
