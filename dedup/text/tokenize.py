"""Text → words, in every script.

Two readings of one text:

* :func:`tokenize` gives the folded tokens that shingles are made of: one token per word, and one
  per character (with its marks) in scripts that write no spaces.
* :func:`read_words` gives words with what the event stage wants to know about each: where it
  stands, whether it is written like a name, whether it is a number.  Unspaced scripts give
  overlapping character n-grams, because a single character says too little there.

Theory of operation: one regular expression splits; folding is ``casefold`` of the NFKC form, so
that full-width Latin, ligatures and capitals compare equal.  Accents are kept: Vietnamese lives by
them.  Apostrophes and hyphens split, so *Alibaba's* and *l'aéroport* give *alibaba* and *aéroport*.

Names are words with a capital *inside* a sentence, and words in capitals anywhere.  Where many
words have one (a title-case headline, a text in capitals, German nouns), a capital counts only on
words that general language hardly knows; the caller passes that judgement in as ``is_common``.
Katakana runs, which mostly write foreign names, are names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import regex

#: Scripts that put no space between words.  Katakana is unspaced too but its runs are words.
UNSPACED = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}"
DIGIT = r"\p{Nd}"
MARK = r"\p{M}"
WORD_CHARACTER = r"\p{L}\p{N}\p{M}ー"
SENTENCE_END = r".!?:;…。！？।؟\n\"“”„»«‘•|"
KATAKANA = r"\p{Katakana}ー"
HAN_LIKE = r"\p{Han}\p{Hiragana}"
DIGIT_SEPARATOR = ".,٫٬"
_WORD = regex.compile(
    rf"(?P<unspaced>[{UNSPACED}]{MARK}*)"
    rf"|(?P<number>{DIGIT}+(?:[{DIGIT_SEPARATOR}]{DIGIT}+)*)"
    rf"|(?P<word>(?:(?![{UNSPACED}])[{WORD_CHARACTER}])+)"
)
_ASCII_WORD = re.compile("[0-9]+(?:[.,][0-9]+)*|[a-z][a-z0-9]*")
#: The same without a name for what was found, and numbers in parts: it is asked far more often.
_TOKEN = regex.compile(rf"(?V1)[{UNSPACED}]{MARK}*|{DIGIT}+|[[{WORD_CHARACTER}]--[{UNSPACED}]]+")
_SENTENCE_END = regex.compile(f"[{SENTENCE_END}]")
_KATAKANA = regex.compile(f"[{KATAKANA}]{{2,}}")
_ACCENTS = regex.compile(r"([\p{Latin}\p{Greek}])\p{Mn}+")
_DIGIT_GROUP = regex.compile(rf"(?<={DIGIT})[{DIGIT_SEPARATOR}](?={DIGIT}{{3}}(?!{DIGIT}))")

#: Length of the character n-grams by script family: one Han character is a morpheme, one Thai or
#: Burmese letter a sound.
HAN_GRAM, OTHER_GRAM = 2, 4

#: Letters of a longer word, and the share of them with a capital up to which it makes a name.
LONGER = 4
MOST_CAPITALS = 0.32
_HAN_LIKE = regex.compile(f"[{HAN_LIKE}]")


def fold(text: str) -> str:
    """Return the form in which words are compared: NFKC, then case folded.

    >>> fold("Straße ＡＬＩＢＡＢＡ")
    'strasse alibaba'
    """
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.casefold()


def strip_accents(word: str) -> str:
    """Return a word without the accents of Latin and Greek: names match with and without.

    Marks of other scripts stay, for they make other letters: *й* is no *и*, *バ* no *ハ*.

    >>> strip_accents("liège"), strip_accents("самарой")
    ('liege', 'самарой')
    """
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub(r"\1", unicodedata.normalize("NFD", word)))


def tokenize(text: str) -> list[str]:
    """Split a text into the folded tokens that shingles are made of: also 1,500 into 1 and 500.

    Parameters
    ----------
    text : str
        Any text; linear time in its length.

    Returns
    -------
    list of str
        Folded words; single characters with their marks in scripts without spaces.

    Examples
    --------
    >>> tokenize("Alibaba's hub at Liège: 1,500 jobs")
    ['alibaba', 's', 'hub', 'at', 'liège', '1', '500', 'jobs']
    >>> tokenize("比利时 Alibaba")
    ['比', '利', '时', 'alibaba']
    """
    plain = _plain_tokens(text)
    if plain is not None:
        return plain
    found: list[str] = _TOKEN.findall(fold(text))
    return found


def _code_page() -> tuple[bytes, bytes]:
    """Return, for each Windows-1252 byte, its folded form or a blank; and its kind.

    The kind is a for a letter, 0 for a digit, a blank, or ? where folding makes more than one byte.
    """
    forms, kinds = [], []
    for byte in range(256):
        folded = fold(bytes([byte]).decode("cp1252", "replace"))
        form, kind = b" ", "?"
        if not _TOKEN.search(folded):
            kind = " "
        elif len(folded) == 1 and len(code := folded.encode("cp1252", "ignore")) == 1:
            form, kind = code, "0" if regex.fullmatch(DIGIT, folded) else "a"
        forms.append(form)
        kinds.append(kind)
    return b"".join(forms), "".join(kinds).encode()


#: What most Western text is written in; nothing in it joins with a neighbour when it is folded.
_FORMS, _KINDS = _code_page()
_LEADING_DIGITS = re.compile(rb"(?<![a0])0+(?=a)")


def _plain_tokens(text: str) -> list[str] | None:
    """Return the tokens of a text in Windows-1252, some ten times quicker; None for another."""
    try:
        encoded = text.encode("cp1252")
    except UnicodeEncodeError:
        return None
    kinds = encoded.translate(_KINDS)
    if b"?" in kinds:
        return None
    folded = encoded.translate(_FORMS)
    if b"0a" in kinds:
        # A number at the start of a run is a token of its own, and the letters after it another.
        ends = [0, *(match.end() for match in _LEADING_DIGITS.finditer(kinds)), len(folded)]
        folded = b" ".join([folded[start:end] for start, end in pairwise(ends)])
    return folded.decode("cp1252").split()


def first_tokens(text: str) -> Iterator[str]:
    """Yield what :func:`tokenize` returns, one by one: for those who need only the first ones."""
    plain = _plain_tokens(text)
    if plain is not None:
        return iter(plain)
    return (match.group() for match in _TOKEN.finditer(fold(text)))


#: A body of fewer tokens than this is compared together with its headline.
SHORT_BODY = 30

_OPENING = 100  # characters that nearly always hold as many tokens as are asked for
#: Texts of fewer tokens than this are not compared: "Weather" tells nothing.
FEWEST_TOKENS = 3


def compared_tokens(title: str, body: str) -> list[str]:
    """Return the tokens by which two articles are compared as copies.

    They are the body's: reprints carry other headlines.  A body too short to tell stories apart
    ("Details to follow.", a consent wall) stands between its headline twice, so that this weighs;
    and where headline and body have fewer than three tokens together, there is nothing to compare.

    >>> compared_tokens("Acme raises dividend", "Payable on 3 May.")
    ['acme', 'raises', 'dividend', 'payable', 'on', '3', 'may', 'acme', 'raises', 'dividend']
    """
    tokens = tokenize(body)
    if len(tokens) < SHORT_BODY:
        headline = tokenize(title)
        tokens = headline + tokens + headline if tokens else headline
    return tokens if len(tokens) >= FEWEST_TOKENS else []


def is_comparable(title: str, body: str) -> bool:
    """Return whether :func:`compared_tokens` finds anything; reads no more than it must.

    >>> is_comparable("", "Weather"), is_comparable("", "Storm floods Brechin")
    (False, True)
    """
    # What follows may join with the last token of the opening, but never with those before it.
    return bool(
        any(True for _ in islice(first_tokens(body[:_OPENING]), FEWEST_TOKENS, None))
        or any(True for _ in islice(first_tokens(body), FEWEST_TOKENS - 1, None))
        or compared_tokens(title, body)
    )


@dataclass(frozen=True, slots=True)
class Word:
    """A word (or character n-gram) of a text, as the event stage sees it."""

    text: str  #: folded form
    position: int  #: index among the words of this text
    is_name: bool  #: written like a name, where the text lets one tell
    is_number: bool  #: digits; thousands separators removed


def read_words(text: str, *, is_common: Callable[[str], bool] | None = None) -> list[Word]:
    """Split a text into words with their position and kind.

    Parameters
    ----------
    text : str
        Any text; linear time.
    is_common : callable, optional
        Tells whether a folded word is one that general language knows well.  It is asked only
        where capitals alone do not make a name.

    Returns
    -------
    list of Word

    Examples
    --------
    >>> text = "Officers of the VSSE said they had been watching the hub of 1,500 jobs at Liège."
    >>> [word.text for word in read_words(text) if word.is_name]
    ['vsse', 'liège']
    >>> [word.text for word in read_words(text) if word.is_number]
    ['1500']
    """
    raw = list(_raw_words(text))
    trusted = _capitals_tell(raw)
    words = []
    for position, (token, inside, kind) in enumerate(raw):
        folded = fold(token)
        if kind == "number":
            folded = plain_number(folded)
        is_name = kind == "word" and (
            bool(_KATAKANA.fullmatch(token))
            or (
                (inside or token.isupper())
                and token[0].isupper()
                and len(token) > 1
                and (trusted or is_common is None or not is_common(folded))
            )
        )
        words.append(Word(folded, position, is_name, kind == "number"))
    return words


def word_texts(text: str) -> set[str]:
    """Return the folded forms of the words that :func:`read_words` finds, in less time.

    >>> sorted(word_texts("1,500 jobs, 1,500 fears"))
    ['1500', 'fears', 'jobs']
    """
    if text.isascii():  # ten times quicker
        found = set(_ASCII_WORD.findall(text.lower()))
        return {plain_number(word) if word[0].isdigit() else word for word in found}
    return {
        plain_number(fold(token)) if kind == "number" else fold(token)
        for token, _, kind in _raw_words(text)
    }


def word_spans(text: str) -> list[tuple[int, int, str]]:
    """Return where each word stands, and its folded form; in unspaced scripts, each character.

    >>> word_spans("1,500 jobs"), word_spans("比利时")
    ([(0, 5, '1500'), (6, 10, 'jobs')], [(0, 1, '比'), (1, 2, '利'), (2, 3, '时')])
    """
    if text.isascii():
        found = ((*match.span(), match[0]) for match in _ASCII_WORD.finditer(text.lower()))
    else:
        found = ((*match.span(), fold(match[0])) for match in _WORD.finditer(text))
    return [
        (start, end, plain_number(form) if form[0].isdigit() else form)
        for start, end, form in found
    ]


def plain_number(number: str) -> str:
    """Return a number without the marks between its thousands.

    >>> plain_number("1,500.25"), plain_number("3.5")
    ('1500.25', '3.5')
    """
    return str(_DIGIT_GROUP.sub("", number))


def _raw_words(text: str) -> Iterator[tuple[str, bool, str]]:
    """Yield (token, stands inside a sentence, kind); kind is word, number or gram."""
    end = 0
    run: list[str] = []
    for match in _WORD.finditer(text):
        adjacent = match.start() == end
        if run and not (adjacent and match.lastgroup == "unspaced"):
            yield from _grams(run)
            run = []
        if match.lastgroup == "unspaced":
            run.append(match.group())
        else:
            inside = end > 0 and not _SENTENCE_END.search(text, end, match.start())
            yield match.group(), inside, str(match.lastgroup)
        end = match.end()
    if run:
        yield from _grams(run)


def _grams(run: list[str]) -> Iterator[tuple[str, bool, str]]:
    size = HAN_GRAM if _HAN_LIKE.match(run[0]) else OTHER_GRAM
    for start in range(max(1, len(run) - size + 1)):
        yield "".join(run[start : start + size]), True, "gram"


def _capitals_tell(raw: list[tuple[str, bool, str]]) -> bool:
    """Say whether a capital inside a sentence is enough to make a name here.

    The share of capitals among the longer words inside sentences tells headline case (most of
    them) and German.  Measured on one set of translations: German 0.35-0.56 (5th to 95th
    percentile), ten other languages at most 0.29.  In a text whose script has no case, a word
    with a capital is a foreign name.
    """
    longer = [
        token for token, inside, kind in raw if inside and kind != "number" and len(token) >= LONGER
    ]
    cased = [token for token in longer if token[0].isupper() or token[0].islower()]
    if not cased or 3 * len(cased) < len(longer):
        return True
    share = sum(token[0].isupper() for token in cased) / len(cased)
    return share <= MOST_CAPITALS
