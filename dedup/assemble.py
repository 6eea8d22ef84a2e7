"""From labels to records: what the stages found, as a :class:`~dedup.result.Clustering`.

Groups and clusters are ranked (largest first, then by a key made from their members' ids), each
member is given its role, and each cluster the version to show.  Nothing is compared here but shared
passages inside a cluster, for the roles.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from dedup.batch import Batch, Group
from dedup.canonical import Member as Contender
from dedup.canonical import choose
from dedup.comparison import Context
from dedup.config import Config
from dedup.duplicates.groups import Duplicates
from dedup.duplicates.passages import shared_passages
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import Observed
from dedup.pairs import AcrossScores, PairScores, VerifiedCopies
from dedup.progress import Progress
from dedup.result import (
    Cluster,
    Clustering,
    DuplicateGroup,
    Member,
    Statistics,
)
from dedup.roles import LEAST_HELD, Placed, Role, assign_roles
from dedup.text.tokenize import first_tokens, is_comparable, tokenize
from dedup.version import __version__


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Events:
    """What the event stage found about the groups.

    ``raw`` are the scored pairs before round-ups were held down; versions are not told there.
    """

    labels: NDArray[np.int64]
    scores: PairScores | None
    observed: Observed | None
    raw: PairScores | None = None
    candidates: int = 0
    capped_terms: int = 0
    largest_component: int = 1
    across: AcrossScores | None = None
    across_candidates: int = 0


def assemble(
    batch: Batch,
    duplicates: Duplicates,
    groups: Sequence[Group],
    events: Events,
    level: str,
    settings: Config,
    report: Progress,
) -> Clustering:
    """Turn labels into records: rank groups and clusters, assign roles, choose what to show."""
    n_rows = len(batch.articles) + len(batch.skipped)
    similarity = _similarity_to_centre(duplicates)
    rank = _ranks([_Ranked(g.members, _key(batch, g.members)) for g in groups])
    clusters_of: dict[int, list[int]] = defaultdict(list)
    for index, label in enumerate(events.labels.tolist()):
        clusters_of[label].append(index)
    together = [sorted(indices, key=rank.__getitem__) for indices in clusters_of.values()]
    positions = [tuple(p for i in indices for p in groups[i].members) for indices in together]
    keys = [_key(batch, members) for members in positions]
    order = _ranks([_Ranked(m, k) for m, k in zip(positions, keys, strict=True)])
    inside = _inside(events)
    nearness = _centrality(events.labels, inside)
    held = _held_shares(groups, events.labels, inside, settings.duplicate.shingle_size)
    clusters: list[Cluster | None] = [None] * len(together)
    labels = np.full(n_rows, -1, dtype=np.int64)
    group_labels = np.full(n_rows, -1, dtype=np.int64)
    for done, (indices, key) in enumerate(zip(together, keys, strict=True), start=1):
        label = order[done - 1]
        parts = [groups[index] for index in indices]
        clusters[label] = _cluster(
            batch,
            parts,
            [rank[index] for index in indices],
            label=label,
            key=key,
            similarity=similarity,
            containment=_containment(held.get(int(events.labels[indices[0]]), ()), indices, parts),
            centrality=[nearness[index] for index in indices],
            settings=settings,
        )
        for index, part in zip(indices, parts, strict=True):
            for position in part.members:
                labels[batch.rows[position]] = label
                group_labels[batch.rows[position]] = rank[index]
        report("choose canonical", done, len(together))
    for array in (labels, group_labels):
        array.flags.writeable = False
    return Clustering(
        clusters=tuple(cluster for cluster in clusters if cluster is not None),
        labels=labels,
        group_labels=group_labels,
        skipped=batch.skipped,
        level=level,
        config=settings,
        version=__version__,
        statistics=Statistics(
            duplicate_candidates=duplicates.candidates,
            duplicate_pairs=len(duplicates.pairs),
            capped_buckets=duplicates.capped_buckets,
            capped_pairs=duplicates.capped_pairs,
            event_candidates=events.candidates,
            event_pairs=0 if events.scores is None else len(events.scores),
            capped_terms=events.capped_terms,
            largest_component=events.largest_component if groups else 0,
            lines_removed=sum(len(c.removed) for c in batch.cleaned),
            texts_embedded=0 if events.across is None else int(events.across.needed.sum()),
            across_candidates=events.across_candidates,
            across_joins=0 if events.across is None else events.across.joins,
        ),
        copies=_copies(batch, duplicates, n_rows),
        scores=events.scores,
        across=events.across,
        context=None
        if events.observed is None
        else Context(recurring=batch.recurring, observed=events.observed),
    )


@dataclass(frozen=True, slots=True)
class _Ranked:
    members: tuple[int, ...]
    key: str


def _ranks(sets: Sequence[_Ranked]) -> list[int]:
    """Return the rank of each set: larger first, then by the key made from its members' ids."""
    order = sorted(range(len(sets)), key=lambda i: (-len(sets[i].members), sets[i].key))
    ranks = [0] * len(sets)
    for rank, index in enumerate(order):
        ranks[index] = rank
    return ranks


def _key(batch: Batch, positions: Iterable[int]) -> str:
    """Return a name made from the ids of the members."""
    digest = blake2b(digest_size=8)
    for article_id in sorted(batch.articles[position].id for position in positions):
        encoded = article_id.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little") + encoded)
    return digest.hexdigest()


def _similarity_to_centre(duplicates: Duplicates) -> NDArray[np.float64]:
    """Return the exact Jaccard similarity of each position with the centre of its group."""
    known = {
        (i, j): value
        for (i, j), value in zip(
            duplicates.pairs.tolist(), duplicates.jaccard.tolist(), strict=True
        )
    }
    return np.array(
        [
            1.0 if head == centre else known[min(head, centre), max(head, centre)]
            for head, centre in zip(
                duplicates.representative.tolist(), duplicates.centre.tolist(), strict=True
            )
        ]
    )


