"""HTML as trees: what comes from an article is text in a tree, so it can be nothing else.

Laws
----
* No string is ever pasted into markup; a tree is written once, by the standard library.
* What an article says stands in a ``bdi`` element of its own: whatever direction it sets ends
  there.
* Characters that steer (controls, overrides of direction) are written out, in whatever stands in a
  tree; those that only join or part letters stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element, tostring

from dedup.urls import is_url

__all__ = ["Child", "address", "asset", "element", "quoted", "said", "said_plainly", "written"]

#: What an element may hold.
Child = Element | str | None

#: Controls but for line breaks, overrides and isolates of direction, halves of pairs.
_STEERS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

#: Line breaks and tabs are white space in HTML; other controls are shown.
_SPACES: Final = str.maketrans("\r\t\u2028\u2029\x85", "  \n\n\n")

#: Characters of a longer address: servers refuse such, and it would fill a page.
_LONGEST_ADDRESS: Final = 2_000


def element(tag: str, *children: Child, **attributes: str | int | None) -> Element:
    """Return an element; underscores in names of attributes are hyphens, a last one is dropped.

    >>> written(element("p", "a < b ", element("b", "c"), class_="x"))
    '<p class="x">a &lt; b <b>c</b></p>'
    """
    node = Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): _shown(str(value))
            for name, value in attributes.items()
            if value is not None
        },
    )
    for child in children:
        if isinstance(child, Element):
            node.append(child)
        elif child and len(node):
            node[-1].tail = (node[-1].tail or "") + _shown(child)
        elif child:
            node.text = (node.text or "") + _shown(child)
    return node


def asset(tag: str, name: str) -> Element:
    """Return an element with a file of this package in it: a style, or a script."""
    node = Element(tag)
    node.text = _file(name)
    return node


@cache
def _file(name: str) -> str:
    return (files("dedup.views") / name).read_text(encoding="utf-8")


def said(text: str, width: int = 0) -> Element:
    """Return what an article says, of at most so many characters if a width is given.

    >>> written(said("<script>", 5))
    '<bdi>&lt;scr…</bdi>'
    """
    return element("bdi", said_plainly(text, width))


def said_plainly(text: str, width: int = 0) -> str:
    """Return the same where no element may stand.

    >>> said_plainly(" Storm floods Brechin ", 10), said_plainly("")
    ('Storm flo…', '(no text)')
    """
    line = " ".join(text[: 4 * width].split()) if width else text
    is_cut = width and (len(line) > width or bool(text[4 * width :].strip()))
    return (line[: width - 1] + "…" if is_cut else line) or "(no text)"


def quoted(text: str, marks: Sequence[tuple[int, int, str]]) -> Element:
    """Return a text with some of its parts marked, each as one of a class; the parts are in order.

    >>> written(quoted("one two three", [(4, 7, "name")]))
    '<bdi>one <mark class="name">two</mark> three</bdi>'
    """
    children: list[Child] = []
    done = 0
    for start, end, kind in marks:
        children.append(text[done:start])
        children.append(element("mark", text[start:end], class_=kind))
        done = end
    return element("bdi", *children, text[done:])


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
    steers = url and (_shown(url) != url or url.split() != [url])
    if not url or not of_the_web or steers or len(url) > _LONGEST_ADDRESS:
        return element("span", *children)
    return element("a", *children, href=url, rel="noreferrer")


def written(node: Element) -> str:
    """Write a tree as HTML."""
    return tostring(node, encoding="unicode", method="html")
