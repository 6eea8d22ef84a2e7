"""What a reader wants to know of a story before opening it: how large, who, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Final
from unicodedata import category, east_asian_width

from dedup.cluster import printable, shorten

if TYPE_CHECKING:
    from dedup.cluster import Cluster
    from dedup.result import Clustering

__all__ = ["Overview", "day", "fitted", "overview", "table"]

#: Stories that a table in a terminal shows, and how wide it is where nobody knows the terminal.
_SHOWN: Final = 10
_WIDE: Final = 130

#: Columns of characters of the timeline; of the narrowest title, and of sources worth a column.
_LINE: Final = 12
_LEAST_TITLE: Final = 20
_LEAST_SOURCES: Final = 10

_STEPS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A story at a glance.

    Parameters
    ----------
    title : str
    n_articles, n_texts : int
        Articles, and texts among them that are no copies of each other.
    sources : tuple of str
        Outlets, those with most articles first.
    times : tuple of datetime
        When its dated articles appeared, sorted.
    """

    title: str
    n_articles: int
    n_texts: int
    sources: tuple[str, ...]
    times: tuple[datetime, ...]

    @property
    def n_copies(self) -> int:
        """Articles that are copies of another one."""
        return self.n_articles - self.n_texts


def overview(cluster: Cluster) -> Overview:
    """Return a story at a glance.  O(n log n) in its articles."""
    shown, counts = cluster.canonical, dict[str, int]()
    for member in cluster.members:
        if member.article.source:
            counts[member.article.source] = counts.get(member.article.source, 0) + 1
    dates = (member.article.published for member in cluster.members)
    return Overview(
        title=shown.title or shorten(shown.text, 200),
        n_articles=len(cluster),
        n_texts=len(cluster.groups),
        sources=tuple(sorted(counts, key=lambda name: (-counts[name], name))),
        # The middle: a day without a zone begins the day before, somewhere.
        times=tuple(
            sorted(
                (date.start + (date.end - date.start) / 2).astimezone(UTC)
                for date in dates
                if date is not None
            )
        ),
    )


def day(moment: datetime | None) -> str:
    """Return a day as it is written in tables; empty if there is none."""
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def table(result: Clustering) -> str:
    """Return the largest stories as an aligned table for a terminal."""
    stories = [overview(cluster) for cluster in result.clusters[:_SHOWN] if len(cluster) > 1]
    if not stories:
        return ""
    low = min((each.times[0] for each in stories if each.times), default=None)
    high = max((each.times[-1] for each in stories if each.times), default=None)
    head = ("story", "articles", "copies", "first", "last", " " * _LINE, "sources")
    rows = [head]
    for label, each in enumerate(stories):
        rows.append(
            (
                f"{label}  {each.title}",
                str(each.n_articles),
                str(each.n_copies),
                day(each.times[0] if each.times else None),
                day(each.times[-1] if each.times else None),
                _sparks(each.times, low, high),
                ", ".join(each.sources),
            )
        )
    widths = _widths()
    right = (False, True, True, False, False, False, False)
    lines = [
        "  ".join(
            fitted(cell, width, right=to_right) if width else cell  # blanks count in a timeline
            for cell, width, to_right in zip(row, widths, right, strict=False)
        ).rstrip()
        for row in rows
    ]
    several = sum(len(cluster) > 1 for cluster in result.clusters)
    if several > len(stories):
        lines.append(f"… and {several - len(stories):,} more stories with several articles")
    return "\n".join(lines)


def _widths() -> tuple[int, ...]:
    """Return how wide each column is, so that a line fits the terminal; 0 is as it comes."""
    fixed = (8, 6, 10, 10, 0)
    left = get_terminal_size((_WIDE, 0)).columns - sum(fixed) - _LINE - 2 * (len(fixed) + 1)
    sources = left // 3
    if sources < _LEAST_SOURCES:
        return (max(left + 2, _LEAST_TITLE), *fixed)
    return (left - sources, *fixed, sources)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return a text in so many columns of a terminal: wide characters take two.

    >>> fitted("比利时情报", 6) + "|", fitted("ab", 4, right=True)
    ('比利… |', '  ab')
    """
    text = printable(" ".join(text[: 4 * width].split()))
    columns = [_columns(character) for character in text]
    total = sum(columns)
    if total > width:
        kept = 0
        while sum(columns[: kept + 1]) <= width - 1:
            kept += 1
        text, total = text[:kept] + "…", sum(columns[:kept]) + 1
    space = " " * (width - total)
    return space + text if right else text + space


def _columns(character: str) -> int:
    # It is written over, under or around the one before, or joins two.
    if category(character)[0] == "M" or category(character) == "Cf":
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _sparks(times: tuple[datetime, ...], low: datetime | None, high: datetime | None) -> str:
    """Return how many articles appeared when, as a row of blocks."""
    if not times or low is None or high is None:
        return " " * _LINE
    span = (high - low).total_seconds() or 1.0
    counts = [0] * _LINE
    for moment in times:
        counts[min(int((moment - low).total_seconds() / span * _LINE), _LINE - 1)] += 1
    most = max(counts)
    return "".join(_STEPS[-(-count * (len(_STEPS) - 1) // most)] for count in counts)
