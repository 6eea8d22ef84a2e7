"""In which languages a text may be written: enough to tell two apart, no more.

The event stage compares words.  Between two languages it sees names and numbers only, which makes
scores that mean something else; so, unless asked to, it does not compare across languages.  For
that it need not know a text's language; it must know when two texts *cannot* be of one.

Laws: where a text is short, or its words fit no language well, every language is possible; close
languages (Indonesian and Malay, Danish and Norwegian) stay possible together.

Theory of operation: the share of a text's tokens that are among the forty most frequent words of a
language is counted for 42 languages; those with at least 70 % of the best share are possible, if
the best is convincing.  The script counts first: most letters of another script, another language.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import islice

import regex

#: Tokens looked at; function words show early.
_TOKENS = 400
_FEWEST_TOKENS = 20

#: Least share of function words that convinces: measured on ten languages of one set of
#: translations, nine in ten news texts have 0.2 or more in their own language.
_LEAST_SHARE = 0.12
_NEAR_BEST = 0.7

_SCRIPTS = (
    *("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Thai"),
    *("Hangul", "Georgian", "Armenian", "Khmer", "Lao", "Myanmar", "Ethiopic"),
)
_SCRIPT = regex.compile(
    "|".join(rf"(?P<{name}>\p{{{name}}}+)" for name in _SCRIPTS)
    + r"|(?P<Han>[\p{Han}\p{Hiragana}\p{Katakana}]+)"
)
#: ASCII and Latin-1: their letters are Latin, all but the micro sign, which is of no script.
_LATIN_ALONE = re.compile("[\x00-\xb4\xb6-\xff\u2018-\u201f\u2013\u2014\u2026]*")
#: Codes that the tables know under another one.
_SAME_TABLE = {
    **{"no": "nb", "nn": "nb", "hr": "sh", "sr": "sh", "bs": "sh"},
    **{"in": "id", "iw": "he", "tl": "fil"},
}
#: One Han character is about a syllable and a half of a word written in letters.
_HAN_WEIGHT = 3


@dataclass(frozen=True, slots=True)
class Languages:
    """What a text may be written in.

    Parameters
    ----------
    script : str
        The script of most of its letters; empty if there is none.
    possible : frozenset of str
        Codes of possible languages; empty means any.
    """

    script: str
    possible: frozenset[str]

    def may_equal(self, other: Languages) -> bool:
        """Whether the two texts may be of one language."""
        if self.script and other.script and self.script != other.script:
            return False
        return (
            not self.possible or not other.possible or not self.possible.isdisjoint(other.possible)
        )


def possible_languages(text: str, tokens: Iterable[str], declared: str | None = None) -> Languages:
    """Return what a text may be written in.

    Parameters
    ----------
    text : str
        For the script; its first 2,000 characters are read.
    tokens : iterable of str
        Its folded tokens, as :mod:`dedup.text.tokenize` gives them; the first 400 are read.
    declared : str, optional
        The language that it says it is in: believed where its words do not tell.

    Examples
    --------
    >>> from dedup.text.tokenize import tokenize
    >>> text = "The spies of the service said that they had been watching the hub since it was "
    >>> text += "opened in the year of the deal with the airport and that it was in their files."
    >>> possible_languages(text, tokenize(text)).possible
    frozenset({'en'})
    >>> possible_languages("Oil falls", ["oil", "falls"]).possible
    frozenset()
    """
    script = _main_script(text[:2000])
    unsure = Languages(script, frozenset({table_code(declared)} if declared else ()))
    looked_at = list(islice(tokens, _TOKENS))
    if len(looked_at) < _FEWEST_TOKENS:
        return unsure
    hits: Counter[str] = Counter()
    by_word = _function_words()
    counts = Counter(looked_at)
    for token in counts.keys() & by_word.keys():
        for language in by_word[token]:
            hits[language] += counts[token]
    best = max(hits.values(), default=0)
    if best < _LEAST_SHARE * len(looked_at):
        return unsure
    return Languages(
        script,
        frozenset(language for language, count in hits.items() if count >= _NEAR_BEST * best),
    )


def table_code(code: str) -> str:
    """Return the code under which the tables know a language.

    >>> table_code("hr"), table_code("de")
    ('sh', 'de')
    """
    return _SAME_TABLE.get(code, code)


def _main_script(text: str) -> str:
    if _LATIN_ALONE.fullmatch(text):
        return "Latin" if any(map(str.isalpha, text)) else ""
    letters: Counter[str] = Counter()
    for run in _SCRIPT.finditer(text):
        name = str(run.lastgroup)
        letters[name] += len(run.group()) * (_HAN_WEIGHT if name == "Han" else 1)
    if not letters:
        return ""
    name, count = min(letters.items(), key=lambda item: (-item[1], item[0]))
    return name if 3 * count > 2 * letters.total() else ""


@cache
def _function_words() -> dict[str, tuple[str, ...]]:
    """Return word → the languages that have it among their most frequent."""
    source = files("dedup.text") / "data" / "function_words.json"
    table = json.loads(source.read_text(encoding="utf-8"))["words"]
    languages: dict[str, list[str]] = {}
    for language, words in sorted(table.items()):
        for word in words:
            languages.setdefault(word, []).append(language)
    return {word: tuple(codes) for word, codes in languages.items()}
