"""Text normalisation: one spelling for what a reader sees as the same text.

The idea: crawlers, editors and fonts write one sentence in many ways (curly and straight quotes,
composed and decomposed accents, soft hyphens, leftover HTML).  Each difference is undone by one
small named function, so that what was done to a text can be told, and done again.

Laws
----
* ``normalize(normalize(text)) == normalize(text)`` for every string, lone surrogates included.
* Replaying the functions named by ``applied(text)``, in that order, gives ``normalize(text)``.
* A step never adds or removes a line break, but for ``line_breaks``, which only renames other
  characters that break lines: line ``k`` stays line ``k``.

Theory of operation
-------------------
The steps run in order, and the whole round runs again until nothing changes: decoding ``&shy;``
gives a soft hyphen that an earlier step drops, which may bring two halves of another entity
together.  Most texts hold odd quotes, dashes and spaces at most: no other step can change these,
nor can what the last three steps write, so these alone run.  Real text is still after two rounds.
A text that is not after :data:`ROUNDS` is a trap made of nested entities, and loses its ampersands.
Every step begins with a check at the speed of
C, so that clean text costs little: 5 MB take a fraction of a second.

Zero-width joiners are letters in some scripts.  In Persian and Urdu a ZWNJ separates the parts of
a word, in Indic scripts ZWNJ and ZWJ choose between letter forms, and dropping them would give
another word.  So both stay between two letters (or marks) of Arabic, Syriac, Mongolian and the
Brahmic scripts, and go everywhere else, where they are invisible debris.

Unicode compatibility forms (ligatures, full-width letters) are left to the tokeniser: they are a
matter of comparing, while this text is also shown to people.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from html.entities import html5
from typing import Final

import regex

__all__ = ["ROUNDS", "STEPS", "applied", "break_lines", "normalize"]

Step = tuple[str, Callable[[str], str]]

ROUNDS: Final = 4
"""Rounds of all steps after which a text that still changes loses its ampersands."""

_SURROGATES = "\ud800-\udfff"
_CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufff9-\ufffb"
_BREAKS = "\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_INVISIBLES = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff0-\ufff8\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_SINGLE_QUOTES = "‘’‚‛`´ʹʻʼʽˈˊˋ՚׳＇｀‹›"
_DOUBLE_QUOTES = "“”„‟«»״＂〝〞〟"
_HYPHENS = "\u2010\u2011\u2012\u2212\ufe63\uff0d"
_DASHES = "\u2014\u2015\u2e3a\u2e3b\ufe58\ufe31\ufe32"
_SPACES = (
    "\t\x1f\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u202f\u205f\u3000\u2800\u3164\uffa0"
)

# The standard module scans such classes several times faster than `regex`.
_SURROGATE = re.compile(f"[{_SURROGATES}]")
_CONTROL = re.compile(f"[{_CONTROLS}]+")
_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_INVISIBLE = re.compile(f"[{_INVISIBLES}]+")
_JOINER = re.compile(f"[{_JOINERS}]")
_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_QUOTE = re.compile(f"[{_SINGLE_QUOTES}{_DOUBLE_QUOTES}]")
_DASH = re.compile(f"[{_HYPHENS}{_DASHES}]")
_ODD_SPACE = re.compile(f"[{_SPACES}]")
_DASH_RUN = re.compile("(?<!-)-{2,3}(?!-)|\u2013{2,}")
_DEBRIS = re.compile(f"[{_SURROGATES}{_CONTROLS}{_BREAKS}]")
_SUSPECT = re.compile(
    f"[{_SURROGATES}{_CONTROLS}{_BREAKS}{_INVISIBLES}{_JOINERS}{_SINGLE_QUOTES}{_DOUBLE_QUOTES}"
    f"{_HYPHENS}{_DASHES}{_SPACES}]"
)

_JOINING = (
    r"[[\p{Arabic}\p{Syriac}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}"
    r"\p{Oriya}\p{Tamil}\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Tibetan}\p{Myanmar}"
    r"\p{Khmer}]&&[\p{L}\p{M}]]"
)
_STRAY_JOINER = regex.compile(
    rf"(?<!{_JOINING})[{_JOINERS}]+|[{_JOINERS}]+(?!{_JOINING}|[{_JOINERS}])"
    rf"|(?<=[{_JOINERS}])[{_JOINERS}]+",
    regex.V1,
)

_PLAIN: Final = {
    **dict.fromkeys(_SINGLE_QUOTES, "'"),
    **dict.fromkeys(_DOUBLE_QUOTES, '"'),
    **dict.fromkeys(_HYPHENS, "-"),
    **dict.fromkeys(_DASHES, "\u2013"),
}
_REPLACED: Final = _PLAIN | dict.fromkeys(_SPACES, " ")


def _settled(text: str) -> bool:
    """Tell, at the speed of one scan, that no step can change this text."""
    return not (
        _is_suspect(text)
        or ("&" in text and ";" in text)
        or "''" in text
        or "--" in text
        or "\u2013\u2013" in text
        or "  " in text
        or " \n" in text
        or "\n " in text
        or text[:1] == " "
        or text[-1:] == " "
        or not unicodedata.is_normalized("NFC", text)
    )


def _is_suspect(text: str) -> bool:
    if text.isascii():  # the same, ten times quicker
        return "`" in text or not text.replace("\n", "").isprintable()
    return _SUSPECT.search(text) is not None


def _replace_each(text: str, pattern: re.Pattern[str]) -> str:
    # A few replacements of one character each beat `translate`, which looks up every character.
    for mark in set(pattern.findall(text)):
        text = text.replace(mark, _REPLACED[mark])
    return text


def _surrogates(text: str) -> str:
    """Turn lone surrogates, which no encoding can carry, into U+FFFD."""
    return _SURROGATE.sub("\ufffd", text) if _SURROGATE.search(text) else text


def _controls(text: str) -> str:
    """Drop NUL and the other control characters that are neither space nor line break."""
    return _CONTROL.sub("", text) if _CONTROL.search(text) else text


def break_lines(text: str) -> str:
    r"""Turn every character that breaks a line, and the pair CR LF, into one ``\n``."""
    return _BREAK.sub("\n", text) if _BREAK.search(text) else text


def _invisible(text: str) -> str:
    """Drop characters without width or meaning: BOM, soft hyphen, bidirectional marks, ZWSP."""
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    return _STRAY_JOINER.sub("", text) if _JOINER.search(text) else text


def _compose(text: str) -> str:
    """Bring the text into Unicode normal form C."""
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", text)


def _decode(match: re.Match[str]) -> str:
    reference = match.group()
    # The standard function would also decode the "not" of an unknown "&notes;".
    decoded = (
        html.unescape(reference) if reference[1] == "#" else html5.get(reference[1:], reference)
    )
    # An entity for a line break must not make a line: lines are counted.
    return " " if decoded in {"\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"} else decoded


def _entities(text: str) -> str:
    """Decode HTML character references that a crawler left in (``&amp;``, ``&#8217;``)."""
    if "&" not in text or ";" not in text:
        return text
    return _ENTITY.sub(_decode, text)


def _quotes(text: str) -> str:
    """Write every quotation mark as ``"`` and every apostrophe as ``'``."""
    return _quote_runs(_replace_each(text, _QUOTE))


def _quote_runs(text: str) -> str:
    # Pairs of single quotes, as in LaTeX and on old wires, are double quotes.
    return re.sub("'{2,}", '"', text) if "''" in text else text


def _dashes(text: str) -> str:
    """Write hyphens as ``-`` and all longer dashes, ``--`` too, as an en dash."""
    return _dash_runs(_replace_each(text, _DASH))


def _dash_runs(text: str) -> str:
    if "--" in text or "\u2013\u2013" in text:
        text = _DASH_RUN.sub("\u2013", text)
    return text


def _spaces(text: str) -> str:
    """Make every run of white space inside a line one space and trim each line."""
    return _space_runs(_replace_each(text, _ODD_SPACE))


def _space_runs(text: str) -> str:
    if "  " in text:
        text = re.sub(" {2,}", " ", text)
    if " \n" in text or "\n " in text:
        text = text.replace(" \n", "\n").replace("\n ", "\n")
    return text.strip(" ")


def _ampersands(text: str) -> str:
    """Drop the ampersands of a text made to unfold without end."""
    return text.replace("&", "")


STEPS: Final[tuple[Step, ...]] = (
    ("surrogates", _surrogates),
    ("controls", _controls),
    ("line_breaks", break_lines),
    ("entities", _entities),
    ("invisible", _invisible),
    ("compose", _compose),
    ("quotes", _quotes),
    ("dashes", _dashes),
    ("spaces", _spaces),
)
"""The steps of one round: names and pure functions ``str -> str``, in order."""

_STEPS_FOR_TEXT_WITHOUT_DEBRIS: Final = tuple(
    step for step in STEPS if step[0] not in {"surrogates", "controls", "line_breaks"}
)

LAST_RESORT: Final[Step] = ("ampersands", _ampersands)
"""What is done to a text that still changes after :data:`ROUNDS` rounds."""


def _round(text: str, names: list[str] | None) -> str:
    # One scan tells whether any of the steps that drop debris has work to do.
    steps = STEPS if _DEBRIS.search(text) else _STEPS_FOR_TEXT_WITHOUT_DEBRIS
    for name, function in steps:
        before = text
        text = function(text)
        if names is not None and text != before:
            names.append(name)
    return text


def _run(text: str, names: list[str] | None) -> str:
    for _ in range(ROUNDS):
        if _settled(text):
            return text
        before = text
        text = _round(text, names)
        if text == before:
            return text
    if "&" not in text:
        return _run(text, names)
    if names is not None:
        names.append(LAST_RESORT[0])
    return _run(_ampersands(text), names)


def _quickly(text: str) -> str | None:
    """Return a text as :func:`_run` does, where it holds odd quotes, dashes and spaces at most."""
    if ("&" in text and ";" in text) or not unicodedata.is_normalized("NFC", text):
        return None
    marks = set(_SUSPECT.findall(text)) if _is_suspect(text) else ()
    if not _REPLACED.keys() >= set(marks):
        return None
    for mark in marks:
        text = text.replace(mark, _REPLACED[mark])
    before = ""
    while text != before:
        before = text
        text = _space_runs(_dash_runs(_quote_runs(text)))
    return text


def normalize(text: str) -> str:
    r"""Return the text in one spelling: Unicode form, quotes, dashes, spaces, no debris.

    Parameters
    ----------
    text : str
        Any string; lone surrogates and NUL are allowed.

    Returns
    -------
    str
        Normal form C, lines separated by ``\n`` and trimmed; as many lines as the input has.
        Empty lines are kept.

    Notes
    -----
    Linear in the length of the text; about 50 ns per character where something must be changed.

    Examples
    --------
    >>> normalize("Lie\u0300ge\u00a0&amp; \u201cAlibaba\u201d \u2014 VSSE\r\n")
    'Liège & "Alibaba" – VSSE\n'
    """
    quick = _quickly(text)
    return _run(text, None) if quick is None else quick


def applied(text: str) -> tuple[str, ...]:
    r"""Return the names of the steps that change this text, in the order in which they do.

    A name stands as often as its step changed something.

    Examples
    --------
    >>> applied("caf\u00e9 \u2019n bar"), applied("plain")
    (('quotes',), ())
    """
    names: list[str] = []
    _run(text, names)
    return tuple(names)
