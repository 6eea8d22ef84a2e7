"""What a line looks like, whatever it says: prose, headline, by-line, time stamp.

The idea: some furniture has a form instead of a phrase.  Each function looks at one line (one, at
all lines) and answers one question; where such a line must stand to be furniture is decided in
:mod:`dedup.text.boilerplate`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import regex

from dedup.text.agencies import name_table
from dedup.text.hints import fold
from dedup.text.patterns import (
    ends_as_sentence,
    furniture_names,
    furniture_rules,
    furniture_words,
)
from dedup.text.written_dates import is_timestamp

__all__ = [
    "QUOTES",
    "UNSPACED",
    "WORD",
    "caption_core",
    "is_bio",
    "is_byline",
    "is_contact",
    "is_desk_mark",
    "is_doubled",
    "is_duration",
    "is_fact",
    "is_gallery",
    "is_headline",
    "is_in_parentheses",
    "is_prose",
    "is_share_row",
    "is_signature",
    "is_source_name",
    "is_video_item",
    "is_wrapped",
    "rule_by_form",
]

_WRAPPED: Final = 45  # shortest line that can break inside a sentence for lack of room
_PROSE: Final = 100  # characters of a line that, ending as a sentence, is certainly body
_PROSE_UNSPACED: Final = 40  # the same where a character is a word
_HEADLINE: Final = 160  # longest headline in a list of links

_ADDRESS = re.compile(
    r"(?:https?://\S+|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@\w+|(?:#\w+[\s,]*)+"
    r"|[\w.-]+\.(?:com|net|org)/\S+)[.,;]?",
    re.IGNORECASE,
)
_WORDLESS = regex.compile(r"[^\p{L}\p{N}]+")
#: Characters of scripts that put no space between words.
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_IN_PARENTHESES = re.compile(r"[(\[][^()\[\]\d]{1,40}[)\]]\.?")
_NUMBERED = re.compile(r"\(?\d{1,3}[.)]\s")
_VIDEO_ITEM = re.compile(r"\d{1,2}:\d\d (?![ap]\.?m)")
_LATIN = regex.compile(r"[\p{Latin}\s|.'-]+")
_NAMES_END = regex.compile(r",| \| | – | - |\(")
_NAME_WORD = regex.compile(r"[\p{Lu}\p{Lt}][\p{L}\p{M}\p{N}.'-]*|\p{Lu}\.")
#: Marks that open a quotation.
QUOTES: Final = "\"'“„«‘「『"
_COPY: Final = 14  # characters of the shorter of two copies, at least
_LONGEST_DOUBLED: Final = 400
_CREDIT: Final = 110  # characters at the end of a line in which a credit is looked for
_BIO: Final = 320
_SHORT_BIO: Final = 130  # a biography without an address must be short
_COUNTER = re.compile(
    r"\b(?:image|photo|picture|slide|foto|bild|imagen|imagem|immagine|zdjęcie|фото) "
    r"\d+ (?:of|von|de|di|van|sur|z|из|dari) (?:/ )?\d+\b",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s")
_PHONE = re.compile(r"\d{3,}[\d)./-]*[ ./-]\d{3,}")
_REACHED = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<!\w)@\w{2,}|(?:https?://|www\.)\S+"
    r"|\b[\w-]+\.(?:com|net|org)(?:/\S*)?|\+?\(?\d[\d ()./-]{6,}\d",
)
#: A word, with the stops, apostrophes and hyphens inside it.
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:[.'’-]+[\p{L}\p{M}\p{N}]+)*")
_BIO_HEAD = regex.compile(
    r"(?:[-–—*•]\s?)?(?P<name>\p{Lu}[\p{L}.'’-]*(?: (?:de|van|von|der|la|bin|binti|al)"
    r"| \p{Lu}[\p{L}.'’-]*){1,4})(?:, [^,.]{2,40},)? "
    r"(?:is (?:an?|the)|ist|est|es|é|è|is een|är|jest|ialah|adalah|merupakan) "
)
_SMALL_WORD = regex.compile(r"\p{Ll}{6,24}")
_DESK_MARK = regex.compile(
    r"\p{Ll}{2,3}(?:[,/] ?\p{Ll}{2,3})+(?: \([\p{L}., /-]+\))?"
    r"|[-–—] ?\p{Lu}[\p{L}.'’-]+(?: \p{Lu}[\p{L}.'’-]*){0,3}"
)
_FACT = regex.compile(r"\p{Lu}[\p{L}\p{N}/' ]{1,40} [–-] \S")
_COUNTED: Final = frozenset(
    ("image", "photo", "pictu", "slide", "foto ", "bild ", "immag", "zdjęc", "фото ")
)  # beginnings of the words of _COUNTER
_DURATION = re.compile(r"\d{1,2}:\d\d")


def is_prose(line: str) -> bool:
    """Tell whether a line is long and ends as a sentence: body, whatever stands around it.

    >>> is_prose("Too short."), is_prose("The ministry said " + "on Friday " * 9 + "that it would.")
    (False, True)
    """
    if not ends_as_sentence(line):
        return False
    return len(line) >= _PROSE or (
        len(line) >= _PROSE_UNSPACED and len(UNSPACED.findall(line)) >= _PROSE_UNSPACED // 2
    )


def is_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether line breaks stand inside sentences, as on old wires: then no line is a unit."""
    pairs = carried = 0
    for above, below in pairwise(lines):
        if above and below:
            pairs += 1
            carried += (
                below[0].islower()
                and len(above) >= _WRAPPED
                and not ends_as_sentence(above)
                and not furniture_rules().match(below)  # "von dpa" under a headline
            )
    return carried * 4 >= pairs > 0


