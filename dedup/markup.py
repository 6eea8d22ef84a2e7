"""HTML that pipelines carry in text fields, as the plain text that a reader would see.

Feeds and content systems deliver bodies as HTML; extractors deliver plain text.  Both may hold a
"<", so the two have to be told apart: financial news writes tickers as ``<SRD>``, ``<P>`` and
``<S>``, and a text about code may name a tag.

Laws
----
* Text without sure signs of HTML comes back unchanged.
* What is no known HTML tag stays in the text.
* Time is linear in the text's length, however broken the markup.
"""

from __future__ import annotations

import html
import re
from typing import Final

__all__ = ["decode_entities", "html_to_text", "looks_like_html"]

_BLOCK: Final = (
    "address|article|aside|blockquote|body|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h[1-6]|head|header|hr|html|li|main|nav|ol|p|pre|section|table|tbody|tfoot|thead|title|"
    "tr|ul|video"
)
_INLINE: Final = (
    "a|abbr|acronym|audio|b|bdi|bdo|big|button|cite|code|del|em|font|i|iframe|img|input|ins|kbd|"
    "label|link|mark|meta|object|picture|q|s|samp|small|source|span|strike|strong|sub|sup|svg|td|"
    "th|time|tt|u|var|wbr"
)
_HIDDEN: Final = re.compile(r"<(script|style|template|noscript|svg|iframe)\b[^<>]*>", re.IGNORECASE)

# Sure signs: a closing tag, an attribute, a line break, or a paragraph in lower case.  An opening
# tag alone proves nothing: "<P>" is also a ticker.
_SIGN: Final = re.compile(
    rf"</(?:{_BLOCK}|{_INLINE})\s*>"
    rf"|<(?:{_BLOCK}|{_INLINE})\s[^<>=]*=[^<>]*>"
    r"|<br\s*/?>|<[Hh][Rr]\s*/>|<BR\s*/?>|(?-i:<(?:p|li|div)>)"
)
_TAG: Final = re.compile(rf"</?(?:({_BLOCK})|(br)|(?:{_INLINE}))(?:\s[^<>]*)?/?>", re.IGNORECASE)

# References that end in a semicolon; "AT&T" and "?a=1&copy=2" hold none.
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def looks_like_html(text: str) -> bool:
    """Tell HTML from plain text that happens to hold angle brackets.

    >>> looks_like_html("<p>One.</p>"), looks_like_html("STANDARD OIL <SRD> AND SEARS <S>")
    (True, False)
    """
    return "<" in text and _SIGN.search(text) is not None


def decode_entities(text: str) -> str:
    """Replace character references by their characters.

    >>> decode_entities("Q&amp;A at AT&T&#8217;s")
    'Q&A at AT&T’s'
    """
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text)


def html_to_text(markup: str) -> str:
    r"""Return what a reader of the page would see, one blank line between paragraphs.

    Parameters
    ----------
    markup : str
        HTML, whole or a fragment, well formed or not.

    Returns
    -------
    str
        Text without tags, scripts, styles and comments, its character references decoded.

    Notes
    -----
    O(n).  Line breaks of the source count as spaces if paragraphs are marked by tags; otherwise
    they are the only paragraphs there are, and stay.

    Examples
    --------
    >>> html_to_text("<p>Oil &amp;\n gas <b>rose</b>.</p><p>Shares of <SRD> fell.</p>")
    'Oil & gas rose.\n\nShares of <SRD> fell.'
    """
    text = _without_hidden(_without_comments(markup))
    if any(found[1] or found[2] for found in _TAG.finditer(text)):
        text = re.sub(r"\s+", " ", text)
    text = decode_entities(_TAG.sub(_space, text)).replace("\xa0", " ")
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _space(tag: re.Match[str]) -> str:
    """Return the white space that a tag shows as."""
    if tag[1]:
        return "\n\n"
    if tag[2]:
        return "\n"
    return " " if re.match(r"</?t[dh]\b", tag[0], re.IGNORECASE) else ""


def _without_comments(markup: str) -> str:
    """Drop comments; an unclosed one stays, so that nothing after it can be lost."""
    kept, position = [], 0
    while (start := markup.find("<!--", position)) >= 0:
        end = markup.find("-->", start + 4)
        if end < 0:
            break
        kept.append(markup[position:start])
        position = end + 3
    return "".join(kept) + markup[position:]


def _without_hidden(markup: str) -> str:
    """Drop elements whose content no reader sees; an unclosed one loses its tag only."""
    kept, position = [], 0
    unclosed: set[str] = set()  # searched once to the end, not again for each opening tag
    for opening in _HIDDEN.finditer(markup):
        name = opening[1].lower()
        if opening.start() < position or name in unclosed:
            continue
        end = _closing(markup, name, opening.end())
        if end < 0:
            unclosed.add(name)
            continue
        kept.append(markup[position : opening.start()])
        position = end
    text = "".join(kept) + markup[position:]
    return _HIDDEN.sub("", text) if unclosed else text


def _closing(markup: str, name: str, position: int) -> int:
    """Return where the closing tag of an element ends, or -1."""
    found = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(markup, position)
    return found.end() if found else -1
