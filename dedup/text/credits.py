"""Credits: whom a report owes its news, and in what way.

The idea: an article says itself whether it *is* an agency's text, was *republished* from another
outlet, *quotes* one, or tells who *first reported* the news.  These are phrases around a name; the
phrases stand in ``data/credits.json``, the names in ``data/agencies.json``.

Laws
----
* Each pair of relation and agency is told once, where it stands first.
* Under a phrase that people are quoted with too ("according to"), only outlets count.
* Only phrases of which some word occurs in the text are looked for, so the number of languages
  costs next to nothing.

Theory of operation
-------------------
A template is a phrase with a gap, ``{}``.  Each is filed under its longest word; the words of a
paragraph choose the templates that can occur; a plain search finds the phrase, and the name is read
in the gap.  Templates in scripts without spaces are tried where such a script occurs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import regex

from dedup.text.agencies import agency_key, find_name, is_outlet_like, known_key, name_before
from dedup.text.datelines import Dateline, split_dateline
from dedup.text.headers import WireHeader, credit_data, is_withdrawn, split_header
from dedup.text.hints import Hints, hints_of, pieces

__all__ = [
    "RELATIONS",
    "Credit",
    "Dateline",
    "WireHeader",
    "article_credits",
    "credit_words",
    "is_withdrawn",
    "line_credit",
    "split_dateline",
    "split_ending",
    "split_header",
]

RELATIONS: Final = ("republished_from", "first_reported_by", "quotes", "agency")
"""How an article can stand to an outlet that it names; where two fit one name, the first."""

_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Hangul}]")
_SIGNED_TAIL = regex.compile(r"\s?[(\[](?P<inside>[^()\[\]]{2,600})[)\]]\.?$")
_THEO = regex.compile(r"(?<=[.!?\"'”])\s(?:Theo|Nguồn:?)\s(?P<name>[\p{Lu}\p{N}][^.!?()\n]{1,30})$")
_LABEL_MARK = regex.compile(r"\s?[:：]\s?|\s(?=\p{Lu})")
_PARTS = regex.compile("[/,;]")
_LISTED = regex.compile(r"[/,;&]|\s-\s")
_COPYRIGHT = regex.compile(
    r"(?:copyright|©|c\))\s?(?:©|\(c\))?\s?(?:\d{4},?)?\s?(?:by\s)?(?:the\s)?", regex.IGNORECASE
)
_GLUE_MOST: Final = 3
_GLUE_WORDS: Final = 3
_GLUE_LONGEST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """An outlet that an article names as a source.

    Parameters
    ----------
    relation : str
        One of :data:`RELATIONS`.
    name : str
        As written.
    agency : str
        Folded key, such as ``"reuters"``.
    """

    relation: str
    name: str
    agency: str

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(
                f"relation must be one of {', '.join(RELATIONS)}, got {self.relation!r}"
            )
        if not self.agency:
            raise ValueError("a credit needs an agency")


@dataclass(frozen=True, slots=True)
class _Template:
    phrase: str
    name_first: bool
    relation: str
    strict: bool
    spaced: bool


@cache
def _templates() -> tuple[Mapping[str, tuple[_Template, ...]], tuple[_Template, ...]]:
    """Return templates by their longest word, and those of scripts without spaces."""
    by_word: defaultdict[str, list[_Template]] = defaultdict(list)
    unspaced: list[_Template] = []
    for relation, kinds in credit_data()["templates"].items():
        for kind, templates in kinds.items():
            for written in templates:
                phrase = written.replace("{}", "").casefold()
                name_first = written.startswith("{}")
                template = _Template(phrase, name_first, relation, kind == "outlet", " " in written)
                if _UNSPACED.search(phrase):
                    unspaced.append(template)
                else:
                    # A template that ends at a quote mark or "l'" has no word of its own there.
                    by_word[max(pieces(phrase), key=lambda word: (len(word), word))].append(
                        template
                    )
    return MappingProxyType({word: tuple(found) for word, found in by_word.items()}), tuple(
        unspaced
    )


@cache
def credit_words() -> frozenset[str]:
    """Return the words that :func:`article_credits` asks a text for."""
    return frozenset(_templates()[0])


@cache
def _glue() -> frozenset[str]:
    return frozenset(word.replace("_", " ") for word in credit_data()["glue"])


@cache
def _labels() -> frozenset[str]:
    return frozenset(label.casefold() for label in credit_data()["source_labels"])


@cache
def _signed() -> regex.Pattern[str]:
    return regex.compile("|".join(credit_data()["signed"]))


def article_credits(
    body: str,
    removed: Iterable[str] = (),
    dateline: Dateline | None = None,
    credit: str | None = None,
    hints: Hints | None = None,
) -> tuple[Credit, ...]:
    """Collect the credits of one article.

    Parameters
    ----------
    body : str
        Normalised.
    removed : Iterable[str]
        Lines and endings taken off the body: by-lines, source lines, signatures.
    dateline : Dateline or None
        Its agency is a credit of relation ``"agency"``.
    credit : str or None
        The article's own credit field; the same.
    hints : Hints, optional
        Of the text that the body is cut from and :func:`credit_words`, where somebody has them.

    Returns
    -------
    tuple[Credit, ...]
        Own agency first, then in the order of the text; no pair of relation and agency twice.

    Examples
    --------
    >>> article_credits("VSSE mengatakan, dikutip dari Reuters, Kamis.")
    (Credit(relation='quotes', name='Reuters', agency='reuters'),)
    """
    found: list[Credit | None] = []
    if credit and credit.strip():
        found.append(_credit("agency", credit.strip()))
    if dateline is not None and dateline.agency:
        found.append(_credit("agency", dateline.agency))
    found += map(line_credit, removed)
    found += _in_text(body, hints) if body else []
    unique: dict[tuple[str, str], Credit] = {}
    for each in found:
        if each is not None:
            unique.setdefault((each.relation, each.agency), each)
    return tuple(unique.values())


def _credit(relation: str, name: str) -> Credit | None:
    name = name.strip(" .,:;()[]\"'")
    first = name.partition("/")[0]
    name = first if known_key(first) else name
    key = agency_key(name)
    return Credit(relation=relation, name=name, agency=key) if key and len(name) <= 60 else None


def line_credit(line: str) -> Credit | None:
    """Read a line that is a credit as a whole: "Source: Reuters", "(Reuters)", a signature.

    Examples
    --------
    >>> line_credit("Sumber: Antara").relation, line_credit("(AFP)").relation
    ('republished_from', 'agency')
    """
    if len(line) > 600:
        return None
    bare = line.strip(" ()[].-–*")
    if known_key(bare):
        return _credit("agency", bare)
    if len(line) <= 90:
        label = _LABEL_MARK.split(bare, 1)
        if len(label) == 2 and label[0].casefold() in _labels():
            name = find_name(label[1], 0, strict=False)
            if name is not None and (not name[0][0].isdigit() or known_key(name[0])):
                return _credit("republished_from", name[0])
        if bare.casefold().startswith("by ") and known_key(bare[3:]):
            return _credit("agency", bare[3:])
        parts = [part.strip() for part in _PARTS.split(bare)]
        if len(parts) <= 4 and all(len(part) <= 30 for part in parts):
            known = next((part for part in parts if known_key(part)), None)
            if known is not None and (len(parts) > 1 or line.startswith("(")):
                return _credit("agency", known)
    if "eporting by" in bare and "diting by" in bare and _signed().match(bare):
        return Credit(relation="agency", name="Reuters", agency="reuters")
    owner = _COPYRIGHT.match(bare)
    if owner is not None:
        name = find_name(bare, owner.end(), strict=True)
        return _credit("agency", name[0]) if name and known_key(name[0]) else None
    found = [each for each in _in_text(line) if each.relation == "republished_from"]
    return found[0] if found else None


def split_ending(paragraph: str) -> tuple[str, str]:
    """Split the last paragraph into its text and the signature at its end, if there is one.

    Returns
    -------
    tuple[str, str]
        The paragraph without the ending, and the ending; the latter empty if there is none.

    Examples
    --------
    >>> split_ending("Shares fell. (Reporting by A. Bo; Editing by C. Do)")
    ('Shares fell.', '(Reporting by A. Bo; Editing by C. Do)')
    >>> split_ending("Shares fell (by 3 %).")
    ('Shares fell (by 3 %).', '')
    """
    closed = paragraph.endswith((")", "]", ").", "]."))
    match = _SIGNED_TAIL.search(paragraph, max(0, len(paragraph) - 620)) if closed else None
    if match is not None and match.start():
        inside = match.group("inside")
        if _signed().match(inside) or _is_agency_list(inside):
            return paragraph[: match.start()], match.group().strip()
    tail = paragraph[-60:]
    named = "Theo " in tail or "Nguồn" in tail
    match = _THEO.search(paragraph, max(0, len(paragraph) - 60)) if named else None
    if match is not None:
        name = match.group("name").strip()
        if known_key(name) or is_outlet_like(name) or len(name.split()) <= 3:
            return paragraph[: match.start()], match.group().strip()
    return paragraph, ""


def _is_agency_list(inside: str) -> bool:
    label, _, name = inside.partition(" ")
    if label.casefold().strip(":") in _labels() and len(name) <= 40:
        return name[:1].isupper() or bool(known_key(name))
    parts = [part.strip() for part in _LISTED.split(inside)]
    return (
        len(inside) <= 60 and any(map(known_key, parts)) and all(len(part) <= 30 for part in parts)
    )


def _in_text(text: str, hints: Hints | None = None) -> list[Credit]:
    folded = text.lower()
    if len(folded) != len(text):  # a few letters grow when folded; places must fit
        folded = "".join(low if len(low := mark.lower()) == 1 else mark for mark in text)
    by_word, unspaced = _templates()
    words = (hints or hints_of(text, credit_words())).words
    templates = [template for word in sorted(by_word.keys() & words) for template in by_word[word]]
    if not text.isascii() and _UNSPACED.search(text):
        templates += unspaced
    found: dict[int, tuple[int, Credit]] = {}
    for template in templates:
        for place in _places(folded, template.phrase):
            hit = _name_at(text, folded, place, template)
            credit = _credit(template.relation, hit[0]) if hit else None
            if hit is None or credit is None:
                continue
            # "first reported by X" holds "reported by X": the stronger relation wins at one name.
            known = found.get(hit[1])
            if known is None or _strength(credit) < _strength(known[1]):
                found[hit[1]] = (place, credit)
    return [credit for _, credit in sorted(found.values(), key=lambda pair: pair[0])]


def _strength(credit: Credit) -> int:
    return RELATIONS.index(credit.relation)


def _places(folded: str, phrase: str) -> Iterator[int]:
    place = folded.find(phrase)
    while place >= 0:
        yield place
        place = folded.find(phrase, place + len(phrase))


def _name_at(text: str, folded: str, place: int, template: _Template) -> tuple[str, int] | None:
    """Return the name in the template's gap, and where it begins."""
    end = place + len(template.phrase)
    if template.name_first:
        if template.spaced and folded[end : end + 1].isalnum():
            return None
        return name_before(text, place, strict=True)
    if template.spaced and place and folded[place - 1].isalnum():
        return None
    for _ in range(_GLUE_MOST + 1):
        named = find_name(text, end, strict=template.strict)
        if named:
            return named[0], end
        glue = _glue_at(folded, end)
        if not glue:
            return None
        end += glue
    return None


def _glue_at(folded: str, place: int) -> int:
    """Return the length of what stands at this place and may stand before the name, or 0."""
    words = folded[place : place + _GLUE_LONGEST].split(" ")[:_GLUE_WORDS]
    for count in range(len(words), 0, -1):
        if " ".join(words[:count]) in _glue():
            return len(" ".join(words[:count])) + 1
    apostrophe = words[0].find("'") + 1
    return apostrophe if words[0][:apostrophe] in _glue() else 0
