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
from dedup.text.patterns import ends_as_sentence, furniture_names
from dedup.text.written_dates import is_timestamp

__all__ = [
    "is_byline",
    "is_headline",
    "is_in_parentheses",
    "is_prose",
    "is_signature",
    "is_video_item",
    "is_wrapped",
    "rule_by_form",
]

_WRAPPED: Final = 45  # shortest line that can break inside a sentence for lack of room
_PROSE: Final = 100  # characters of a line that, ending as a sentence, is certainly body
_PROSE_UNSPACED: Final = 40  # the same where a character is a word
_HEADLINE: Final = 160  # longest headline in a list of links

_ADDRESS = re.compile(
    r"(?:https?://\S+|www\.\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|@\w+|(?:#\w+[\s,]*)+)[.,]?",
    re.IGNORECASE,
)
_WORDLESS = regex.compile(r"[^\p{L}\p{N}]+")
_UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_IN_PARENTHESES = re.compile(r"[(\[][^()\[\]\d]{1,40}[)\]]\.?")
_NUMBERED = re.compile(r"\(?\d{1,3}[.)]\s")
_VIDEO_ITEM = re.compile(r"\d{1,2}:\d\d (?![ap]\.?m)")
_LATIN = regex.compile(r"[\p{Latin}\s|.'-]+")
_NAME_WORD = regex.compile(r"[\p{Lu}\p{Lt}][\p{L}\p{M}\p{N}.'-]*|\p{Lu}\.")


def is_prose(line: str) -> bool:
    """Tell whether a line is long and ends as a sentence: body, whatever stands around it.

    >>> is_prose("Too short."), is_prose("The ministry said " + "on Friday " * 9 + "that it would.")
    (False, True)
    """
    if not ends_as_sentence(line):
        return False
    return len(line) >= _PROSE or (
        len(line) >= _PROSE_UNSPACED and len(_UNSPACED.findall(line)) >= _PROSE_UNSPACED // 2
    )


def is_wrapped(lines: Sequence[str]) -> bool:
    """Tell whether line breaks stand inside sentences, as on old wires: then no line is a unit."""
    pairs = carried = 0
    for above, below in pairwise(lines):
        if above and below:
            pairs += 1
            carried += below[0].islower() and len(above) >= _WRAPPED and not ends_as_sentence(above)
    return carried * 4 >= pairs > 0


def rule_by_form(line: str) -> str:
    """Name the rule for lines known by their form alone, or return nothing."""
    if len(line) > 160:
        return ""
    if _WORDLESS.fullmatch(line):
        return "symbols"
    if (" " not in line or line[0] == "#") and _ADDRESS.fullmatch(line):
        return "address"
    if is_timestamp(line):
        return "timestamp"
    return ""


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
    if first.casefold().rstrip(":") not in names or not first[:1].isupper():
        return False
    words = regex.split(r",| \| | – | - |\(", rest)[0].split()
    capitals = [word for word in words if _NAME_WORD.fullmatch(word)]
    glue = [word for word in words if word.casefold() in name_table().byline_glue]
    least = 1 if first in {"By", "BY"} else 2
    return least <= len(capitals) <= 8 and len(capitals) + len(glue) >= len(words)


def is_signature(line: str) -> bool:
    """Tell "FIRST LAST | OUTLET" and "FIRST LAST" in capitals, as some papers sign."""
    if len(line) > 60 or not line.isupper() or not _LATIN.fullmatch(line):
        return False
    return " | " in line or len(line.split()) == 2
