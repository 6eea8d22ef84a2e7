"""A result as one page of HTML that needs nothing else: no network, and no script to be read.

Laws
----
* What is cut is said on the page.
* Every story is on it, at least by its title, up to so many that a browser still opens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element

from dedup.progress import Progress, silent
from dedup.version import __version__
from dedup.views.elements import Child, asset, element, said, said_plainly, written
from dedup.views.overview import day, overview
from dedup.views.story import story_view, timeline

if TYPE_CHECKING:
    from dedup.article import Skipped
    from dedup.cluster import Cluster
    from dedup.result import Clustering

__all__ = ["page", "write_page"]

#: Bytes for stories that can be opened, for lines of what cannot, and for rows that were skipped:
#: so a page opens soon, whatever stands in it.  A full one has some 250,000 elements.
ROOM_FOR_STORIES: Final = 6_000_000
ROOM_FOR_LINES: Final = 4_000_000
ROOM_FOR_SKIPPED: Final = 1_000_000

_TITLE: Final = 160
_STAGE: Final = "write stories"


def write_page(
    result: Clustering, path: str | PathLike[str], title: str, progress: Progress
) -> None:
    """Write the page; see :meth:`dedup.Clustering.report`."""
    Path(path).write_text(page(result, title, progress), encoding="utf-8")


def page(result: Clustering, title: str = "Stories", progress: Progress = silent) -> str:
    """Return a result as a page of HTML."""
    several = [cluster for cluster in result.clusters if len(cluster) > 1]
    single = [cluster for cluster in result.clusters if len(cluster) == 1]
    opened = _within(_stories(several, progress), ROOM_FOR_STORIES)
    progress(_STAGE, len(several), len(several))  # also where there is room for fewer
    rest = [*several[len(opened) :], *single]
    main = element("main", *opened)
    if len(opened) < len(several):
        main.append(
            element(
                "p",
                f"Of {len(several):,} stories with several articles, the largest "
                f"{len(opened):,} can be opened; the others are lines below.",
            )
        )
    lines = _within(map(_line, rest), ROOM_FOR_LINES)
    if lines:
        others = len(several) - len(opened)
        more = counted(others, "more story with several", "more stories with several")
        alone = counted(len(single), "article that stands alone", "articles that stand alone")
        title_of_lines = " and ".join([more] * bool(others) + [alone] * bool(single))
        main.append(_folded(title_of_lines, lines))
    if len(lines) < len(rest):
        main.append(element("p", f"{len(rest) - len(lines):,} more stories are not on this page."))
    if result.skipped:
        rows = _within(map(_skipped, result.skipped), ROOM_FOR_SKIPPED)
        left = len(result.skipped) - len(rows)
        more_rows = [element("li", f"and {left:,} more")] if left else []
        title_of_rows = f"Rows that could not be read: {len(result.skipped):,}"
        main.append(_folded(title_of_rows, [*rows, *more_rows]))
    field = element("input", type="search", id="query", autocomplete="off")
    search = element(
        "form",
        element("label", "Search", for_="query"),
        field,
        " ",
        element("output", for_="query", aria_live="polite"),
        id="search",
        role="search",
        hidden="",
    )
    body = element(
        "body",
        element("header", element("h1", said(title)), element("p", result.summary), search),
        main,
        element("footer", element("p", f"Made by story-dedup {__version__}.", class_="meta")),
        asset("script", "page.js"),
        class_="dedup",
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", said_plainly(title)),
        asset("style", "page.css"),
        asset("style", "style.css"),
    )
    return "<!DOCTYPE html>\n" + written(element("html", head, body, lang="en"))


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "copy", "copies"), counted(1200, "copy", "copies")
    ('1 copy', '1,200 copies')
    """
    return f"{number:,} {one if number == 1 else many}"


def _stories(clusters: Sequence[Cluster], progress: Progress) -> Iterator[Element]:
    for done, cluster in enumerate(clusters, start=1):
        yield _story(cluster)
        progress(_STAGE, done, len(clusters))


def _within(nodes: Iterable[Element], room: int) -> list[Element]:
    """Return the first of some elements, as many as so many bytes hold."""
    taken = []
    for node in nodes:
        room -= len(written(node).encode())
        if room < 0:
            break
        taken.append(node)
    return taken


def _story(cluster: Cluster) -> Element:
    told = overview(cluster)
    dates = [day(told.times[0]), day(told.times[-1])] if told.times else []
    when = " to ".join(dict.fromkeys(dates))
    facts = [
        f"{told.n_articles:,} articles",
        f"{len(told.sources):,} sources" if len(told.sources) > 1 else "",
        counted(told.n_copies, "copy", "copies") if told.n_copies else "",
        when,
    ]
    meta = element("span", " ", " · ".join(fact for fact in facts if fact), " ", class_="meta")
    drawn: Child = timeline(told.times)
    return element(
        "details",
        element("summary", said(told.title, _TITLE), meta, drawn),
        element(
            "div",
            *story_view(cluster),
            class_="scroll",
            tabindex=0,
            role="group",
            aria_label="the story's articles",
        ),
        class_="story",
    )


def _line(cluster: Cluster) -> Element:
    shown = cluster.canonical
    facts = [
        shown.source or "",
        "" if shown.published is None else str(shown.published),
        f"{len(cluster):,} articles" if len(cluster) > 1 else "",
    ]
    line = element("li", said(shown.title or shown.text, _TITLE), class_="single")
    if any(facts):
        line.append(element("span", " ", *_dotted(filter(None, facts)), class_="meta"))
    return line


def _dotted(facts: Iterable[str]) -> list[Child]:
    children: list[Child] = []
    for at, fact in enumerate(facts):
        children += [" · " if at else None, said(fact, 60)]
    return children


def _skipped(row: Skipped) -> Element:
    return element("li", f"row {row.index}: ", said(row.reason, 200))


def _folded(title: str, lines: Sequence[Element]) -> Element:
    return element("details", element("summary", title), element("ul", *lines))
