"""From an article as it was crawled to what it says: headline, paragraphs, and what was around.

The idea: the text that is compared and shown is the story; all else on the page is taken off, by a
rule with a name, and kept beside it.  What the page says about its origin (wire header, dateline,
credits, dates) is read while it is taken off.

Laws
----
* Nothing is lost in silence: each line is a paragraph or stands in ``removed`` with its rule.
* The result depends on this article and the frozen table of recurring lines, on nothing else.
* Empty stays empty, and text is never made out of nothing.
* Lines keep their numbers in the text as it came (``RemovedLine.number``).

Theory of operation
-------------------
:func:`clean` is the list of steps, in order.  What is left is told by where it stands in the text:
a million bodies beside a million texts would double what they take, and putting one together costs
a few microseconds.  A text in which something was mended is held a second time, packed.  Lines that
the page broke with other characters than a line feed count as parts of the line of the text in
which they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import accumulate
from typing import Final

import regex

from dedup.article import Article
from dedup.dates import Interval
from dedup.text.agencies import known_key
from dedup.text.boilerplate import RecurringLines, RemovedLine, strip_lines, vocabulary
from dedup.text.credits import (
    Credit,
    Dateline,
    WireHeader,
    article_credits,
    credit_words,
    is_withdrawn,
    split_dateline,
    split_ending,
    split_header,
)
from dedup.text.hints import hints_of
from dedup.text.line_forms import is_prose
from dedup.text.normalize import break_lines, normalize
from dedup.text.patterns import furniture_rules
from dedup.text.recurring import source_key, url_host
from dedup.text.told import packed, unpacked
from dedup.text.written_dates import bracketed_dates, is_timestamp, line_dates

__all__ = ["CleanArticle", "clean", "normalized_text"]

# Rules whose lines may tell where the text comes from.
_CREDITING: Final = frozenset(
    {"byline", "contributors", "advertising", "updates", "copyright", "ending"}
)
_TITLE_MARK: Final = regex.compile(r"\s?\|\s?|\s[-–·•]\s|\s?_(?=[^_]+$)|\s::\s")
_LONGEST_OUTLET: Final = 40
_DATE_HEAD: Final = 12
_BRACKET_PARAGRAPHS: Final = 3
_SENTENCE_PAGE: Final = 4  # endings looked at where a text came without line breaks
_LONG_TEXT: Final = 300
_LONGEST_ENDING: Final = 200
_LONGEST_LINK: Final = 100
_DOUBTFUL: Final = frozenset({"weak", "related_list", "byline", "navigation", "tags"})
_SENTENCE_END: Final = regex.compile(r"[.!?…]['\")]?\s|[。！？]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanArticle:
    """An article without what stands around it.

    Parameters
    ----------
    title : str
        The headline in one line, without wire header and outlet name.
    text : str or bytes
        The text that the body is cut from, normalised: the article's own string where nothing was
        mended, else as :func:`~dedup.text.told.packed` returns it.
    spans : tuple[tuple[int, int], ...] or None
        Where the parts of the body begin and end in it, in order; None for all of it.
    header : WireHeader or None
        What the title says about the version.
    dateline : Dateline or None
        Place and agency before the first word.
    credits : tuple[Credit, ...]
        Outlets named as sources, each pair of relation and agency once.
    dates : tuple[Interval, ...]
        Dates of publication written in the text.
    removed : tuple[RemovedLine, ...]
        What was taken off, in the order of the text, with the rule.
    withdrawn : bool
        True if the story was killed or retracted.
    rescued : str
        Why furniture was left in although rules applied; empty if it was not.
    """

    title: str = ""
    text: str | bytes = ""
    spans: tuple[tuple[int, int], ...] | None = None
    header: WireHeader | None = None
    dateline: Dateline | None = None
    credits: tuple[Credit, ...] = ()
    dates: tuple[Interval, ...] = ()
    removed: tuple[RemovedLine, ...] = ()
    withdrawn: bool = False
    rescued: str = ""

    def __post_init__(self) -> None:
        if "\n" in self.title:
            raise ValueError("title must be one line")
        bounds = [place for span in self.spans or () for place in span]
        inside = bounds == [] or 0 <= bounds[0] < bounds[-1] <= len(unpacked(self.text))
        if not inside or bounds != sorted(set(bounds)):
            raise ValueError("spans must lie in the text, in order, apart and not empty")

    def __eq__(self, other: object) -> bool:
        # In whatever form the text is held.
        return isinstance(other, CleanArticle) and self._values() == other._values()

    def __hash__(self) -> int:
        return self._values().__hash__()

    def _values(self) -> tuple[object, ...]:
        values = (getattr(self, field.name) for field in fields(self) if field.name != "text")
        return unpacked(self.text), *values

    @property
    def body(self) -> str:
        """Its paragraphs, one a line and none empty; the first without its dateline.

        Put together anew each time.
        """
        body = unpacked(self.text)
        if self.spans is not None:
            body = "\n".join([body[start:end] for start, end in self.spans])
        return "\n".join([line for line in body.split("\n") if line]) if "\n" in body else body

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The lines of the body."""
        body = self.body
        return tuple(body.split("\n")) if body else ()


