"""HTML as trees: what comes from an article is text in a tree, so it can be nothing else.

Laws
----
* No string is ever pasted into markup; a tree is written once, by the standard library.
* What an article says stands in a ``bdi`` element of its own: whatever direction it sets ends
  there.
* Characters that steer (controls, overrides of direction) are written out; those that only join or
  part letters stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, tostring

from dedup.urls import is_url

__all__ = ["Child", "address", "element", "quoted", "said", "written"]

#: What an element may hold.
Child = Element | str | None

#: Controls, overrides and isolates of direction, halves of pairs.
_STEERS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Line breaks and tabs are white space in HTML; other controls are shown.
_SPACES: Final = str.maketrans("\r\n\t\u2028\u2029\x85", "      ")


def element(tag: str, *children: Child, **attributes: str | int | None) -> Element:
    """Return an element; underscores in names of attributes are hyphens, a last one is dropped.

    >>> written(element("p", "a < b ", element("b", "c"), class_="x"))
    '<p class="x">a &lt; b <b>c</b></p>'
    """
    node = Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): str(value)
            for name, value in attributes.items()
            if value is not None
        },
    )
    for child in children:
        if isinstance(child, Element):
            node.append(child)
        elif child and len(node):
            node[-1].tail = (node[-1].tail or "") + child
        elif child:
            node.text = (node.text or "") + child
    return node


def said(text: str, width: int = 0) -> Element:
    """Return what an article says, of at most so many characters if a width is given.

    >>> written(said("<script>", 5))
    '<bdi dir="auto">&lt;scr…</bdi>'
    """
    line = " ".join(text[: 4 * width].split()) if width else text
    cut = line[: width - 1] + "…" if width and len(line) > width else line
    return element("bdi", _shown(cut) or "(no text)", dir="auto")


def quoted(text: str, marks: Sequence[tuple[int, int, str]]) -> Element:
    """Return a text with some of its parts marked, each as one of a class; the parts are in order.

    >>> written(quoted("one two three", [(4, 7, "name")]))
    '<bdi dir="auto">one <mark class="name">two</mark> three</bdi>'
    """
    children: list[Child] = []
    done = 0
    for start, end, kind in marks:
        children.append(_shown(text[done:start]))
        children.append(element("mark", _shown(text[start:end]), class_=kind))
        done = end
    return element("bdi", *children, _shown(text[done:]), dir="auto")


def _shown(text: str) -> str:
    return _STEERS.sub(
        lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"),
        text.translate(_SPACES),
    )


def address(url: str | None, *children: Child) -> Element:
    """Return a link, if the address is one of the web; else what it would have held.

    >>> written(address("javascript:alert(1)", "x"))
    '<span>x</span>'
    """
    of_the_web = url and is_url(url) and url.casefold().startswith(("http://", "https://"))
    if not url or not of_the_web or _STEERS.search(url):
        return element("span", *children)
    return element("a", *children, href=url, rel="noopener noreferrer")


def written(node: Element) -> str:
    """Write a tree as HTML."""
    return tostring(node, encoding="unicode", method="html")
