"""The whole pipeline: articles in, clusters with canonical versions out.

Read :func:`find_clusters` top to bottom.  Each stage is a module of its own; nothing here decides,
it only hands on.  Articles are put into the order of their ids first, and every later tie is broken
by that order: so the order of the input cannot matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from dedup.article import Article, Skipped, as_articles
from dedup.assemble import Batch, Events, Group, assemble
from dedup.comparison import group_text
from dedup.config import Config, EventConfig, checked_config
from dedup.duplicates.groups import Duplicates, find_duplicates
from dedup.duplicates.shingling import Ragged
from dedup.errors import ConfigError
from dedup.events.candidates import EventCandidates, event_candidates
from dedup.events.clustering import PROBABILITY_UNIT, average_linkage, connected_components
from dedup.events.features import Features, observe
from dedup.events.groups import features_of
from dedup.events.scoring import score
from dedup.progress import Progress, reporting
from dedup.result import (
    Clustering,
)
from dedup.text.clean import clean
from dedup.text.recurring import count_lines
from dedup.text.tokenize import compared_tokens

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
        return assemble(batch, duplicates, groups, shingles, events, level, settings, report)


def _prepare(
    articles: Sequence[Article], skipped: Sequence[Skipped], settings: Config, report: Progress
) -> Batch:
    lost = {row.index for row in skipped}
    rows = [row for row in range(len(articles) + len(lost)) if row not in lost]
    order = sorted(range(len(articles)), key=lambda position: articles[position].id)
    ordered = [articles[position] for position in order]
    recurring = count_lines(ordered)
    cleaned = []
    for done, article in enumerate(ordered, start=1):
        cleaned.append(clean(article, recurring, strip_furniture=settings.text.strip_furniture))
        report("clean", done, len(ordered))
    return Batch(
        articles=ordered,
        cleaned=cleaned,
        rows=[rows[position] for position in order],
        skipped=tuple(skipped),
        recurring=recurring,
    )


def _find_duplicates(batch: Batch, settings: Config, report: Progress) -> Duplicates:
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


def _groups(batch: Batch, duplicates: Duplicates) -> list[Group]:
    members: dict[int, list[int]] = defaultdict(list)
    for position, centre in enumerate(duplicates.centre.tolist()):
        members[centre].append(position)
    return [
        Group(
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
    groups: Sequence[Group], shingles: Ragged, settings: Config, report: Progress, level: str
) -> Events:
    """Cluster the groups by event: features, candidates, scores, average linkage."""
    apart = np.arange(len(groups), dtype=np.int64)
    if level == "duplicate":
        return Events(labels=apart, scored=None, observed=None)
    texts = [group.text for group in groups]
    profiles = []
    for done, text in enumerate(texts, start=1):
        profiles.append(text.profile)
        report("read words", done, len(texts))
    observed = observe(profiles)
    if len(groups) < 2:
        return Events(labels=apart, scored=None, observed=observed)
    event = settings.event
    features = features_of(texts, profiles, observed, event.prior_weight)
    candidates = _find_candidates(features, event, report)
    scored = score(features, shingles, candidates.pairs).at_least(
        round(event.floor * PROBABILITY_UNIT)
    )
    component = connected_components(len(groups), scored.pairs)
    return Events(
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