def rule_by_form(line: str) -> str:
    """Name the rule for lines known by their form alone, or return nothing."""
    if line[:5].casefold() in _COUNTED and _COUNTER.match(line) is not None:
        return "gallery"
    if len(line) > 160:
        return ""
    if is_share_row(line):
        return "share"
    if _WORDLESS.fullmatch(line):
        return "symbols"
    if (" " not in line or line[0] == "#") and _ADDRESS.fullmatch(line):
        return "address"
    if is_timestamp(line):
        return "timestamp"
    return ""


def is_share_row(line: str) -> bool:
    """Tell whether a line is nothing but buttons, "Share Shares Copy Link"; one alone is not known.

    >>> is_share_row("12 Shares Tweet Copy link"), is_share_row("Share prices fell")
    (True, False)
    """
    last = fold(line[line.rfind(" ") + 1 :])
    known = furniture_words("share_word")
    if last not in known and not last.isdigit():  # most lines
        return False
    words = fold(line).split()
    return (
        len(words) > 1
        and all(word in known or word.isdigit() for word in words)
        and any(word in known for word in words)
    )


def is_in_parentheses(line: str) -> bool:
    """Tell whether a line is a name or initials in parentheses, "(Ana Bo)", "(ab/cd)"."""
    return _IN_PARENTHESES.fullmatch(line) is not None


def is_video_item(line: str) -> bool:
    """Tell whether a line is an entry of a player's list, "2:31 Title"; not "2:31 p.m. ..."."""
    return line[:1].isdigit() and _VIDEO_ITEM.match(line) is not None


def is_headline(line: str) -> bool:
    """Tell whether a line can be a link in a list of stories.

    >>> is_headline("Storm nears the coast"), is_headline("It came on Friday.")
    (True, False)
    """
    if len(line) > _HEADLINE or line[0] == "#" or _NUMBERED.match(line):
        return False
    return not line.endswith((".", "。", "।", '."', ":", ",", ";")) or line.endswith(("...", "…"))


def is_byline(line: str) -> bool:
    """Tell whether a line is "By" or its like before nothing but names.

    >>> is_byline("By Ana Bo and C. Do"), is_byline("By Friday the storm had passed")
    (True, False)
    """
    if len(line) > 110 or (line.endswith((".", "?", "!", ":", ",")) and not line.endswith("Jr.")):
        return False
    first, _, rest = line.partition(" ")
    names = furniture_names()
    if fold(first).rstrip(":") not in names or not first[:1].isupper():
        return False
    words = _NAMES_END.split(rest)[0].split()
    capitals = [word for word in words if _NAME_WORD.fullmatch(word)]
    glue = [word for word in words if word.casefold() in name_table().byline_glue]
    least = 1 if first in {"By", "BY"} else 2
    return least <= len(capitals) <= 8 and len(capitals) + len(glue) >= len(words)


def is_signature(line: str) -> bool:
    """Tell "FIRST LAST | OUTLET" and "FIRST LAST" in capitals, as some papers sign."""
    if len(line) > 60 or not line.isupper() or not _LATIN.fullmatch(line):
        return False
    return " | " in line or len(line.split()) == 2


def is_doubled(line: str) -> bool:
    """Tell whether a line says the same twice, as a picture's text and its caption do.

    A credit of a few words may stand before the two.  Long sentences are left alone.

    >>> is_doubled("The bridge at dawn The bridge at dawn"), is_doubled("Again and again")
    (True, False)
    """
    length = len(line)
    if not 2 * _COPY < length <= _LONGEST_DOUBLED:
        return False
    found = line.rfind(line[-_COPY:], 0, length - 1)
    size = length - found - _COPY  # of one copy and the space after it
    if found < 0 or size < _COPY or line[-size] != " ":
        return False
    start = length - 2 * size + 1
    if start < 0 or line[start : start + size - 1] != line[length - size + 1 :]:
        return False
    return not is_prose(line[start : start + size - 1]) and line.count(" ", 0, start) <= 3


