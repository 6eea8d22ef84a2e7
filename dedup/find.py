"""The whole pipeline: articles in, clusters with canonical versions out.

Read :func:`find_clusters` top to bottom.  Each stage is a module of its own; nothing here decides,
it only hands on.  Articles are put into the order of their ids first, and every later tie is broken
by that order: so the order of the input cannot matter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from dedup.article import Article, Skipped, as_articles
from dedup.assemble import Events, assemble
from dedup.batch import Batch, Group, groups_of, prepare, user_links
from dedup.config import Config, EventConfig, checked_config
from dedup.duplicates.fingerprints import fingerprint
from dedup.duplicates.groups import Duplicates, find_duplicates
from dedup.errors import ConfigError
from dedup.events.across import join_across, languages_of_clusters, worth_embedding
from dedup.events.candidates import EventCandidates, event_candidates
from dedup.events.clustering import PROBABILITY_UNIT, link
from dedup.events.features import Features, Observed, observe
from dedup.events.groups import GroupText, features_of, profiles_of
from dedup.events.links import Links
from dedup.events.round_ups import ACQUAINTED, held_down
from dedup.events.scoring import Scored, score
from dedup.events.versions import are_versions
from dedup.pairs import AcrossScores, PairScores
from dedup.progress import Progress, reporting
from dedup.result import Clustering
from dedup.review import threshold_units
from dedup.semantic import Embedded, Embedder, embed, usable_embedder
from dedup.stats import Stopwatch
from dedup.text.latin import latin_letters
from dedup.text.told import Told

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
        table of pandas, polars, Arrow, DuckDB or Hugging Face's datasets.  Only a title or a text
        is required.
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
        If ``level`` or ``on_error`` is not one of its values; or if ``event.must_link`` or
        ``event.cannot_link`` names an unknown id, or contradicts itself or the copies found; or if
        only the name of ``event.embedder`` is known.

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
    if level == "event" and usable_embedder(settings.event.embedder) is not None:
        latin_letters()  # what is missing must not cost an hour
    watch = Stopwatch()
    with reporting(progress) as report:
        with watch("read", 0, "articles") as counted:
            read, skipped = as_articles(articles, columns=columns, on_error=on_error)
            counted(len(read))
        run = run_stages(read, skipped, level, settings, report, watch)
    return replace(run.clustering, stats=watch.stats())


LinksOf = Callable[[Batch, Sequence[Group], EventConfig], Links]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What the stages found, one after the other."""

    batch: Batch
    groups: Sequence[Group]
    events: Events
    clustering: Clustering


def run_stages(
    read: Sequence[Article],
    skipped: Sequence[Skipped],
    level: str,
    settings: Config,
    report: Progress,
    watch: Stopwatch,
    links_of: LinksOf = user_links,
) -> Run:
    """Take articles through all stages; ``links_of`` says what the user requires and forbids."""
    with watch("clean", len(read), "articles"):
        batch = prepare(read, skipped, settings, report)
    duplicates = _find_duplicates(batch, settings, report, watch)
    with watch("group", len(read), "articles"):
        groups = groups_of(batch, duplicates)
    events = _find_events(batch, groups, settings, report, watch, level, links_of)
    with watch("choose canonical", len(groups), "groups"):
        found = assemble(batch, duplicates, groups, events, level, settings, report)
    return Run(batch=batch, groups=groups, events=events, clustering=found)


def _find_duplicates(
    batch: Batch, settings: Config, report: Progress, watch: Stopwatch
) -> Duplicates:
    duplicate = settings.duplicate
    with watch("fingerprint", len(batch.cleaned), "articles"):
        fingerprints = fingerprint(
            Told(batch.cleaned),
            shingle_size=duplicate.shingle_size,
            num_perm=duplicate.num_perm,
            progress=report,
        )
    with watch("find copies", len(fingerprints.signatures), "texts"):
        return find_duplicates(
            fingerprints,
            threshold=duplicate.threshold,
            bands=duplicate.bands,
            rows=duplicate.rows,
            bucket_cap=duplicate.bucket_cap,
            progress=report,
        )


