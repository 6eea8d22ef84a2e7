"""The whole pipeline: articles in, clusters with canonical versions out.

Read :func:`find_clusters` top to bottom.  Each stage is a module of its own; nothing here decides,
it only hands on.  Articles are put into the order of their ids first, and every later tie is broken
by that order: so the order of the input cannot matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dedup.article import Article, Skipped, as_articles
from dedup.canonical import Member as Contender
from dedup.canonical import choose
from dedup.comparison import Context, group_text
from dedup.config import Config, EventConfig, checked_config
from dedup.duplicates.groups import Duplicates, find_duplicates
from dedup.duplicates.shingling import Ragged
from dedup.duplicates.verify import shared_counts
from dedup.errors import ConfigError
from dedup.events.candidates import EventCandidates, event_candidates
from dedup.events.clustering import PROBABILITY_UNIT, average_linkage, connected_components
from dedup.events.features import Features, Observed, observe
from dedup.events.groups import GroupText, features_of
from dedup.events.scoring import Scored, score
from dedup.progress import Progress, reporting
from dedup.result import (
    Cluster,
    Clustering,
    DuplicateGroup,
    Member,
    Statistics,
    VerifiedCopies,
)
from dedup.roles import Placed, Role, assign_roles
from dedup.text.clean import CleanArticle, clean
from dedup.text.recurring import RecurringLines, count_lines
from dedup.text.tokenize import compared_tokens, tokenize
from dedup.version import __version__

__all__ = ["find_clusters"]


def find_clusters(
    articles: Iterable[Any],
    *,
    level: Literal["event", "duplicate"] = "event",
    config: Config | None = None,
    progress: Progress | bool | None = None,
    columns: Mapping[str, str] | None = None,
    on_error: Literal["raise", "skip"] = "raise",
) -> Clustering:
    """Find copies of one text, reports of one event, and the version of each story to show.

    Parameters
    ----------
    articles : iterable
        Texts (str), dicts as crawlers and feeds give them, :class:`~dedup.Article` records, or a
        pandas, polars or Arrow table.  Only a title or a text is required.
    level : {"event", "duplicate"}
        ``"duplicate"`` stops after the groups of copies; each is then a cluster of its own.
    config : Config, optional
        The defaults are meant to be kept.
    progress : callable, bool or None
        Called as ``progress(stage, done, total)``.  None draws bars where somebody is looking and
        tqdm is installed, False draws none.
    columns : mapping of str to str, optional
        Field → your name for it, such as ``{"text": "body"}``.
    on_error : {"raise", "skip"}
        What to do with a row that cannot be read: raise :class:`~dedup.ArticleError`, or list it in
        ``clustering.skipped`` and go on.

    Returns
    -------
    Clustering
        The same for any order of the input.

    Raises
    ------
    ArticleError
        If a row cannot be read, naming row, field and value; or if two rows share an explicit id.
    ConfigError
        If ``level`` or ``on_error`` is not one of its values.

    Notes
    -----
    Near-linear in the number of articles; all pairs are never compared.

    Examples
    --------
    >>> clustering = find_clusters([
    ...     "The Belgian VSSE is watching the Cainiao hub at Liege airport over fears of spying.",
    ...     "Spying fears: Belgium's VSSE has been watching Cainiao's hub at the Liege airport.",
    ...     "Storm Babet floods Brechin as the South Esk bursts its banks in Angus.",
    ... ])
    >>> clustering.labels.tolist()
    [0, 0, 1]
    """
    if level not in ("event", "duplicate"):
        raise ConfigError(f"level must be 'event' or 'duplicate', got {level!r}")
    settings = checked_config(config)
    with reporting(progress) as report:
        read, skipped = as_articles(articles, columns=columns, on_error=on_error)
        batch = _prepare(read, skipped, settings, report)
        duplicates = _find_duplicates(batch, settings, report)
        groups = _groups(batch, duplicates)
        shingles = duplicates.shingles.take(duplicates.shingle_row[[g.centre for g in groups]])
        events = _find_events(groups, shingles, settings, report, level)
        return _assemble(batch, duplicates, groups, shingles, events, level, settings, report)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The articles in the order of their ids, cleaned, with their places in the input."""

    articles: Sequence[Article]
    cleaned: Sequence[CleanArticle]
    rows: Sequence[int]
    skipped: tuple[Skipped, ...]
    recurring: RecurringLines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """A duplicate group: positions in the batch, and what it says."""

    members: tuple[int, ...]
    centre: int
    text: GroupText


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Events:
    """What the event stage found about the groups."""

    labels: NDArray[np.int64]
    scored: Scored | None
    observed: Observed
    candidates: int = 0
    capped_terms: int = 0
    largest_component: int = 1


