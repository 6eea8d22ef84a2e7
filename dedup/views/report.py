"""A result as one page of HTML that needs nothing else: no network, and no script to be read.

Laws
----
* What is cut is said on the page.
* Every article is on it, at least by its title, up to so many that a browser still opens it.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element

from dedup.version import __version__
from dedup.views.elements import Child, element, said, written
from dedup.views.notebook import asset
from dedup.views.overview import day, overview
from dedup.views.story import story_view, timeline

if TYPE_CHECKING:
    from dedup.cluster import Cluster
    from dedup.result import Clustering

__all__ = ["page", "write_page"]

#: Stories that can be opened, and lines for what cannot: so a page stays under 20 MB.
MOST_STORIES: Final = 3_000
MOST_LINES: Final = 20_000

_TITLE: Final = 160


def write_page(result: Clustering, path: str | PathLike[str], title: str) -> None:
    """Write the page; see :meth:`dedup.Clustering.report`."""
    Path(path).write_text(page(result, title), encoding="utf-8")


def page(result: Clustering, title: str = "Stories") -> str:
    """Return a result as a page of HTML."""
    several = [cluster for cluster in result.clusters if len(cluster) > 1]
    single = [cluster for cluster in result.clusters if len(cluster) == 1]
    lines = [*several[MOST_STORIES:], *single]
    main = element("main", *(_story(cluster) for cluster in several[:MOST_STORIES]))
    if len(several) > MOST_STORIES:
        main.append(
            element(
                "p",
                f"Of {len(several):,} stories with several articles, the largest "
                f"{MOST_STORIES:,} can be opened; the others are lines below.",
            )
        )
    if lines:
        main.append(_lines(lines[:MOST_LINES], len(single)))
    if len(lines) > MOST_LINES:
        main.append(element("p", f"{len(lines) - MOST_LINES:,} more stories are not on this page."))
    if result.skipped:
        main.append(_skipped(result))
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
        element("script", asset("page.js")),
        class_="dedup",
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", said_plainly(title)),
        element("style", asset("page.css") + asset("style.css")),
    )
    return "<!DOCTYPE html>\n" + written(element("html", head, body, lang="en"))


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "copy", "copies"), counted(1200, "copy", "copies")
    ('1 copy', '1,200 copies')
    """
    return f"{number:,} {one if number == 1 else many}"


def said_plainly(text: str) -> str:
    """Return what an article or a user says, where no markup may stand."""
    return said(text).text or ""


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


def _lines(clusters: list[Cluster], n_single: int) -> Element:
    lines = []
    for cluster in clusters:
        shown = cluster.canonical
        facts = [
            shown.source or "",
            "" if shown.published is None else str(shown.published),
            f"{len(cluster)} articles" if len(cluster) > 1 else "",
        ]
        line = element("li", said(shown.title or shown.text, _TITLE), class_="single")
        rest = [fact for fact in facts if fact]
        if rest:
            line.append(element("span", " ", *_dotted(rest), class_="meta"))
        lines.append(line)
    alone = counted(n_single, "article that stands alone", "articles that stand alone")
    others = sum(len(cluster) > 1 for cluster in clusters)
    more = counted(others, "more story with several", "more stories with several")
    title = " and ".join(filter(None, [more if others else "", alone if n_single else ""]))
    return element("details", element("summary", title), element("ul", *lines))


def _dotted(facts: list[str]) -> list[Child]:
    children: list[Child] = []
    for at, fact in enumerate(facts):
        children += [" · " if at else None, said(fact, 60)]
    return children


def _skipped(result: Clustering) -> Element:
    lines = [
        element("li", f"row {skipped.index}: ", said(skipped.reason, 200))
        for skipped in result.skipped[:MOST_LINES]
    ]
    return element(
        "details",
        element("summary", f"Rows that could not be read: {len(result.skipped):,}"),
        element("ul", *lines),
    )
