"""What makes a report look bad on the page: named faults, found in the text alone.

Two kinds, because they mean different things to whoever chooses what to show.  *Untranslated
fragments* say that no person read the text before it went out.  *Faults of presentation* (a
headline in capitals, a headline cut off, padding for search engines) only make one copy look worse
than another.

Laws
----
* Each function is pure and looks at one text; none of them needs to know the language.
* No fault in a text that lacks what the fault is about: no headline, no fault of the headline.
* A fault carries words that can be shown to a reader.

Theory of operation
-------------------
Translation engines keep what stands in square brackets, so an editor's insertion in an English
quotation ("[which are] based on…") survives into the other language.  The sign is an English
function word in brackets in a text that is not English and uses that word nowhere else; names in
brackets do not count.  It fires on none of the 5,678 articles in 20 languages other than English of
the development sets, whose translations, human or machine, all dealt with their brackets.

Padding is a headline told again in an opening and in a closing paragraph.  A lead often holds the
words of its headline, a last paragraph hardly ever does, so both are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import Final

import regex

from dedup.text.tokenize import first_tokens, fold, tokenize, word_texts

__all__ = ["padding_paragraphs", "presentation_faults", "untranslated_fragments"]

_BRACKETED: Final = regex.compile(r"\[([^\[\]\n]{1,60})\]|\[(\p{L}+)|(\p{L}+)\]")
_ENOUGH_WORDS: Final = 30  # Fewer do not show which language a text is in.
#: The four commonest words of English make 9 to 15 % of its running text; 4 % is more than any
#: other language reaches with them, loan words and homographs included.
_COMMONEST_ENGLISH: Final = frozenset({"the", "of", "and", "to"})
_ENGLISH_SHARE: Final = 0.04

_TITLE_WORDS: Final = 5  # A headline of fewer words recurs in honest paragraphs.
_OPENING_SHARE: Final = 0.7
_CLOSING_SHARE: Final = 0.8
_FEWEST_PARAGRAPHS: Final = 5
_CUT: Final = ("…", "...", "..")
_PLAIN_WORD: Final = regex.compile(r"[a-z][a-z0-9]*")
_PLAIN_NUMBER: Final = regex.compile(r"[0-9]+")


@cache
def _function_words() -> frozenset[str]:
    path = files("dedup.text") / "data" / "english_function_words.txt"
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def untranslated_fragments(text: str) -> tuple[str, ...]:
    """Return the bracketed English fragments that a machine translation left standing.

    Parameters
    ----------
    text : str
        A body without furniture; linear time.

    Returns
    -------
    tuple of str
        The fragments as written, in order; empty for an English or a very short text.

    Examples
    --------
    >>> body = "Kami menyangkal tuduhan tersebut [which are] berdasarkan asumsi lama. " * 5
    >>> untranslated_fragments(body)[:1]
    ('[which are]',)
    """
    if "[" not in text and "]" not in text:
        return ()
    outside = tokenize(_BRACKETED.sub(" ", text))
    if len(outside) < _ENOUGH_WORDS:
        return ()
    if sum(word in _COMMONEST_ENGLISH for word in outside) >= _ENGLISH_SHARE * len(outside):
        return ()
    foreign = _function_words().difference(outside)
    return tuple(
        match.group()
        for match in _BRACKETED.finditer(text)
        if _is_untranslated(next(part for part in match.groups() if part), foreign)
    )


def _is_untranslated(inside: str, foreign: frozenset[str]) -> bool:
    """Tell a piece of an English sentence from a name such as "[The Guardian]"."""
    words = regex.findall(r"\p{L}+", inside)
    return any(word.casefold() in foreign for word in words) and all(
        word.casefold() in foreign or word.islower() for word in words
    )


def presentation_faults(
    written_title: str, title: str, paragraphs: Sequence[str]
) -> tuple[str, ...]:
    """Return what is wrong with a report's headline and with the frame of its text.

    Parameters
    ----------
    written_title : str
        The headline as it came, which still shows where it was cut.
    title : str
        The headline without wire header and outlet name.
    paragraphs : sequence of str
        The body without furniture.

    Returns
    -------
    tuple of str
        Short names of the faults, in a fixed order.

    Examples
    --------
    >>> presentation_faults("BELGIUM WATCHES ALIBABA HUB...", "BELGIUM WATCHES ALIBABA HUB", [])
    ('a headline in capitals', 'a headline cut off')
    """
    return tuple(_faults(written_title, title or written_title, paragraphs))


def _faults(written_title: str, title: str, paragraphs: Sequence[str]) -> Iterator[str]:
    words = tokenize(title)
    cased = [letter for letter in title if letter.isupper() or letter.islower()]
    capitals = sum(letter.isupper() for letter in cased)
    if len(words) >= 3 and len(cased) >= 10 and capitals >= 0.8 * len(cased):
        yield "a headline in capitals"
    if any(form.rstrip("\"'”’»› ").endswith(_CUT) for form in (written_title, title)):
        yield "a headline cut off"
    half = len(words) // 2
    doubled = len(words) >= 6 and words[:half] == words[len(words) - half :]
    if doubled or (words and any(_reads(paragraph, words) for paragraph in paragraphs[:3])):
        yield "its headline repeated"
    if padding_paragraphs(title, paragraphs):
        yield "padding for search engines"


def _reads(text: str, tokens: Sequence[str]) -> bool:
    """Whether a text's tokens are these; most texts tell at their first one."""
    return all(a == b for a, b in zip_longest(first_tokens(text), tokens))


def padding_paragraphs(title: str, paragraphs: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of an opening and a closing paragraph that only retell the headline.

    Parameters
    ----------
    title : str
        The headline.
    paragraphs : sequence of str
        The body without furniture; only its first two and last two are read.

    Returns
    -------
    tuple of int
        One opening and one closing position, or nothing: one of them alone is no padding.
    """
    if len(paragraphs) < _FEWEST_PARAGRAPHS or not _may_end_in_padding(title, paragraphs):
        return ()
    return _padding(title, paragraphs)


def _padding(title: str, paragraphs: Sequence[str]) -> tuple[int, ...]:
    wanted = word_texts(title)
    if len(wanted) < _TITLE_WORDS or len(paragraphs) < _FEWEST_PARAGRAPHS:
        return ()
    # A headline repeated on a line of its own is another fault, and holds no padding.
    headline = tokenize(title)
    body = [at for at, text in enumerate(paragraphs) if not _reads(text, headline)]
    if len(body) < _FEWEST_PARAGRAPHS:
        return ()

    def share(position: int) -> float:
        return len(wanted & word_texts(paragraphs[position])) / len(wanted)

    # The closing one first: it is the rarer.
    closing = next((at for at in body[-2:] if share(at) >= _CLOSING_SHARE), None)
    if closing is None:
        return ()
    opening = next((at for at in body[:2] if share(at) >= _OPENING_SHARE), None)
    return () if opening is None else (opening, closing)


def _may_end_in_padding(title: str, paragraphs: Sequence[str]) -> bool:
    """Tell whether a text may be padded; cheap, and False only where it is not.

    Padding wants nearly all words of the headline in one of the last two paragraphs that are not
    the headline itself.  If neither of the last two holds half of them, both are such paragraphs,
    and neither is padding.  Numbers, which are written in many ways, count as held.
    """
    if not title.isascii():
        return True
    words = set(_PLAIN_WORD.findall(title.lower()))
    numbers = len(_PLAIN_NUMBER.findall(title))
    return any(
        2 * (sum(word in text for word in words) + numbers) >= len(words) + numbers
        for text in map(fold, paragraphs[-2:])
    )