def _prepare(
    articles: Sequence[Article], skipped: Sequence[Skipped], settings: Config, report: Progress
) -> _Batch:
    lost = {row.index for row in skipped}
    rows = [row for row in range(len(articles) + len(lost)) if row not in lost]
    order = sorted(range(len(articles)), key=lambda position: articles[position].id)
    ordered = [articles[position] for position in order]
    recurring = count_lines(ordered)
    cleaned = []
    for done, article in enumerate(ordered, start=1):
        cleaned.append(clean(article, recurring, strip_furniture=settings.text.strip_furniture))
        report("clean", done, len(ordered))
    return _Batch(
        articles=ordered,
        cleaned=cleaned,
        rows=[rows[position] for position in order],
        skipped=tuple(skipped),
        recurring=recurring,
    )


def _find_duplicates(batch: _Batch, settings: Config, report: Progress) -> Duplicates:
    duplicate = settings.duplicate
    return find_duplicates(
        [compared_tokens(c.title, c.body) for c in batch.cleaned],
        shingle_size=duplicate.shingle_size,
        threshold=duplicate.threshold,
        num_perm=duplicate.num_perm,
        bands=duplicate.bands,
        rows=duplicate.rows,
        bucket_cap=duplicate.bucket_cap,
        progress=report,
    )


def _groups(batch: _Batch, duplicates: Duplicates) -> list[_Group]:
    members: dict[int, list[int]] = defaultdict(list)
    for position, centre in enumerate(duplicates.centre.tolist()):
        members[centre].append(position)
    return [
        _Group(
            members=tuple(positions),
            centre=centre,
            text=group_text(
                [batch.articles[p] for p in positions],
                [batch.cleaned[p] for p in positions],
                positions.index(centre),
            ),
        )
        for centre, positions in sorted(members.items())
    ]


def _find_events(
    groups: Sequence[_Group], shingles: Ragged, settings: Config, report: Progress, level: str
) -> _Events:
    """Cluster the groups by event: features, candidates, scores, average linkage."""
    texts = [group.text for group in groups]
    profiles = []
    for done, text in enumerate(texts, start=1):
        profiles.append(text.profile)
        report("read words", done, len(texts))
    observed = observe(profiles)
    apart = np.arange(len(groups), dtype=np.int64)
    if level == "duplicate" or len(groups) < 2:
        return _Events(labels=apart, scored=None, observed=observed)
    event = settings.event
    features = features_of(texts, profiles, observed, event.prior_weight)
    candidates = _find_candidates(features, event, report)
    scored = score(features, shingles, candidates.pairs).at_least(
        round(event.floor * PROBABILITY_UNIT)
    )
    component = connected_components(len(groups), scored.pairs)
    return _Events(
        labels=average_linkage(
            len(groups),
            scored.pairs,
            scored.probability,
            round(event.threshold * PROBABILITY_UNIT),
            progress=lambda done, total: report("cluster", done, total),
        ),
        scored=scored,
        observed=observed,
        candidates=len(candidates.pairs),
        capped_terms=candidates.capped_terms,
        largest_component=int(np.bincount(component).max()),
    )


def _find_candidates(features: Features, event: EventConfig, report: Progress) -> EventCandidates:
    return event_candidates(
        features,
        top_terms=event.top_terms,
        min_cosine=event.min_cosine,
        window_days=event.window_days,
        posting_cap=event.posting_cap,
        across_languages=event.across_languages,
        progress=lambda done, total: report("find candidates", done, total),
    )


