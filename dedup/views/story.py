"""A story, a list of stories and the evidence for a pair, as trees of HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar
from xml.etree.ElementTree import Element

from dedup.descent import cleaned_members, descents
from dedup.text.tokenize import strip_accents
from dedup.views.elements import Child, address, element, quoted, said
from dedup.views.overview import Overview, day, overview
from dedup.views.passages import Span, Words

if TYPE_CHECKING:
    from dedup.cluster import Cluster, Member
    from dedup.explain import Evidence
    from dedup.text.clean import CleanArticle

__all__ = ["evidence_view", "spread", "stories_table", "story_view", "timeline"]

#: Members of a story that are shown; and characters of a title, and of a passage.
MOST_MEMBERS: Final = 50
_TITLE: Final = 160
_PASSAGE: Final = 180

#: Characters of a text that are laid side by side with another.
_MOST_TEXT: Final = 20_000

#: Contributions to a score that are shown one by one, and words of each kind.
_MOST_BARS: Final = 12
_MOST_WORDS: Final = 20

#: Share of the words of the text that is shown, below which another is called shorter.
_SHORTER: Final = 0.8

_WIDTH, _HEIGHT = 120, 16

#: Kinds of contributions that are words.
_WORDS: Final = ("name", "number", "term")

_Value = TypeVar("_Value")


def timeline(
    times: Sequence[datetime], low: datetime | None = None, high: datetime | None = None
) -> Element | None:
    """Draw when articles appeared, between the first and the last of all; None if none is dated."""
    if not times:
        return None
    low, high = low or times[0], high or times[-1]
    span = (high - low).total_seconds() or 1.0
    label = day(times[0]) if times[0] == times[-1] else f"{day(times[0])} to {day(times[-1])}"
    middle = _HEIGHT // 2
    dots = [
        element(
            "circle",
            cx=round(4 + (_WIDTH - 8) * (moment - low).total_seconds() / span),
            cy=middle,
            r=3,
            fill="currentColor",
            fill_opacity="0.45",
        )
        for moment in spread(times, MOST_MEMBERS)
    ]
    line = element(
        "line", x1=2, x2=_WIDTH - 2, y1=middle, y2=middle, stroke="currentColor", opacity="0.3"
    )
    return element(
        "svg", line, *dots, width=_WIDTH, height=_HEIGHT, role="img", aria_label=f"seen {label}"
    )


def spread(values: Sequence[_Value], most: int) -> list[_Value]:
    """Return at most so many values, from the first to the last.

    >>> spread(range(10), 4)
    [0, 3, 6, 9]
    """
    if len(values) <= most:
        return list(values)
    return [values[at * (len(values) - 1) // (most - 1)] for at in range(most)]


def stories_table(clusters: Sequence[Cluster], caption: str) -> Element:
    """Return a table with a line for each story."""
    told = [overview(cluster) for cluster in clusters]
    low = min((each.times[0] for each in told if each.times), default=None)
    high = max((each.times[-1] for each in told if each.times), default=None)
    names = ("story", "articles", "copies", "sources", "first", "last", "when")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [
        element(
            "tr",
            element("th", said(each.title, _TITLE), scope="row"),
            element("td", f"{each.n_articles:,}", class_="number"),
            element("td", f"{each.n_copies:,}", class_="number"),
            element("td", *_sources(each)),
            element("td", day(each.times[0] if each.times else None), class_="short"),
            element("td", day(each.times[-1] if each.times else None), class_="short"),
            element("td", timeline(each.times, low, high)),
        )
        for each in told
    ]
    return element(
        "table", element("caption", caption), element("thead", head), element("tbody", *rows)
    )


def _sources(told: Overview, most: int = 3) -> list[Child]:
    children: list[Child] = []
    for at, name in enumerate(told.sources[:most]):
        children += [", " if at else None, said(name, 40)]
    left = len(told.sources) - most
    return [*children, f" and {left} more" if left > 0 else None]


def story_view(cluster: Cluster) -> list[Element]:
    """Return a story: why this version is shown, its members by role, who copied whom."""
    shown = cluster.canonical
    reasons = element(
        "p", "Shown: ", address(shown.url, said(shown.title or shown.text, _TITLE)), ", because "
    )
    for at, reason in enumerate(cluster.reasons):
        reasons.append(element("span", "; " if at else None, said(reason)))
    cleaned = cleaned_members(cluster)
    members = _members(cluster, cleaned)
    parts = [reasons, members]
    left = len(cluster) - len(members.findall("tbody/tr"))
    if left > 0:
        parts.append(element("p", f"{left:,} more articles are not shown."))
    arrows = descents(cluster, cleaned) if len(cluster) > 1 else ()
    if arrows:
        title = _names(cluster)
        lines = [
            element(
                "li",
                said(title[arrow.article], 80),
                f" {arrow.relation} ",
                said(title[arrow.origin], 80),
                " (",
                said(arrow.reason),
                f"; certainty {arrow.certainty:.2f})",
            )
            for arrow in arrows[:MOST_MEMBERS]
        ]
        parts.append(element("p", "Who copied whom:"))
        if len(arrows) > len(lines):
            lines.append(element("li", f"and {len(arrows) - len(lines):,} more"))
        parts.append(element("ul", *lines))
    return parts


def _names(cluster: Cluster) -> dict[str, str]:
    """Return what to call each article: its source, or its title where its source has several."""
    articles = [member.article for member in cluster.members]
    counts = Counter(article.source for article in articles)
    return {
        each.id: (each.source if each.source and counts[each.source] == 1 else each.title)
        or each.id
        for each in articles
    }


def _members(cluster: Cluster, cleaned: Sequence[CleanArticle]) -> Element:
    names = ("role", "article", "source", "published", "credits", "beside the one shown")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    shown = cluster.canonical.id
    every = list(zip(cluster.members, cleaned, strict=True))
    body = next(told.body for member, told in every if member.article.id == shown)
    own = Words(body[:_MOST_TEXT])
    first = every[:MOST_MEMBERS]
    # The one shown is told of wherever it stands.
    first += [each for each in every[MOST_MEMBERS:] if each[0].article.id == shown]
    rows = [
        _member(member, told, own, is_shown=member.article.id == shown) for member, told in first
    ]
    return element("table", element("thead", head), element("tbody", *rows))


def _member(member: Member, told: CleanArticle, beside: Words, *, is_shown: bool) -> Element:
    article = member.article
    credits: list[Child] = []
    for at, credit in enumerate(told.credits[:3]):
        relation = credit.relation.replace("_", " ")
        credits += ["; " if at else None, f"{relation} ", said(credit.name, 40)]
    if len(told.credits) > 3:
        credits.append(f" and {len(told.credits) - 3} more")
    difference = ["the one shown"] if is_shown else _difference(told.body, beside)
    note = element("span", f" ({member.note})") if member.note else None
    title = address(article.url, said(article.title or article.text, _TITLE))
    return element(
        "tr",
        element("td", member.role.value, class_="short"),
        element("th", title, note, scope="row"),
        element("td", said(article.source, 60) if article.source else None),
        element(
            "td",
            "" if article.published is None else str(article.published),
            class_="short",
        ),
        element("td", *credits),
        element("td", *difference),
        class_="shown" if is_shown else None,
    )


def _difference(body: str, beside: Words) -> list[Child]:
    """Say how much of a text stands in another, and quote what does not first."""
    if not body:
        return ["no text"]
    words = Words(body[:_MOST_TEXT])
    runs = words.runs_in(beside)
    held = sum(end - start for start, end in runs)
    share = f"{held / len(words) if words else 0.0:.0%} the same"
    if 0 < len(words) < _SHORTER * len(beside):
        share += f", {len(words) / len(beside):.0%} of the length"
    if len(body) > _MOST_TEXT:
        share = f"of its first {_MOST_TEXT:,} characters {share}"
    own = words.first_beside(runs)
    return [f"{share}; its own: “", said(own, _PASSAGE), "”"] if own else [share]


def evidence_view(evidence: Evidence) -> list[Element]:
    """Return a pair side by side, what they share marked, and what the score is made of."""
    verdict = {"copies": "copies of one text", "one event": "one event", "apart": "apart"}
    parts = [
        element(
            "p",
            element("strong", verdict[evidence.relation]),
            f": probability {evidence.probability:.2f}, Jaccard {evidence.jaccard:.2f}"
            + ("" if evidence.days is None else f", {evidence.days:.1f} days apart"),
        ),
        *(element("p", said(note)) for note in evidence.notes),
        _side_by_side(evidence),
        _bars(
            evidence.baseline,
            [
                (f"{each.kind} " if each.kind in _WORDS else "", each.label, each.log_odds)
                for each in evidence.contributions
            ],
            evidence.log_odds,
        ),
    ]
    if evidence.across is not None:
        across = evidence.across
        verb = "joined" if across.joined else "not joined"
        parts += [
            element(
                "p",
                f"Across languages: {verb} as clusters, cosine of their means {across.cosine:.2f}; "
                f"joined from {across.threshold:+.2f}",
            ),
            _bars(
                across.baseline,
                [("", label, points) for label, points in across.contributions],
                across.log_odds,
            ),
        ]
    for name, words in (
        ("names that both hold", evidence.shared_names),
        ("numbers that both hold", evidence.shared_numbers),
        ("only in the first", evidence.only_a),
        ("only in the second", evidence.only_b),
    ):
        if words:
            line = element("span", f"{name}: ")
            line.append(said(", ".join(words[:_MOST_WORDS]), 600))
            left = len(words) - _MOST_WORDS
            parts.append(element("p", line, f" and {left:,} more" if left > 0 else None))
    return parts


def _side_by_side(evidence: Evidence) -> Element:
    a, b = (Words(text[:_MOST_TEXT]) for text in evidence.texts)
    known = frozenset((*evidence.shared_names, *evidence.shared_numbers))
    columns = []
    for name, title, words, other, whole in zip(
        (evidence.a, evidence.b), evidence.titles, (a, b), (b, a), evidence.texts, strict=True
    ):
        is_cut = len(whole) > _MOST_TEXT
        cut = f"The first {_MOST_TEXT:,} of {len(whole):,} characters." if is_cut else None
        columns.append(
            element(
                "div",
                element("h2", said(title or name, _TITLE)),
                element("p", quoted(words.text, _marks(words, words.passages_in(other), known)))
                if words.text
                else element("p", "(no text)"),
                element("p", cut) if cut else None,
                # It scrolls, so it must be reached from the keyboard.
                tabindex=0,
                role="region",
                aria_label=f"the text of {name}",
            )
        )
    return element("div", *columns, class_="sides")


def _marks(
    words: Words, passages: Sequence[Span], known: frozenset[str]
) -> list[tuple[int, int, str]]:
    """Return the passages that both texts hold, and the names and numbers between them."""
    marks = [(start, end, "passage") for start, end in passages]
    ahead = iter((*passages, (len(words.text), len(words.text))))
    passage = next(ahead)
    for start, end, form in words.found:
        while start >= passage[1] < len(words.text):
            passage = next(ahead)
        if end <= passage[0] and strip_accents(form) in known:
            marks.append((start, end, "name"))
    return sorted(marks)


def _bars(baseline: float, evidence: Sequence[tuple[str, str, float]], total: float) -> Element:
    """Return what speaks for and against, as bars: a kind, a label and the log-odds of each."""
    shown, others = evidence[:_MOST_BARS], evidence[_MOST_BARS:]
    largest = max((abs(points) for _, _, points in shown), default=0.0) or 1.0
    names = ("evidence", "log-odds", "for or against")
    head = element("tr", *(element("th", name, scope="col") for name in names))
    rows = [_bar(element("th", "before the evidence", scope="row"), baseline)]
    for kind, label, points in shown:
        title = element("th", element("span", kind) if kind else None, said(label, 80), scope="row")
        rows.append(_bar(title, points, round(100 * abs(points) / largest)))
    if others:
        title = element("th", f"{len(others):,} smaller ones", scope="row")
        rows.append(_bar(title, sum(points for _, _, points in others)))
    rows.append(_bar(element("th", "in all", scope="row"), total, is_sum=True))
    return element("table", element("thead", head), element("tbody", *rows), class_="bars")


def _bar(title: Element, points: float, width: int = 0, *, is_sum: bool = False) -> Element:
    bar = element(
        "div",
        class_="bar for" if points >= 0 else "bar against",
        style=f"width:{width}px",
        aria_hidden="true",
    )
    return element(
        "tr",
        title,
        element("td", f"{points:+.2f}", class_="number"),
        element("td", bar if width else None),
        class_="shown" if is_sum else None,
    )