def clean(
    article: Article,
    recurring: RecurringLines,
    *,
    strip_furniture: bool = True,
    normalized: str | bytes | None = None,
) -> CleanArticle:
    r"""Take everything off an article that is not its story, and read what that says.

    Parameters
    ----------
    article : Article
        As it was crawled.
    recurring : RecurringLines
        Lines that recur across each source's articles; ``RecurringLines.empty()`` for one alone.
    strip_furniture : bool
        False keeps every line; the title, the dateline and the credits are read all the same.
    normalized : str or bytes, optional
        The article's text, normalised, where somebody has it; see :func:`normalized_text`.

    Returns
    -------
    CleanArticle
        Empty if the article is.

    Notes
    -----
    Linear in the length of the text; about half a millisecond for 3 kB.

    Examples
    --------
    >>> article = Article(id="1", title="UPDATE 1-Oil rises - Reuters", source="reuters.com",
    ...     text="LONDON (Reuters) - Oil rose on Friday.\nShare\n(Reporting by A; Editing by B)")
    >>> cleaned = clean(article, RecurringLines.empty())
    >>> cleaned.title, cleaned.header.number, cleaned.paragraphs
    ('Oil rises', 1, ('Oil rose on Friday.',))
    """
    whole_title = " ".join(normalize(article.title).split())
    header, title = split_header(whole_title)
    source = source_key(article)
    title = _without_outlet(title, article)
    held = normalized_text(article) if normalized is None else normalized
    text = unpacked(held)
    lines, numbers = _lines(article.text, text)
    hints = hints_of(text, _vocabulary())
    if strip_furniture:
        stripped = strip_lines(lines, title=title, source=source, recurring=recurring, hints=hints)
        kept, removed, rescued = list(stripped.kept), list(stripped.removed), stripped.rescued
    else:
        kept = [(number, line) for number, line in enumerate(lines) if line]
        removed, rescued = [], ""
    dates = _dates(lines, removed, article.language, stripped=strip_furniture and not rescued)
    withdrawn = is_withdrawn(header, [line for line in lines if line])
    dateline = _take_dateline(kept, removed)
    begins = _begins(lines, kept)
    _take_ending(kept, removed)
    removed.sort(key=lambda line: line.number)
    return CleanArticle(
        title=title,
        text=held,
        spans=_spans(begins, kept) if removed else None,
        header=header,
        dateline=dateline,
        credits=article_credits(
            "\n".join([line for _, line in kept]),
            [line.line for line in removed if line.rule in _CREDITING],
            dateline,
            article.credit,
            hints,
        ),
        dates=dates,
        removed=tuple(
            RemovedLine(
                line=line.line, rule=line.rule, number=numbers[line.number], whole=line.whole
            )
            for line in removed
        ),
        withdrawn=withdrawn,
        rescued=rescued,
    )


def normalized_text(article: Article) -> str | bytes:
    """Return the article's text in one spelling, packed; its own text where nothing was mended."""
    text = normalize(article.text)
    return article.text if text == article.text else packed(text)


@cache
def _vocabulary() -> frozenset[str]:
    return vocabulary() | credit_words()


def _begins(lines: Sequence[str], kept: Sequence[tuple[int, str]]) -> list[int]:
    """Return where each line kept begins in the text, if it was cut at its head alone."""
    ends = list(accumulate(map(len, lines)))  # with one line feed for each line before
    return [ends[number] + number - len(line) for number, line in kept]


def _spans(begins: Sequence[int], kept: Sequence[tuple[int, str]]) -> tuple[tuple[int, int], ...]:
    """Return where what was kept stands in the text; lines with nothing between them as one."""
    found: list[tuple[int, int]] = []
    last = 0
    for begin, (number, line) in zip(begins, kept, strict=True):
        if found and begin - found[-1][1] == number - last:  # line feeds alone
            found[-1] = found[-1][0], begin + len(line)
        else:
            found.append((begin, begin + len(line)))
        last = number
    return tuple(found)


