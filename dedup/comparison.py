"""Two articles side by side: :func:`compare`, and the evidence inside a result.

Both lead to :func:`dedup.explain.explain_pair`; they differ in what the words were counted over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from dedup.article import Article, as_articles
from dedup.config import Config, checked_config
from dedup.duplicates.shingling import shingle
from dedup.duplicates.verify import jaccard
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.events.features import Observed, not_observed, observe
from dedup.events.groups import GroupText, profiles_of
from dedup.explain import Evidence, explain_pair
from dedup.explain_across import explain_across
from dedup.provenance import publication
from dedup.result import Clustering, DuplicateGroup
from dedup.review import forbidden_between, numbered, threshold_units, users_word
from dedup.text.clean import CleanArticle, clean
from dedup.text.recurring import RecurringLines, count_lines, source_key
from dedup.text.tokenize import is_comparable
from dedup.urls import canonical_form, is_url

__all__ = ["Context", "clean_articles", "compare", "group_text"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """What a run counted over its whole input.

    Parameters
    ----------
    recurring : RecurringLines
        Lines that recur across a source.
    observed : Observed
        Document frequencies over the duplicate groups.
    """

    recurring: RecurringLines
    observed: Observed


def group_text(
    articles: Sequence[Article], cleaned: Sequence[CleanArticle], centre: int
) -> GroupText:
    """Return what a duplicate group says.

    Parameters
    ----------
    articles, cleaned : sequences of Article and CleanArticle
        The members of the group.
    centre : int
        Position of the member that speaks for it.
    """
    dates = [publication(a, c) for a, c in zip(articles, cleaned, strict=True)]
    urls = (
        canonical_form(url)
        for article in articles
        for url in (article.url, article.canonical_url)
        if url and is_url(url)
    )
    told = cleaned[centre]
    return GroupText(
        id=articles[centre].id,
        clean=told if is_comparable(told.title, told.body) else CleanArticle(),
        published=min(
            (date for date in dates if date is not None),
            key=lambda date: (date.end, date.start),
            default=None,
        ),
        # A bare host is a front page: it tells nothing about the story.
        urls=frozenset(url for url in urls if url and "/" in url.strip("/")),
        language=articles[centre].language,
        sources=_shared_set(tuple({source_key(article) for article in articles} - {""})),
    )


@lru_cache(maxsize=1 << 12)
def _shared_set(names: tuple[str, ...]) -> frozenset[str]:
    """Return the names as a set, one and the same for all groups of one outlet."""
    return frozenset(names)


def compare(a: Any, b: Any, *, config: Config | None = None) -> Evidence:
    """Return the evidence for two articles being reports of one event.

    Parameters
    ----------
    a, b : str, mapping, Article or object
        Anything that :func:`dedup.find_clusters` takes as one article.
    config : Config, optional
        The default if absent.

    Returns
    -------
    Evidence
        Words are weighted by general language alone, since two texts are no corpus.  Languages are
        not told apart, and ``config.event.embedder`` is not asked: both are for clusters.

    Raises
    ------
    ArticleError
        If one of them cannot be read.

    Examples
    --------
    >>> wire = "The VSSE told reporters it was watching the Cainiao hub at Liege airport for spies."
    >>> desk = "Belgian spies: the VSSE has its eye on what Cainiao does at the airport of Liege."
    >>> evidence = compare(wire, desk)
    >>> sorted(evidence.shared_names)
    ['cainiao', 'vsse']
    """
    settings = checked_config(config)
    articles, _ = as_articles([a, b])
    cleaned = clean_articles(articles, RecurringLines.empty(), settings)
    sides = [group_text([x], [c], 0) for x, c in zip(articles, cleaned, strict=True)]
    left, right = sides
    rows = shingle([left.tokens, right.tokens], settings.duplicate.shingle_size)
    same = bool(left.tokens) and left.tokens == right.tokens
    copies = same or jaccard(rows.row(0), rows.row(1)) >= settings.duplicate.threshold
    evidence = explain_pair(
        left,
        right,
        not_observed(profiles_of([left, right])),
        prior_weight=settings.event.prior_weight,
        shingle_size=settings.duplicate.shingle_size,
        relation="apart",
    )
    if copies:
        relation = "copies"
    else:
        relation = "one event" if evidence.probability >= settings.event.threshold else "apart"
    return evidence.related(relation)


def clean_articles(
    articles: Sequence[Article], recurring: RecurringLines, config: Config
) -> list[CleanArticle]:
    """Clean articles as a run does."""
    return [
        clean(article, recurring, strip_furniture=config.text.strip_furniture)
        for article in articles
    ]


def explain_members(result: Clustering, a: str, b: str) -> Evidence:
    """Explain a pair of articles of a result; see :meth:`dedup.Clustering.explain`."""
    context = result.counted
    sides = []
    notes = []
    for article_id in (a, b):
        group = result.group_of(article_id)
        sides.append(_text_of(group, context, result.config))
        if group.centre != article_id and result.group_of(a) is not result.group_of(b):
            notes.append(f"{article_id} is compared by the text that it copies, {group.centre}")
    if result.group_of(a) is result.group_of(b):
        relation = "copies"
        sides = [_own_text(result, article_id, context) for article_id in (a, b)]
    else:
        together = result.cluster_of(a) is result.cluster_of(b)
        relation = "one event" if together else "apart"
    evidence = explain_pair(
        sides[0],
        sides[1],
        context.observed,
        prior_weight=result.config.event.prior_weight,
        shingle_size=result.config.duplicate.shingle_size,
        relation=relation,
        ids=(a, b),
        titles=(result.article(a).title, result.article(b).title),
    )
    if result.across is not None:
        evidence = replace(evidence, across=explain_across(result.across, *_places(result, a, b)))
    one_language = sides[0].languages.may_equal(sides[1].languages)
    return evidence.noted((*notes, *_why(result, evidence, one_language)))


def _why(result: Clustering, evidence: Evidence, one_language: bool) -> list[str]:
    """Say what the score alone does not."""
    event = result.config.event
    notes = []
    if result.level == "duplicate" and evidence.relation == "apart":
        notes.append("this run looked for copies only (level='duplicate')")
    if evidence.relation == "copies":
        return notes
    word = users_word(result, evidence.a, evidence.b)
    if word is not None:
        return [*notes, word]
    across = _why_across(result, evidence, one_language)
    if evidence.days is not None and evidence.days > event.window_days:
        notes.append(
            f"{evidence.days:.0f} days apart, beyond the window of {event.window_days:g}: "
            "such pairs are not joined directly"
        )
        if across is not None and evidence.relation == "one event":
            notes.append(across)
    elif across is not None:
        notes.append(across)
    elif not event.across_languages and evidence.relation == "apart" and not one_language:
        notes.append("in two languages, which are not compared (event.across_languages)")
    elif (counts := _counts_as(result, evidence)) is not None:
        notes.append(
            "one of them is near to several stories that are far from each other, as a round-up "
            f"is: the pair counts as {counts:.2f} only"
        )
    elif evidence.relation == "apart" and evidence.probability >= event.threshold:
        notes.append(
            _barred(result, evidence)
            or "alike as a pair, but not like the rest of each other's cluster"
        )
    elif evidence.relation == "one event" and _are_versions(result, evidence):
        notes.append("versions of one report from one source, which stay together")
    elif evidence.relation == "one event" and evidence.probability < event.threshold:
        notes.append("joined through the other members of the cluster, not as a pair")
    return notes


def _counts_as(result: Clustering, evidence: Evidence) -> float | None:
    """Return what a pair counted as, where that is less than its probability."""
    if result.scores is None:
        return None
    pair = np.sort(_places(result, evidence.a, evidence.b))
    at = np.flatnonzero((result.scores.pairs == pair).all(axis=1))
    if not len(at):
        return None
    counts = int(result.scores.probability[at[0]])
    # What is explained is scored anew, from the same texts.
    return (
        None
        if counts >= round(evidence.probability * PROBABILITY_UNIT)
        else (counts / PROBABILITY_UNIT)
    )


def _are_versions(result: Clustering, evidence: Evidence) -> bool:
    """Say whether a pair is in force as versions: linkage asks for the threshold, too."""
    if result.scores is None:
        return False
    a, b = sorted(_places(result, evidence.a, evidence.b))
    return (a, b) in result.scores.versions_from(threshold_units(result.config))


def _barred(result: Clustering, evidence: Evidence) -> str | None:
    """Say which forbidden pair keeps the two clusters apart; None if none does."""
    barred = forbidden_between(result, evidence.a, evidence.b)
    if not barred:
        return None
    return f"their clusters hold {barred[0]} and {barred[1]}, which event.cannot_link keeps apart"


def _why_across(result: Clustering, evidence: Evidence, one_language: bool) -> str | None:
    """Say what the embedder had to do with it; None if nothing."""
    across = result.across
    if across is None:
        return None
    places = _places(result, evidence.a, evidence.b)
    clusters = across.before[list(places)].tolist()
    if clusters[0] == clusters[1]:
        return None
    if evidence.relation == "one event":
        if one_language:
            return "in one language, but joined through reports in another"
        return "in two languages, joined as clusters with the help of the embedder"
    if one_language:
        return None
    for article_id, cluster in zip((evidence.a, evidence.b), clusters, strict=True):
        rows = across.before == cluster
        if across.needed[rows].any() and not across.trusted[rows].any():
            return f"in two languages, and the embedder cannot read the cluster of {article_id}"
    barred = _barred(result, evidence)
    if barred:
        return barred
    if evidence.across is None:
        return "in two languages, and nothing near in what the embedder reads, or not near in time"
    if evidence.across.log_odds >= evidence.across.threshold:
        return (
            "in two languages; near as clusters, but no name, number or date supports it, or each "
            "was joined with others first"
        )
    return "in two languages, and not near enough as clusters"


def _places(result: Clustering, a: str, b: str) -> tuple[int, int]:
    """Return the numbers that the scores give to the groups of two articles."""
    place = {group.label: number for number, group in enumerate(numbered(result))}
    return place[result.group_of(a).label], place[result.group_of(b).label]


def _text_of(group: DuplicateGroup, context: Context, config: Config) -> GroupText:
    articles = [member.article for member in group.members]
    centre = [article.id for article in articles].index(group.centre)
    return group_text(articles, clean_articles(articles, context.recurring, config), centre)


def _own_text(result: Clustering, article_id: str, context: Context) -> GroupText:
    articles = [result.article(article_id)]
    return group_text(articles, clean_articles(articles, context.recurring, result.config), 0)


def context_of(result: Clustering) -> Context:
    """Count over a result's articles what the run counted; linear in their length."""
    articles = [member.article for cluster in result.clusters for member in cluster.members]
    recurring = count_lines(articles)
    centres = [result.article(group.centre) for group in result.groups]
    cleaned = clean_articles(centres, recurring, result.config)
    texts = [group_text([a], [c], 0) for a, c in zip(centres, cleaned, strict=True)]
    return Context(recurring=recurring, observed=observe(profiles_of(texts)))
