"""The rules about a version's standing: whether it still holds, and whether the story is its own.

These are the rules that listen to what other members of the cluster say: a notice withdraws a
story, a correction replaces a version, a page names another as the canonical one, a reprint credits
an agency.  Laws as in :mod:`dedup.canonical_rules`.

Choices that are not obvious
----------------------------
*Corrected and withdrawn versions.*  What its own publisher calls wrong is not shown for being
first, credited or complete; copies of it at other outlets share the error, unless they are
certainly later than the correction.  This is about errors only: an UPDATE does not make the first
version wrong.

*Own article.*  The agency that others credit is preferred only where another member says that it
republishes it or carries its dateline, or two groups of copies quote it or say that it was first:
one quotation does not make a report the source of a story.  Where the agency's own page is not in
the cluster, a copy under its dateline is the nearest thing to it; such copies do not vouch for one
another, and a site's name in its own dateline vouches for nothing.  A brief or an excerpt does not
count as the article.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from dedup.canonical_records import Grade, Member
from dedup.provenance import Name, certainly_later, credited_names, outlet, published_names
from dedup.text.tokenize import fold
from dedup.urls import canonical_form

if TYPE_CHECKING:
    from dedup.canonical import CanonicalConfig

__all__ = [
    "counted",
    "grade_agency",
    "grade_corrected",
    "grade_named",
    "grade_withdrawn",
    "grade_withdrawn_story",
]

_STATED: Final = frozenset({"republished_from", "agency"})
_IN_PASSING: Final = frozenset({"quotes", "first_reported_by"})


def counted(number: int, what: str) -> str:
    """Return a number with its noun: "1 other", "3 others"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def grade_withdrawn(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Put a withdrawn story behind everything else."""
    gone = sum(member.clean.withdrawn for member in members)
    stands = f"not withdrawn itself; {counted(gone, 'other')} {'was' if gone == 1 else 'were'}"
    return [
        Grade(0, "withdrawn by its publisher") if member.clean.withdrawn else Grade(1, stands)
        for member in members
    ]


def grade_withdrawn_story(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Put the story that a notice withdraws last, and copies of it behind reports of their own."""
    notices = [member for member in members if member.clean.withdrawn]
    stories = {story for notice in notices for story in _withdrawn_by(notice, members)}
    groups = {member.group for member in notices} | {members[at].group for at in stories}
    return [
        Grade(0, "the story that its publisher withdrew")
        if at in stories
        else Grade(1, "another outlet's copy of a story that was withdrawn")
        if member.group in groups
        else Grade(2, "its text is not that of the story that was withdrawn")
        for at, member in enumerate(members)
    ]


def _withdrawn_by(notice: Member, members: Sequence[Member]) -> set[int]:
    """Return the positions of the stories of a notice's outlet that it withdraws.

    That is the one whose address or headline it repeats; failing that, any that is not later.
    """
    publisher = outlet(notice.article)
    own = {
        at
        for at, member in enumerate(members)
        if not member.clean.withdrawn
        and publisher
        and publisher == outlet(member.article)
        and not certainly_later(member.date, notice.date)
    }
    urls = (notice.article.url, notice.article.canonical_url)
    addresses = {form for url in urls if (form := canonical_form(url))}
    told = fold(f"{notice.clean.title}\n{notice.clean.body}")
    named = {
        at
        for at in own
        if canonical_form(members[at].article.url) in addresses
        or (members[at].clean.title and fold(members[at].clean.title) in told)
    }
    return named or own


def grade_corrected(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Put a version behind the one in which its own outlet corrected it."""
    corrections = [
        member
        for member in members
        if (header := member.clean.header) is not None and header.kind == "corrected"
    ]
    grades = []
    for member in members:
        if any(_is_corrected_in(member, newer, config) for newer in corrections):
            grades.append(Grade(0, "its publisher corrected it since"))
        elif member in corrections:
            grades.append(Grade(1, "the corrected version; earlier ones hold the error"))
        else:
            grades.append(Grade(1, "not a version that was corrected since"))
    return grades


def _is_corrected_in(older: Member, newer: Member, config: CanonicalConfig) -> bool:
    """Tell whether a correction holds a member's whole text, and the member may have the error."""
    header = older.clean.header
    if header is not None and header.kind == "corrected":
        return False
    same_headline = fold(older.clean.title) == fold(newer.clean.title) != ""
    same_story = older.group == newer.group or (
        same_headline and "" != outlet(older.article) == outlet(newer.article)
    )
    whole = newer.n_words >= config.min_completeness * older.n_words
    return same_story and whole and not certainly_later(older.date, newer.date)


def grade_named(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer a page that pages at other addresses name as the canonical one."""
    namings: Counter[str] = Counter()
    for member in members:
        named = canonical_form(member.article.canonical_url)
        if named and named != canonical_form(member.article.url):
            namings[named] += 1
    grades = []
    for member in members:
        votes = namings[canonical_form(member.article.url) or ""]
        who = f"{counted(votes, 'other page')} {'names' if votes == 1 else 'name'}"
        grades.append(
            Grade(1, f"{who} it as the canonical address")
            if votes
            else Grade(0, "no other page names it as the canonical address")
        )
    return grades


def grade_agency(members: Sequence[Member], config: CanonicalConfig) -> list[Grade]:
    """Prefer the own article of the agency that the others credit."""
    names = _agency_names(members)
    grades = [Grade(0, "not the article of an agency that the others credit")] * len(members)
    if not names:
        return grades
    # A story of thousands may credit thousands: none is gone through for each of them.
    crediting = _crediting(members)
    of_name: defaultdict[Name, set[int]] = defaultdict(set)
    for at, member in enumerate(members):
        for known in published_names(member.article):
            of_name[known].add(at)
    for agency in sorted(names):
        name = max(names[agency], key=lambda form: (names[agency][form], form))
        goes_by = credited_names(agency, *sorted(names[agency]))
        own = {at for known in goes_by for at in of_name.get(known, ())}
        under_dateline = crediting["agency", agency] - own
        # A dateline credits the agency's own page, but copies that carry it do not credit one
        # another.
        for owners, out, what in (
            (own, own, "the agency's own article"),
            (under_dateline, own | under_dateline, "the agency's article, under its dateline"),
        ):
            stated = {at for each in _STATED for at in crediting[each, agency]} - out
            others = stated | {at for each in _IN_PASSING for at in crediting[each, agency]} - out
            if not stated and len({members[at].group for at in others}) < 2:
                continue
            verb = "credits" if len(others) == 1 else "credit"
            reason = f"{what}; {counted(len(others), 'other')} {verb} {name}"
            level = 1 if owners is under_dateline else 3 if stated else 2
            for at in owners:
                if level > grades[at].level and not _is_part(members[at]):
                    grades[at] = Grade(level, reason)
    return grades


def _agency_names(members: Iterable[Member]) -> dict[str, Counter[str]]:
    """Return, for every agency that is credited, how often it is written in which way."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for member in members:
        for credit in member.clean.credits:
            if credit.agency:
                names[credit.agency][credit.name or credit.agency] += 1
    return names


def _crediting(members: Iterable[Member]) -> defaultdict[tuple[str, str], set[int]]:
    """Return the positions of the members that credit, by relation and agency."""
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for at, member in enumerate(members):
        for credit in member.clean.credits:
            found[credit.relation, credit.agency].add(at)
    return found


def _is_part(member: Member) -> bool:
    header = member.clean.header
    return member.role == "excerpt" or (header is not None and header.kind == "brief")