def _without_outlet(title: str, article: Article) -> str:
    """Take the outlet's name, and what follows it, off the end of a title."""
    names = {_bare(source_key(article)), _bare(article.source or ""), _bare(_site(article))} - {""}
    marks = list(_TITLE_MARK.finditer(title))
    if not marks:
        return title
    ends = [*(mark.start() for mark in marks[1:]), len(title)]
    for mark, end in zip(marks, ends, strict=True):
        tail = _bare(title[mark.end() : end])
        if mark.start() and any(_is_same_outlet(tail, name) for name in names):
            return title[: mark.start()].rstrip(" -–|")
    for mark in reversed(marks):  # an outlet that the article does not name
        head, tail = title[: mark.start()].rstrip(" -–|"), title[mark.end() :].strip()
        piped = "|" in mark.group() or "::" in mark.group()
        known = known_key(tail) is not None and (piped or "·" not in mark.group())
        if len(head.split()) < 3 or not (known or (piped and _is_short_segment(head, tail))):
            break
        title = head
    return title


def _bare(name: str) -> str:
    return "".join(mark for mark in name.casefold().removeprefix("www.") if mark.isalnum())


def _site(article: Article) -> str:
    """Return the name in the host of the article's url or source, "kompas" of news.kompas.com."""
    host = source_key(article) if not article.url else url_host(article.url)
    labels = [label for label in host.split(".") if label]
    if len(labels) > 1:
        labels.pop()
    while len(labels) > 1 and len(labels[-1]) <= 3:  # a second level, as in "co.id"
        labels.pop()
    return labels[-1] if labels else ""


def _is_same_outlet(tail: str, name: str) -> bool:
    if len(tail) < 3 or len(name) < 2:
        return False
    return tail == name or (len(name) >= 3 and (tail.startswith(name) or name.startswith(tail)))


def _is_short_segment(head: str, tail: str) -> bool:
    words = tail.split()
    return len(words) <= 4 and len(tail) <= _LONGEST_OUTLET and len(head) >= 2 * len(tail)


def _lines(text: str, normalized: str) -> tuple[list[str], list[int]]:
    """Return the normalised lines, and for each the number of the line of the text it came from."""
    lines = normalized.split("\n") if text else []
    if text.count("\n") + 1 == len(lines):
        return lines, list(range(len(lines)))
    # Some line was broken by another character: count how many lines each became.
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n")):
        numbers += [number] * break_lines(line + "\n").count("\n")
    return lines, numbers[: len(lines)]


def _dates(
    lines: Sequence[str],
    removed: Sequence[RemovedLine],
    language: str | None,
    *,
    stripped: bool,
) -> tuple[Interval, ...]:
    present = [line for line in lines if line]
    found: dict[Interval, None] = {}
    if stripped:
        stamps = [line.line for line in removed if line.rule in {"timestamp", "updates", "byline"}]
    else:
        stamps = [line for line in present[:_DATE_HEAD] if is_timestamp(line)]
    for line in stamps:
        found.update(dict.fromkeys(line_dates(line, language)))
    if not found:
        for line in present[:_BRACKET_PARAGRAPHS]:
            found.update(dict.fromkeys(bracketed_dates(line[:600], language)))
    return tuple(found)


def _take_dateline(kept: list[tuple[int, str]], removed: list[RemovedLine]) -> Dateline | None:
    """Cut the dateline off the first paragraph, or off the second under a line that is no prose."""
    for place, (number, line) in enumerate(kept[:2]):
        dateline, rest = split_dateline(line)
        if dateline is not None and rest:
            cut = line[: len(line) - len(rest)].strip()
            removed.append(RemovedLine(line=cut, rule="dateline", number=number, whole=False))
            kept[place] = (number, rest)
            return dateline
        if is_prose(line):
            return None
    return None


def _take_ending(kept: list[tuple[int, str]], removed: list[RemovedLine]) -> None:
    """Cut the signature off the last paragraph; where a page is one line, furniture too."""
    for _ in range(_SENTENCE_PAGE):
        if not kept:
            return
        number, line = kept[-1]
        rest, ending = split_ending(line)
        rule = "ending"
        if not ending and len(kept) == 1:
            rest, ending, rule = _last_sentence(line)
        if not ending or not rest:
            return
        kept[-1] = (number, rest)
        removed.append(RemovedLine(line=ending, rule=rule, number=number, whole=False))


def _last_sentence(line: str) -> tuple[str, str, str]:
    """Split furniture off the end of a long text that came as one line."""
    if len(line) < _LONG_TEXT:
        return line, "", ""
    marks = list(_SENTENCE_END.finditer(line, max(_LONG_TEXT // 2, len(line) - _LONGEST_ENDING)))
    for mark in reversed(marks):  # the shortest ending that is furniture
        ending = line[mark.end() :].strip()
        rules = furniture_rules().match(ending) if ending else ()
        # Links run into the next headline, or into the body, where no full stop ends them.
        if rules == ("related",) and len(ending) > _LONGEST_LINK:
            continue
        if rules and not _DOUBTFUL & set(rules):
            return line[: mark.end()].rstrip(), ending, rules[0]
    return line, "", ""
