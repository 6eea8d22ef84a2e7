"""The built-in rules for choosing which version of a story to show.

Each rule looks at members of one cluster and gives every one a grade: a small level, equal for
members that the rule cannot tell apart, and a reason that a newsreader would accept.  Who calls
the rules, in which order, is told in :mod:`dedup.canonical`.

Laws
----
* A level says passes or fails, or counts a few steps; it is no score.  What separates two members
  by a hair must leave them equal, so that the next rule decides.
* A rule never depends on the order of the members.
* No outlet is better than another unless the user says so.

Choices that are not obvious
----------------------------
*Untranslated* stands before completeness and dates, not among the penalties.  The damage is in the
sentences, so neither length nor an early date makes up for it: machine translations are often both
longer (padded) and earlier (nobody read them) than a newsroom's own report.  The milder faults of
presentation stay at the end.

*Completeness.*  The median is taken over groups of copies, so that forty reprints of a short
version do not make it the norm, and leaves out excerpts, withdrawn stories and paragraphs of
padding.  A member fails below 80 % of it; of two reports, that is below two thirds of the other.
Words are counted as the caller counts them; between a script with spaces and one without, the
counts say little.

*Earliest.*  A member is out if another that is still in the running was certainly published before
it.  One without a trusted date is out only if that happened to a third (somebody is then known to
be early, and being undated must not be an advantage), or if it is a reprint of a dated original.
Of a dated and an undated report nothing is known.

*Centre.*  Nothing lies nearer to the middle of one or two groups, so there it stays silent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Final

from dedup.canonical_origin import (
    counted,
    grade_agency,
    grade_corrected,
    grade_named,
    grade_withdrawn,
    grade_withdrawn_story,
)
from dedup.canonical_records import Grade, Member, Rule
from dedup.dates import Interval
from dedup.text.faults import padding_paragraphs, presentation_faults, untranslated_fragments
from dedup.text.tokenize import fold
from dedup.urls import host

if TYPE_CHECKING:
    from dedup.canonical import CanonicalConfig

__all__ = ["RULES", "TIE_BREAK", "WITHDRAWN"]

_CENTRE_STEP: Final = 100  # of 1000


def _grade_pinned(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Follow what the user said of single articles."""
    pins, bans = frozenset(config.pins), frozenset(config.bans)
    return [
        Grade(2, "pinned by you")
        if member.article.id in pins
        else Grade(0, "banned by you")
        if member.article.id in bans
        else Grade(1, "not banned by you")
        for member in members
    ]