def _inside(events: Events) -> PairScores:
    """Return the scored pairs inside clusters, those of one cluster next to one another."""
    if events.scores is None:
        return PairScores.none()
    inside = events.scores.inside(events.labels)
    return inside.at(np.argsort(events.labels[inside.pairs[:, 0]], kind="stable"))


def _centrality(labels: NDArray[np.int64], inside: PairScores) -> list[int]:
    """Return each group's mean probability with the others of its cluster, 0 to 1000."""
    total = np.zeros(len(labels), dtype=np.int64)
    for side in (0, 1):
        np.add.at(total, inside.pairs[:, side], inside.probability.astype(np.int64))
    _, cluster, size = np.unique(labels, return_inverse=True, return_counts=True)
    others = size[cluster] - 1
    mean = total * 1000 // (np.maximum(others, 1) * PROBABILITY_UNIT)
    found: list[int] = np.where(others == 0, 1000, mean).tolist()
    return found


def _held_shares(
    groups: Sequence[Group], labels: NDArray[np.int64], inside: PairScores, shingle_size: int
) -> dict[int, list[tuple[int, int, float]]]:
    """Return how much of a group's shingles another one holds, if it is enough for any role.

    Only the scored pairs inside a cluster are counted.

    Returns
    -------
    dict of int to list of (int, int, float)
        By the cluster's label: a group, the one that holds so much of it, and the share.
    """
    found = shared_passages([group.text for group in groups], inside.pairs, shingle_size)
    shares = found.counts[:, None] / np.maximum(found.sizes, 1)
    held: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for at, side in np.argwhere(shares >= LEAST_HELD).tolist():
        mine, other = (int(inside.pairs[at, which]) for which in (side, 1 - side))
        held[int(labels[mine])].append((mine, other, float(shares[at, side])))
    return held


def _containment(
    held: Sequence[tuple[int, int, float]], indices: Sequence[int], parts: Sequence[Group]
) -> dict[tuple[int, int], float]:
    """Return containment between members of different groups, by position in the cluster.

    Only scored pairs are counted; texts that share no rare term do not contain one another.  Groups
    of one speak for themselves, and copies for their centre.
    """
    if not held:
        return {}
    first: dict[int, range] = {}
    position = 0
    for index, part in zip(indices, parts, strict=True):
        first[index] = range(position, position + len(part.members))
        position += len(part.members)
    return {(a, first[other][0]): share for mine, other, share in held for a in first[mine]}


def _cluster(
    batch: Batch,
    parts: Sequence[Group],
    group_labels: Sequence[int],
    *,
    label: int,
    key: str,
    similarity: NDArray[np.float64],
    containment: Mapping[tuple[int, int], float],
    centrality: Sequence[int],
    settings: Config,
) -> Cluster:
    """Make one cluster: roles first, then the canonical version, then the records."""
    alone = len(parts) == 1 and len(parts[0].members) == 1
    placed = [
        Placed(
            article=batch.articles[position],
            clean=batch.cleaned[position],
            # Lengths are for comparing: counting them is most of the work on an article.
            n_words=0 if alone else len(tokenize(batch.cleaned[position].body)),
            group=number,
            is_centre=position == part.centre,
        )
        for number, part in enumerate(parts)
        for position in part.members
    ]
    roles = assign_roles(placed, containment)
    nearness = [value for part, value in zip(parts, centrality, strict=True) for _ in part.members]
    positions = [position for part in parts for position in part.members]
    choice = choose(
        [
            Contender(
                article=place.article,
                clean=place.clean,
                n_words=place.n_words,
                group=place.group,
                role=role.value,
                centrality=int(near * similarity[position]),
            )
            for place, role, near, position in zip(placed, roles, nearness, positions, strict=True)
        ],
        settings.canonical,
    )
    members = [
        Member(
            article=place.article,
            row=batch.rows[position],
            role=role,
            similarity=float(similarity[position]),
            # A group's text is blank where its centre could not be compared.
            note=None if place.is_centre and parts[place.group].text.body else _note(place),
        )
        for place, role, position in zip(placed, roles, positions, strict=True)
    ]
    in_order = iter(members)
    return Cluster(
        label=label,
        id=key,
        groups=tuple(
            DuplicateGroup(
                label=group_label,
                members=_original_first(list(islice(in_order, len(part.members)))),
                centre=batch.articles[part.centre].id,
            )
            for part, group_label in zip(parts, group_labels, strict=True)
        ),
        canonical=placed[choice.index].article,
        reasons=choice.reasons,
    )


def _original_first(members: Sequence[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda m: (m.role is not Role.ORIGINAL, m.article.id)))


def _note(place: Placed) -> str | None:
    """Say why an article could not be compared."""
    title, body = place.clean.title, place.clean.body
    if is_comparable(title, body):
        return None
    if any(True for _ in first_tokens(f"{title} {body}")):
        return "too short to compare, stands alone"
    written = place.article.text.strip() or place.article.title.strip()
    return "no words in it, stands alone" if written else "empty, stands alone"


def _copies(batch: Batch, duplicates: Duplicates, n_rows: int) -> VerifiedCopies:
    rows = np.array(batch.rows, dtype=np.int64)
    representative = np.full(n_rows, -1, dtype=np.int64)
    representative[rows] = rows[duplicates.representative]
    return VerifiedCopies(
        representative=representative,
        pairs=rows[duplicates.pairs].reshape(-1, 2),
        jaccard=duplicates.jaccard,
    )