def _find_events(
    batch: Batch,
    groups: Sequence[Group],
    settings: Config,
    report: Progress,
    watch: Stopwatch,
    level: str,
    links_of: LinksOf,
) -> Events:
    """Cluster the groups by event: features, candidates, scores, linkage; then across languages."""
    apart = np.arange(len(groups), dtype=np.int64)
    if level == "duplicate":
        return Events(labels=apart, scores=None, observed=None)
    event = settings.event
    links = links_of(batch, groups, event)  # first: a wrong id must not cost an hour
    texts = [group.text for group in groups]
    features, observed = _weighed_words(texts, event, report, watch)
    if features is None:
        return Events(labels=apart, scores=PairScores.none(), observed=observed)
    scored, n_candidates, capped_terms = _scored_pairs(features, event, report, watch)
    with watch("cluster", len(scored.pairs), "pairs"):
        probability = held_down(features.sizes, scored.pairs, scored.probability)
        kept = probability >= _floor(event)
        pairs, probability = scored.pairs[kept], probability[kept]
        versions = are_versions(
            features, texts, pairs, probability, settings.duplicate.shingle_size
        )
        scores = PairScores.of(pairs, probability, versions)
        threshold = threshold_units(settings)
        linkage = link(
            len(groups),
            pairs,
            probability,
            threshold,
            links=links.joined_by(scores.versions_from(threshold)),
            progress=lambda done, total: report("cluster", done, total),
        )
    events = Events(
        labels=linkage.labels,
        scores=scores,
        raw=PairScores.of(scored.pairs, scored.probability, np.zeros(len(kept), dtype=np.bool_)),
        observed=observed,
        candidates=n_candidates,
        capped_terms=capped_terms,
        largest_component=linkage.largest_component,
    )
    embedder = usable_embedder(event.embedder)
    if embedder is None:
        return events
    with watch("join languages", len(groups), "groups"):
        return _join_languages(events, texts, features, links, embedder, event.window_days, report)


def _weighed_words(
    texts: Sequence[GroupText], event: EventConfig, report: Progress, watch: Stopwatch
) -> tuple[Features | None, Observed]:
    """Return the words of all texts as numbers, if there is anything to compare, and their counts.

    How they were read takes as much memory, and is let go of here.
    """
    with watch("read words", len(texts), "groups"):
        profiles = profiles_of(texts, progress=report)
        observed = observe(profiles)
    if len(texts) < 2:
        return None, observed
    with watch("weigh words", len(texts), "groups"):
        return features_of(texts, profiles, observed, event.prior_weight), observed


def _scored_pairs(
    features: Features, event: EventConfig, report: Progress, watch: Stopwatch
) -> tuple[Scored, int, int]:
    """Return the pairs that may be one event; how many were looked at, and terms that were capped.

    There are many more candidates than pairs that are kept, and they are let go of here.
    """
    with watch("find candidates", len(features), "groups"):
        candidates = _find_candidates(features, event, report)
    with watch("score", len(candidates.pairs), "pairs"):
        # Who knows whom must not depend on the floor.
        scored = score(features, candidates.pairs, floor=min(_floor(event), ACQUAINTED))
    return scored, len(candidates.pairs), candidates.capped_terms


def _floor(event: EventConfig) -> int:
    return round(event.floor * PROBABILITY_UNIT)


def _join_languages(
    events: Events,
    texts: Sequence[GroupText],
    features: Features,
    links: Links,
    embedder: Embedder,
    window_days: float,
    report: Progress,
) -> Events:
    """Join clusters in different languages: embed what has a counterpart, compare, join."""
    languages = languages_of_clusters(texts, features.languages, events.labels)
    needed = worth_embedding(features, events.labels, languages, window_days)
    rows = np.flatnonzero(needed)
    found = embed(
        embedder,
        Told([texts[row] for row in rows.tolist()]),
        [features.languages[row] for row in rows.tolist()],
        progress=report,
    )
    vectors = np.zeros((len(texts), found.vectors.shape[1]), dtype=np.int16)
    trusted = np.zeros(len(texts), dtype=np.bool_)
    vectors[rows], trusted[rows] = found.vectors, found.trusted
    joined = join_across(
        features,
        Embedded(vectors=vectors, trusted=trusted),
        events.labels,
        languages,
        window_days=window_days,
        links=links,
        progress=lambda done, total: report("join languages", done, total),
    )
    return replace(
        events,
        labels=joined.labels,
        across=AcrossScores(
            before=events.labels,
            trusted=trusted,
            needed=needed,
            pairs=joined.pairs,
            values=joined.values,
            joins=joined.joins,
        ),
        across_candidates=joined.candidates,
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