def _assemble(
    batch: _Batch,
    duplicates: Duplicates,
    groups: Sequence[_Group],
    shingles: Ragged,
    events: _Events,
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
    links = _links_by_cluster(events)
    clusters: list[Cluster | None] = [None] * len(together)
    labels = np.full(n_rows, -1, dtype=np.int64)
    group_labels = np.full(n_rows, -1, dtype=np.int64)
    for done, (indices, key) in enumerate(zip(together, keys, strict=True), start=1):
        label = order[done - 1]
        parts = [groups[index] for index in indices]
        inside = links.get(int(events.labels[indices[0]]), [])
        clusters[label] = _cluster(
            batch,
            parts,
            [rank[index] for index in indices],
            label=label,
            key=key,
            similarity=similarity,
            containment=_containment(shingles, indices, parts, inside),
            centrality=_centrality(indices, inside),
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
            event_candidates=events.candidates,
            event_pairs=0 if events.scored is None else len(events.scored.pairs),
            capped_terms=events.capped_terms,
            largest_component=events.largest_component if groups else 0,
            lines_removed=sum(len(c.removed) for c in batch.cleaned),
        ),
        copies=_copies(batch, duplicates, n_rows),
        context=Context(recurring=batch.recurring, observed=events.observed),
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


def _key(batch: _Batch, positions: Iterable[int]) -> str:
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


def _links_by_cluster(events: _Events) -> dict[int, list[tuple[int, int, int]]]:
    """Return the scored pairs inside each cluster: (group, group, probability)."""
    links: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    if events.scored is not None:
        pairs = events.scored.pairs
        inside = events.labels[pairs[:, 0]] == events.labels[pairs[:, 1]]
        for (i, j), value in zip(
            pairs[inside].tolist(), events.scored.probability[inside].tolist(), strict=True
        ):
            links[int(events.labels[i])].append((i, j, value))
    return links


def _centrality(indices: Sequence[int], links: Sequence[tuple[int, int, int]]) -> dict[int, int]:
    """Return each group's mean probability with the others of its cluster, 0 to 1000."""
    total = dict.fromkeys(indices, 0)
    for i, j, value in links:
        total[i] += value
        total[j] += value
    others = max(1, len(indices) - 1)
    return {
        index: 1000 if len(indices) == 1 else value * 1000 // (others * PROBABILITY_UNIT)
        for index, value in total.items()
    }


def _containment(
    shingles: Ragged,
    indices: Sequence[int],
    parts: Sequence[_Group],
    links: Sequence[tuple[int, int, int]],
) -> dict[tuple[int, int], float]:
    """Return containment between members of different groups, by position in the cluster.

    Only scored pairs are counted; texts that share no rare term do not contain one another.  Groups
    of one speak for themselves, and copies for their centre.
    """
    if not links:
        return {}
    pairs = np.array([(i, j) for i, j, _ in links], dtype=np.int64)
    shared = shared_counts(shingles, pairs).tolist()
    lengths = shingles.lengths
    first: dict[int, list[int]] = {}
    position = 0
    for index, part in zip(indices, parts, strict=True):
        first[index] = list(range(position, position + len(part.members)))
        position += len(part.members)
    return {
        (a, b): count / int(lengths[mine])
        for (i, j), count in zip(pairs.tolist(), shared, strict=True)
        if count
        for mine, other in ((i, j), (j, i))
        for a in first[mine]
        for b in first[other][:1]
    }


def _cluster(
    batch: _Batch,
    parts: Sequence[_Group],
    group_labels: Sequence[int],
    *,
    label: int,
    key: str,
    similarity: NDArray[np.float64],
    containment: Mapping[tuple[int, int], float],
    centrality: Mapping[int, int],
    settings: Config,
) -> Cluster:
    """Make one cluster: roles first, then the canonical version, then the records."""
    placed = [
        Placed(
            article=batch.articles[position],
            clean=batch.cleaned[position],
            n_words=len(tokenize(batch.cleaned[position].body)),
            group=number,
            is_centre=position == part.centre,
        )
        for number, part in enumerate(parts)
        for position in part.members
    ]
    roles = assign_roles(placed, containment)
    nearness = [
        value for part, value in zip(parts, centrality.values(), strict=True) for _ in part.members
    ]
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
            note=_note(place),
        )
        for place, role, position in zip(placed, roles, positions, strict=True)
    ]
    return Cluster(
        label=label,
        id=key,
        groups=tuple(
            DuplicateGroup(
                label=group_label,
                members=_original_first(
                    [m for m, place in zip(members, placed, strict=True) if place.group == number]
                ),
                centre=batch.articles[part.centre].id,
            )
            for number, (part, group_label) in enumerate(zip(parts, group_labels, strict=True))
        ),
        canonical=placed[choice.index].article,
        reasons=choice.reasons,
    )


def _original_first(members: Sequence[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda m: (m.role is not Role.ORIGINAL, m.article.id)))


def _note(place: Placed) -> str | None:
    """Say why an article could not be compared."""
    title, body = place.clean.title, place.clean.body
    if compared_tokens(title, body):
        return None
    if tokenize(f"{title} {body}"):
        return "too short to compare, stands alone"
    written = place.article.text.strip() or place.article.title.strip()
    return "no words in it, stands alone" if written else "empty, stands alone"


def _copies(batch: _Batch, duplicates: Duplicates, n_rows: int) -> VerifiedCopies:
    rows = np.array(batch.rows, dtype=np.int64)
    representative = np.full(n_rows, -1, dtype=np.int64)
    representative[rows] = rows[duplicates.representative]
    return VerifiedCopies(
        representative=representative,
        pairs=rows[duplicates.pairs].reshape(-1, 2),
        jaccard=duplicates.jaccard,
    )
