"""The articles of a run, cleaned and in the order of their ids, and their duplicate groups.

A new run and one that takes up a result again both start here, so that they cannot differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dedup.article import Article, Skipped
from dedup.comparison import group_text
from dedup.config import Config, EventConfig
from dedup.duplicates.groups import Duplicates
from dedup.events.groups import GroupText
from dedup.events.links import Links
from dedup.progress import Progress
from dedup.text.clean import CleanArticle, clean, normalized_text
from dedup.text.recurring import RecurringLines, count_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The articles in the order of their ids, cleaned, with their places in the input."""

    articles: Sequence[Article]
    cleaned: Sequence[CleanArticle]
    rows: Sequence[int]
    skipped: tuple[Skipped, ...]
    recurring: RecurringLines


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A duplicate group: positions in the batch, and what it says."""

    members: tuple[int, ...]
    centre: int
    text: GroupText


def prepare(
    articles: Sequence[Article],
    skipped: Sequence[Skipped],
    settings: Config,
    report: Progress,
    *,
    recurring: RecurringLines | None = None,
) -> Batch:
    """Clean articles and put them into the order of their ids.

    Parameters
    ----------
    articles : sequence of Article
        As they came.
    skipped : sequence of Skipped
        Rows between them that could not be read.
    settings : Config
    report : callable
        ``report(stage, done, total)``.
    recurring : RecurringLines, optional
        Lines that recur, if these articles are not the whole input; else they are counted.
    """
    lost = {row.index for row in skipped}
    rows = [row for row in range(len(articles) + len(lost)) if row not in lost]
    order = sorted(range(len(articles)), key=lambda position: articles[position].id)
    ordered = [articles[position] for position in order]
    texts = [normalized_text(article) for article in ordered]
    if recurring is None:
        recurring = count_lines(ordered, texts)
    cleaned = []
    for done, (article, text) in enumerate(zip(ordered, texts, strict=True), start=1):
        cleaned.append(
            clean(
                article,
                recurring,
                strip_furniture=settings.text.strip_furniture,
                normalized=text,
            )
        )
        report("clean", done, len(ordered))
    return Batch(
        articles=ordered,
        cleaned=cleaned,
        rows=[rows[position] for position in order],
        skipped=tuple(skipped),
        recurring=recurring,
    )


def groups_of(batch: Batch, duplicates: Duplicates) -> list[Group]:
    """Return the duplicate groups in the order of their centres' ids."""
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


def user_links(batch: Batch, groups: Sequence[Group], event: EventConfig) -> Links:
    """Return what the user requires and forbids, as pairs of groups."""
    return Links.of(event.must_link, event.cannot_link, rows_by_id(batch, groups))


def rows_by_id(batch: Batch, groups: Sequence[Group]) -> dict[str, int]:
    """Return the row of each article's group, by its id."""
    return {batch.articles[at].id: row for row, group in enumerate(groups) for at in group.members}