def _grade_source_priority(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Follow the user's order of outlets."""
    total = len(config.source_priority)
    grades = []
    for member in members:
        places = (at for at, name in enumerate(config.source_priority) if _is_from(member, name))
        place = next(places, total)
        reason = (
            f"from {config.source_priority[place]}, number {place + 1} of your preferred sources"
            if place < total
            else "from none of your preferred sources"
        )
        grades.append(Grade(total - place, reason))
    return grades


def _is_from(member: Member, name: str) -> bool:
    """Tell whether an article is from an outlet, given by its name or by a host."""
    source = fold(member.article.source or "").strip()
    if source and source == fold(name).strip():
        return True
    wanted = host(name)
    hosts = (host(source), host(member.article.url))
    return bool(wanted) and any(at and f".{at}".endswith(f".{wanted}") for at in hosts)


def _grade_untranslated(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Put a machine translation that nobody read behind what people wrote."""
    found = [untranslated_fragments(member.clean.body) for member in members]
    damaged = [fragments for fragments in found if fragments]
    if not damaged:
        return [Grade(1, "no fragments left untranslated")] * len(members)
    # Shown as evidence: the most telling one, whoever comes first.
    shown = max({part for parts in damaged for part in parts}, key=lambda part: (len(part), part))
    clean = (
        f"no sign of machine translation; {counted(len(damaged), 'other')} left fragments such as "
        f"“{shown}” untranslated"
    )
    return [
        Grade(0, f"reads like a machine translation: it left “{fragments[0]}”")
        if fragments
        else Grade(1, clean)
        for fragments in found
    ]


def _grade_completeness(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Pass whoever has the whole story; more words than that win nothing."""
    words = [_words_without_padding(member) for member in members]
    by_group: dict[int, list[int]] = defaultdict(list)
    whole = [at for at, m in enumerate(members) if m.role != "excerpt" and not m.clean.withdrawn]
    for at in whole or range(len(members)):
        by_group[members[at].group].append(words[at])
    middle = median(median(counts) for counts in by_group.values())
    grades = []
    for member, count in zip(members, words, strict=True):
        compared = f"{count} words where the median is {round(middle)}"
        if member.role == "excerpt":
            grades.append(Grade(0, "an excerpt of a longer report"))
        elif count < config.min_completeness * middle:
            grades.append(Grade(0, f"shorter than most: {compared}"))
        else:
            grades.append(Grade(1, f"has the full text: {compared}"))
    return grades


def _words_without_padding(member: Member) -> int:
    """Return a member's words less the share that stands in paragraphs of padding."""
    paragraphs = member.clean.paragraphs
    padding = padding_paragraphs(member.clean.title, paragraphs)
    if not padding:
        return member.n_words
    total = sum(map(len, paragraphs))
    return member.n_words * (total - sum(len(paragraphs[at]) for at in padding)) // total


def _grade_updates(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer an outlet's latest version of the story, if the user wants that."""
    updates = [member for member in members if member.role == "update"]
    if not config.prefer_updates or not updates:
        return [Grade(0, "updates are not preferred")] * len(members)
    starts = [member.date.start for member in updates if member.date]
    newest = max(starts, default=None)
    grades = []
    for member in members:
        superseded = member.date and newest and member.date.end < newest
        number = _update_number(member)
        if member.role != "update":
            grades.append(Grade(0, "not an update"))
        elif superseded or number < max(map(_update_number, updates)):
            grades.append(Grade(1, "an update that a later one supersedes"))
        else:
            grades.append(Grade(2, "the latest update of the story"))
    return grades


def _update_number(member: Member) -> int:
    header = member.clean.header
    return header.number if header is not None else 0


def _grade_earliest(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer the earliest trusted publication, as far as the dates are precise."""
    dates = [member.date for member in members]
    first = min((date.end for date in dates if date), default=None)
    late = [date.start for date in dates if date and first and date.start > first]
    originals = {member.group for member in members if member.role == "original" and member.date}
    grades = []
    for member, date in zip(members, dates, strict=True):
        if date is None:
            is_copy = member.role == "reprint" and member.group in originals
            grades.append(Grade(1 if late or is_copy else 2, "without a date that can be trusted"))
        elif first and date.start > first:
            grades.append(Grade(0, f"published later: {_moment(date)}"))
        else:
            after = [start - date.end for start in late if start > date.end]
            lead = f", {_span(min(after))} before the next" if after else ""
            grades.append(Grade(2, f"earliest publication: {_moment(date)}{lead}"))
    return grades


_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def _moment(date: Interval) -> str:
    """Return a date in words that claim no more than is known.

    >>> from dedup.dates import parse_date
    >>> _moment(parse_date("2023-10-05T18:20+07:00")), _moment(parse_date("2023-10"))
    ('5 Oct 2023 11:20 UTC', 'Oct 2023')
    >>> _moment(parse_date("2023-10-05")), _moment(parse_date("2023-10-05 18:20"))
    ('5 Oct 2023', '5 Oct 2023')
    """
    middle: datetime = date.start + date.precision / 2
    if date.precision > timedelta(days=40):
        return str(middle.year)
    month = f"{_MONTHS[middle.month - 1]} {middle.year}"
    if date.precision > timedelta(days=4):
        return month
    if date.precision > timedelta(hours=1):
        return f"{middle.day} {month}"
    return f"{date.start.day} {_MONTHS[date.start.month - 1]} {date.start:%Y %H:%M} UTC"


def _span(gap: timedelta) -> str:
    """Return a length of time in its natural unit.

    >>> [_span(timedelta(minutes=m)) for m in (0.5, 35, 130, 5000)]
    ['less than a minute', '35 min', '2 h', '3 days']
    """
    minutes = gap // timedelta(minutes=1)
    if minutes < 1:
        return "less than a minute"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _grade_centre(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer what lies near the middle of the cluster, in coarse steps from the nearest."""
    nearest = max(member.centrality for member in members)
    if len({member.group for member in members}) < 3:
        return [Grade(0, "too few reports have a middle")] * len(members)
    return [
        Grade(
            -((nearest - member.centrality) // _CENTRE_STEP),
            "closest to what the reports have in common"
            if nearest - member.centrality < _CENTRE_STEP
            else "further from what the reports have in common",
        )
        for member in members
    ]


def _grade_presentation(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer the copy with fewer faults of presentation."""
    found = [
        presentation_faults(member.article.title, member.clean.title, member.clean.paragraphs)
        for member in members
    ]
    seen = sorted({fault for faults in found for fault in faults})
    better = f"better presented; others have {', '.join(seen)}"
    fewest = min(map(len, found))
    return [
        Grade(-len(faults), better if len(faults) == fewest else f"has {', '.join(faults)}")
        for faults in found
    ]


def _grade_stable(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Take the first id: arbitrary, and the same every time."""
    first = min(member.article.id for member in members)
    equal = f"equal in all else to {counted(len(members) - 1, 'other')}; first by id"
    return [
        Grade(1, equal) if member.article.id == first else Grade(0, "not the first by id")
        for member in members
    ]


#: Runs before all others, always: no setting makes a withdrawn story the one to show.
WITHDRAWN: Final = Rule(name="withdrawn", grade=grade_withdrawn)
#: Runs after all others, always, and leaves one.
TIE_BREAK: Final = Rule(name="stable", grade=_grade_stable)
#: The rules in between, in their default order.
RULES: Final[tuple[Rule, ...]] = (
    Rule(name="pinned", grade=_grade_pinned),
    Rule(name="withdrawn_story", grade=grade_withdrawn_story, whole_cluster=True),
    Rule(name="corrected", grade=grade_corrected),
    Rule(name="named_canonical", grade=grade_named, whole_cluster=True),
    Rule(name="agency", grade=grade_agency, whole_cluster=True),
    Rule(name="source_priority", grade=_grade_source_priority),
    Rule(name="untranslated", grade=_grade_untranslated),
    Rule(name="completeness", grade=_grade_completeness, whole_cluster=True),
    Rule(name="updates", grade=_grade_updates),
    Rule(name="earliest", grade=_grade_earliest),
    Rule(name="centre", grade=_grade_centre),
    Rule(name="presentation", grade=_grade_presentation),
)