def caption_core(line: str) -> str:
    """Return what a line says before a credit, "(Photo: Ana Bo)" or "Source: Kite"; else nothing.

    >>> caption_core("Police car (Photo: Stock)"), caption_core("No photo: it was dark, he said.")
    ('Police car', '')
    """
    colon = line.rfind(":", -_CREDIT)
    if colon < 1 or len(line) > _LONGEST_DOUBLED:
        return ""
    bare = line.rstrip(".")
    start = bare.rfind("(", 0, colon) if bare[-1:] == ")" else line.rfind(" ", 0, colon - 1)
    if start < 1 or (bare[-1] != ")" and not line[start - 1].isprintable()):
        return ""
    word, _, name = line[start + 1 :].partition(":")
    first = fold(word).split(" ", 1)[0]
    if first not in furniture_words("credit_word") or len(word) > 30 or len(name) < 2:
        return ""
    if bare[-1] != ")" and (len(name) > 50 or ends_as_sentence(name) or line[start - 1] == ","):
        return ""
    return line[:start].rstrip()


def is_gallery(line: str) -> bool:
    """Tell whether a long line is a whole gallery: counters or captions, again and again.

    >>> is_gallery("Image 1 of / 3 Caption Close Image 1 of 3 A tower Image 2 of 3 A gate")
    True
    """
    if " 1 " in line[:200] and len(_COUNTER.findall(line)) >= 2:
        return True
    if not line.startswith("Caption "):
        return False
    sentences = [part for part in _SENTENCES.split(line[len("Caption ") :]) if len(part) > _COPY]
    return len(sentences) - len(set(sentences)) >= 2


def is_contact(line: str) -> bool:
    """Tell whether a line is an address or a telephone number, and whose it is.

    >>> is_contact("Ana Bo: abo@kite.example, 555-010-0199; Twitter @anabo")
    True
    >>> is_contact("Ana Bo wrote to abo@kite.example before she left"), is_contact("14.5, 120.98")
    (False, False)
    """
    if len(line) > 200 or line[0] in "#@" or not ("@" in line or _PHONE.search(line)):
        return False
    if line[0] in "-–—" and "(@" in line:  # who wrote a message that is quoted
        return False
    rest, count = _REACHED.subn(" ", line)
    words = WORD.findall(rest)
    known = furniture_words("contact_word")
    told = [word for word in words if fold(word) in known]
    names = [word for word in words if fold(word) not in known]
    return (
        count > 0
        and ("@" in line or bool(told))
        and len(names) <= 5
        and all(_NAME_WORD.fullmatch(word) for word in names)
        and not any(mark.isdigit() for mark in rest)
    )


def is_bio(line: str) -> bool:
    """Tell whether a line says who wrote the article, "Ana Bo is a reporter for the Kite".

    >>> is_bio("Ana Bo is a Kite staff writer. Reach her at abo@kite.example.")
    True
    >>> is_bio("Ana Bo is a dentist in the town."), is_bio("The minister is a former reporter.")
    (False, False)
    """
    if len(line) > _BIO or line[0] in QUOTES:
        return False
    match = _BIO_HEAD.match(line)
    if match is None:
        return False
    if match.group("name").isupper():
        return True
    told = line[match.end() :]
    reached = _REACHED.search(told) is not None
    folded = f" {' '.join(WORD.findall(fold(told)))} "
    role = any(f" {role} " in folded for role in furniture_words("bio_role"))
    return role and (reached or len(line) <= _SHORT_BIO)


def is_source_name(line: str) -> bool:
    """Tell whether a line is one word in small letters, as picture sources are left behind.

    >>> is_source_name("stockpictures"), is_source_name("Stock"), is_source_name("a pier")
    (True, False, False)
    """
    return len(line) <= 24 and _SMALL_WORD.fullmatch(line) is not None


def is_desk_mark(line: str) -> bool:
    """Tell whether a line is initials of editors or a dash and a name: "ab/cd (AP)", "- Ana Bo".

    >>> is_desk_mark("ab,cd/ef (AP, dpa)"), is_desk_mark("– Ana Bo"), is_desk_mark("- an onion")
    (True, True, False)
    """
    return len(line) <= 60 and _DESK_MARK.fullmatch(line) is not None


def is_fact(line: str) -> bool:
    """Tell whether a line is one of a list of facts, "Age – 17"; see what stands beside it.

    >>> is_fact("Place – Harbour"), is_fact("Friday, 5 May")
    (True, False)
    """
    return len(line) <= 100 and _FACT.match(line) is not None


def is_duration(line: str) -> bool:
    """Tell whether a line is the length of a video and nothing else, "2:31"."""
    return len(line) <= 5 and _DURATION.fullmatch(line) is not None
