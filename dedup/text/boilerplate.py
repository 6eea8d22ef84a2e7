"""Site furniture off: the lines that stand around an article, not in it.

The idea: a line is removed for a reason that has a name.  Fixed patterns (``data/furniture``) work
on one text alone; a few rules look at where a line stands (a by-line at the head, links under
"Related stories", a caption printed twice); and lines that one source prints around all its
articles are known from a table counted beforehand (:mod:`dedup.text.recurring`).

Laws
----
* A line is kept or removed whole, and every line keeps its number.
* What is removed depends on this text, its title, its source and the frozen table, on nothing else.
* Prose stays: no rule of position removes a long line that ends as a sentence.
* Nothing is lost: a text that would come out (nearly) empty is left as it is.

Theory of operation
-------------------
Rules run from certain to doubtful, and doubtful ones see what the certain ones left: the head and
the tail of an article, where by-lines and recurring lines are looked for, begin behind the
furniture already gone.  Body sentences are the cheap case, a dictionary look-up each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dedup.text.agencies import known_key
from dedup.text.appeals import appeal_words, appeals_in, is_appeal, is_to_reader
from dedup.text.hints import Hints, hints_of
from dedup.text.line_forms import (
    caption_core,
    is_bio,
    is_byline,
    is_contact,
    is_desk_mark,
    is_doubled,
    is_duration,
    is_fact,
    is_gallery,
    is_headline,
    is_in_parentheses,
    is_prose,
    is_signature,
    is_source_name,
    is_video_item,
    is_wrapped,
    rule_by_form,
)
from dedup.text.patterns import ends_as_sentence, fold_line, furniture_rules
from dedup.text.recurring import LONGEST, RecurringLines, count_lines

__all__ = ["RecurringLines", "RemovedLine", "Stripped", "count_lines", "strip_lines", "vocabulary"]

_HEAD: Final = 6  # lines, counted among what is left
_TAIL: Final = 8
_LINKS_BEFORE_PROSE: Final = 5  # headlines taken after a list heading when the article goes on
_CAPTION: Final = 220
_LONGEST: Final = 500  # no furniture is longer
_LONGEST_GALLERY: Final = 4000  # but for a gallery that came as one line
_FOOT: Final = 4  # lines in a row at the end, none addressed to the reader, that end the search
_WALL: Final = 1200  # characters left on a page that is a wall, not an article
_WALL_LINE: Final = 160  # a line of a wall that says neither "you" nor "we" is no longer
_LIST: Final = 3  # titles with lengths that make a player's list
_LIST_BEFORE_LENGTH: Final = 4  # headlines before a video's length that make a player's list
_LEAST_SAID: Final = 30  # characters of a caption that, found again, were repeated on purpose
_SHORT_CAPTION: Final = 4  # words of a caption that says nothing without its picture
_LEAST_KEPT: Final = 0.1
_SENTENCE: Final = 25  # characters of the shortest request that makes a page a wall
# Rules that take off what keeps the reader from the article.
_WALLS: Final = frozenset({"login", "subscribe", "cookies", "appeal", "advertising", "wall"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedLine:
    """A line that was taken out, and the name of the rule that did it.

    Parameters
    ----------
    line : str
        The line, or the part of it that was removed, normalised.
    rule : str
        Name of the rule, such as ``"share"``.
    number : int
        Zero-based number of the line among the lines given.
    whole : bool
        False if only a part of the line was removed.
    """

    line: str
    rule: str
    number: int
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stripped:
    """What :func:`strip_lines` found.

    Parameters
    ----------
    kept : tuple[tuple[int, str], ...]
        Number and text of each line kept; empty lines are neither kept nor removed.
    removed : tuple[RemovedLine, ...]
        The furniture, in the order of the text.
    rescued : str
        Why nothing was removed although rules applied; empty if that did not happen.
    """

    kept: tuple[tuple[int, str], ...]
    removed: tuple[RemovedLine, ...]
    rescued: str = ""


def strip_lines(
    lines: Sequence[str],
    *,
    title: str,
    source: str | None,
    recurring: RecurringLines,
    hints: Hints | None = None,
) -> Stripped:
    """Take site furniture out of the lines of one article.

    Parameters
    ----------
    lines : Sequence[str]
        Normalised lines of the text, empty ones included.
    title : str
        Headline; a line that repeats it is furniture.
    source : str or None
        The source as :func:`dedup.text.recurring.source_key` gives it.
    recurring : RecurringLines
        Lines that recur across each source's articles.
    hints : Hints, optional
        Of these lines and :func:`vocabulary`, where somebody has them.

    Returns
    -------
    Stripped
        Lines kept and removed, with their numbers.

    Notes
    -----
    Linear in the number of lines; some 6 microseconds for a short line, none for a long one.

    Examples
    --------
    >>> found = strip_lines(["Share", "", "The port reopened on Friday.", "Read more: Storm nears"],
    ...     title="", source=None, recurring=RecurringLines.empty())
    >>> found.kept
    ((2, 'The port reopened on Friday.'),)
    >>> [(removed.line, removed.rule) for removed in found.removed]
    [('Share', 'share'), ('Read more: Storm nears', 'related')]
    """
    present = [number for number, line in enumerate(lines) if line]
    if hints is None:
        hints = hints_of("\n".join(lines), vocabulary())
    verdicts = _verdicts(lines, present, title, hints)
    repeated = recurring.of(source)
    if repeated:
        _mark_recurring(lines, present, verdicts, repeated)
    if _is_wall(lines, present, verdicts):
        verdicts.pop(present[0], None)  # a headline, or what stands for the page
    kept = tuple((number, lines[number]) for number in present if number not in verdicts)
    if verdicts and _too_little(lines, present, kept, verdicts):
        whole = tuple((number, lines[number]) for number in present)
        return Stripped(kept=whole, removed=(), rescued="nearly everything looked like furniture")
    removed = tuple(
        RemovedLine(line=lines[number], rule=verdicts[number], number=number)
        for number in present
        if number in verdicts
    )
    return Stripped(kept=kept, removed=removed)


def vocabulary() -> frozenset[str]:
    """Return the words that :func:`strip_lines` asks a text for."""
    return furniture_rules().words | appeal_words()


def _verdicts(
    lines: Sequence[str], present: Sequence[int], title: str, hints: Hints
) -> dict[int, str]:
    verdicts: dict[int, str] = {}
    if is_wrapped(lines):
        _mark_repeats(lines, present[:_HEAD], verdicts, title)
        return verdicts
    weak: list[int] = []
    headings: list[int] = []
    doubtful: list[int] = []
    match = furniture_rules().match
    possible = furniture_rules().possible(hints)
    for place, number in enumerate(present):
        line = lines[number]
        if len(line) > _LONGEST:
            if len(line) <= _LONGEST_GALLERY and is_gallery(line):
                verdicts[number] = "gallery"
            continue
        rules = match(line, possible)
        if "related_list" in rules:
            headings.append(place)
            verdicts[number] = "related_list"
        elif rules and rules != ("weak",):
            verdicts[number] = rules[0]
        elif rules:
            # "Update." closes a message, "#Update" stands in one.
            if line[0] != "#" and line[-1] != ".":
                weak.append(place)
        else:
            rule = rule_by_form(line)
            if not rule and (place or title) and is_doubled(line):
                rule = "gallery"
            if rule and not _is_in_story(lines, present, place, rule):
                verdicts[number] = rule
            elif not rule and (is_source_name(line) or caption_core(line)):
                doubtful.append(place)
    _mark_repeats(lines, present, verdicts, title)
    _mark_video_list(lines, present, verdicts)
    _mark_pictures(lines, present, verdicts, doubtful)
    _mark_links(lines, present, verdicts, headings)
    _mark_weak(present, verdicts, weak)
    _mark_names(lines, present, verdicts)
    _mark_foot(lines, present, verdicts, hints)
    _mark_wall(lines, present, verdicts, title)
    return verdicts


def _is_in_story(lines: Sequence[str], present: Sequence[int], place: int, rule: str) -> bool:
    """Tell whether a line is part of the story: a hashtag of a message, a date among facts."""
    line = lines[present[place]]
    if rule == "address" and line[0] == "#":
        return any(is_prose(lines[number]) for number in present[place + 1 :])
    if rule != "timestamp" or not is_fact(line):
        return False
    return any(is_fact(lines[number]) for number in _beside(present, place))


def _beside(present: Sequence[int], place: int) -> Sequence[int]:
    return [*present[max(0, place - 1) : place], *present[place + 1 : place + 2]]


def _mark_pictures(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str], places: Sequence[int]
) -> None:
    """Mark a picture's source that stands alone, and a caption with a credit that tells nothing.

    A caption tells nothing if it is some words long, or if the article says the same elsewhere.
    """
    for place in places:
        number = present[place]
        line = lines[number]
        if is_source_name(line):
            around = [lines[other] for other in _beside(present, place)]
            told = len(around) < 2 or is_source_name(around[0]) or not is_prose(around[1])
        else:
            core = caption_core(line)
            told = (len(core.split()) > _SHORT_CAPTION or core.endswith((":", ","))) and (
                len(core) < _LEAST_SAID
                or not any(core in lines[other] for other in present if other != number)
            )
        if not told:
            verdicts.setdefault(number, "gallery")


def _mark_repeats(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str], title: str
) -> None:
    folded_title = fold_line(title)
    before = -1
    pairs: list[tuple[int, int]] = []
    for place, number in enumerate(present):
        line = lines[number]
        if number in verdicts:
            continue
        # Lengths first: most lines are far longer than a title.
        if (
            folded_title
            and len(line) <= len(title) + 12
            and (place < _HEAD or len(title.split()) >= 4)
            and fold_line(line) == folded_title
        ):
            verdicts[number] = "title"
            continue
        if before >= 0 and line == lines[before] and len(line) >= 15:
            pairs.append((before, number))
        before = number
    for first, second in pairs:
        verdicts[second] = "repeated"
        if not title and first == present[0] and "/" not in lines[first]:
            continue  # a headline, for want of a field for it; a slash would set off a credit
        # A caption, or one of several teasers, is no body the first time either.
        if len(pairs) > 2 or (len(lines[first]) <= _CAPTION and not ends_as_sentence(lines[first])):
            verdicts[first] = "repeated"


def _mark_video_list(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str]
) -> None:
    """Mark a player's list, "2:31 Title", known by the entry that plays: "1:05 Title Pause".

    Or titles at the head of the text, and then the length of the one that plays.
    """
    items = [number for number in present if is_video_item(lines[number])]
    playing = any(lines[number].endswith(" Pause") for number in items)
    if playing or (len(items) >= _LIST and _is_unordered([lines[number] for number in items])):
        for number in items:
            verdicts.setdefault(number, "video")
    head = present[: 3 * _HEAD]
    lengths = [
        place
        for place, number in enumerate(head)
        if len(lines[number]) < 6 and is_duration(lines[number])
    ]
    titles = head[: lengths[0]] if lengths else ()
    if len(titles) >= _LIST_BEFORE_LENGTH and all(
        is_headline(lines[number]) and lines[number].count(" ") >= 3 and number not in verdicts
        for number in titles
    ):
        verdicts.update(dict.fromkeys(head[: lengths[0] + 1], "video"))


def _is_unordered(items: Sequence[str]) -> bool:
    """Tell whether the times of titles go up and down, as those of a chronicle do not."""
    if any(ends_as_sentence(item) and item[-1] != "?" for item in items):
        return False
    times = [
        int(hours) * 60 + int(rest[:2]) for hours, _, rest in (i.partition(":") for i in items)
    ]
    return times not in (sorted(times), sorted(times, reverse=True))


def _mark_links(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str], headings: Sequence[int]
) -> None:
    """Mark what stands under "Related stories": links to the end, or a few when prose returns."""
    if not headings:
        return
    prose = [place for place, number in enumerate(present) if is_prose(lines[number])]
    for heading in headings:
        goes_on = not prose or prose[-1] > heading or prose[0] > heading
        taken = 0
        for number in present[heading + 1 :]:
            if number in verdicts:
                continue
            if not is_headline(lines[number]):
                if goes_on:
                    break
                continue
            if goes_on and taken == _LINKS_BEFORE_PROSE:
                break
            verdicts[number] = "related_list"
            taken += 1


def _mark_weak(present: Sequence[int], verdicts: dict[int, str], weak: Sequence[int]) -> None:
    """Mark words that may be sub-headings: at the edges, or beside other furniture."""
    last = len(present) - 1
    for order in (weak, weak[::-1]):
        for place in order:
            at_edge = place < _HEAD or place > last - _TAIL
            beside = (place > 0 and present[place - 1] in verdicts) or (
                place < last and present[place + 1] in verdicts
            )
            if at_edge or beside:
                verdicts.setdefault(present[place], "weak")


def _mark_names(lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str]) -> None:
    """Mark by-lines, and initials in parentheses, near the head and the tail of what is left."""
    left = [number for number in present if number not in verdicts]
    edges = dict.fromkeys([*left[:_HEAD], *left[-_HEAD:]])
    for number in edges:
        if is_byline(lines[number]):
            verdicts[number] = "byline"
    for place, number in enumerate(left[-2:] if len(left) > 3 else ()):
        line = lines[number]
        signed = is_signature(line) and (place == 1 or "|" in line)
        if signed or is_in_parentheses(line):
            verdicts[number] = "byline"


def _mark_foot(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str], hints: Hints
) -> None:
    """Mark what is said to the reader, or about the author, at the edges of what is left."""
    appeals = appeals_in(hints)
    left = [number for number in present if number not in verdicts]
    if len(left) < 2:
        return
    for number in left[:2]:
        _mark_said(lines, number, verdicts, appeals)
    missed = 0
    for number in reversed(left[2:]):
        _mark_said(lines, number, verdicts, appeals)
        missed = 0 if number in verdicts else missed + 1
        if missed == _FOOT:
            break
    left = [number for number in left if number not in verdicts]
    for number in left[1:][: -_HEAD // 2 - 1 : -1]:
        if is_bio(lines[number]):
            verdicts[number] = "byline"
    left = [number for number in left if number not in verdicts]
    for number in left[1:][:-3:-1]:
        if not (is_desk_mark(lines[number]) or known_key(lines[number]) is not None):
            break
        verdicts[number] = "byline"


def _mark_said(
    lines: Sequence[str], number: int, verdicts: dict[int, str], appeals: Sequence[str] | None
) -> None:
    if is_contact(lines[number]):
        verdicts[number] = "contact"
    elif appeals is not None and is_appeal(lines[number], appeals):
        verdicts[number] = "appeal"


def _mark_wall(
    lines: Sequence[str], present: Sequence[int], verdicts: dict[int, str], title: str
) -> None:
    """Mark what is left, but a headline, on a page that is a request in place of an article."""
    if _WALLS.isdisjoint(verdicts.values()):
        return
    left = [number for number in present if number not in verdicts]
    if left and left[0] == present[0] and not title:
        left = left[1:]
    walls = _wall_length(lines, verdicts)
    total = sum(len(lines[number]) for number in left)
    if not left or total > min(_WALL, 3 * walls):
        return
    said = [number for number in left if is_to_reader(lines[number])]
    mostly = sum(len(lines[number]) for number in said) * 2 >= total
    wall = [
        number for number in left if number in said or (mostly and len(lines[number]) <= _WALL_LINE)
    ]
    if any(number not in verdicts and number not in wall for number in present):
        verdicts.update(dict.fromkeys(wall, "wall"))


def _mark_recurring(
    lines: Sequence[str],
    present: Sequence[int],
    verdicts: dict[int, str],
    repeated: frozenset[str],
) -> None:
    """Mark lines that the source repeats, from both ends inwards, at most half of the words."""
    left = [number for number in present if number not in verdicts]
    found: list[int] = []
    for order in (left, left[::-1]):
        for number in order:
            if len(lines[number]) > LONGEST or fold_line(lines[number]) not in repeated:
                break
            found.append(number)
    words = sum(len(lines[number].split()) for number in left)
    if sum(len(lines[number].split()) for number in set(found)) * 2 <= words:
        for number in found:
            verdicts.setdefault(number, "recurring")


def _wall_length(lines: Sequence[str], verdicts: Mapping[int, str]) -> int:
    lengths = [len(lines[number]) for number, rule in verdicts.items() if rule in _WALLS]
    return sum(length for length in lengths if length >= _SENTENCE)


def _is_wall(lines: Sequence[str], present: Sequence[int], verdicts: Mapping[int, str]) -> bool:
    """Tell whether most of a page is a request in place of the article, and no prose is left."""
    if not verdicts or any(is_prose(lines[number]) for number in present if number not in verdicts):
        return False
    total = sum(len(lines[number]) for number in present)
    return len(present) > 1 and _wall_length(lines, verdicts) * 2 > total


def _too_little(
    lines: Sequence[str],
    present: Sequence[int],
    kept: Sequence[tuple[int, str]],
    verdicts: Mapping[int, str],
) -> bool:
    if any(is_prose(line) for _, line in kept):
        return False
    total = sum(len(lines[number]) for number in present)
    if _is_wall(lines, present, verdicts):
        return False
    return sum(len(line) for _, line in kept) < _LEAST_KEPT * total
