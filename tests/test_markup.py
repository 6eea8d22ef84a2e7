"""HTML becomes what a reader sees; plain text that holds angle brackets stays as it is."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.markup import decode_entities, html_to_text, looks_like_html

DATA = Path(os.environ.get("DEDUP_DATA", Path(__file__).parents[1] / ".." / "shared" / "data"))


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "One.\n\nTwo."),
        ("<P CLASS='x'>One.<BR/>Two.</P>", "One.\nTwo."),
        ("<p>wrapped\n  at eighty\n</p>", "wrapped at eighty"),
        ("One <b>bold</b>\nsecond line", "One bold\nsecond line"),
        ("<ul><li>a</li><li>b &amp; c</li></ul>", "a\n\nb & c"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("<h1>Head</h1>Body<hr/>end", "Head\n\nBody\n\nend"),
        ("<p>a<!-- note -->b</p><!-- open", "ab\n\n<!-- open"),
        ("<p>a</p><script>x < 1</script><style>p {}</style><p>b</p>", "a\n\nb"),
        ("<p>a</p><script>never closed", "a\n\nnever closed"),
        ("<p>Shares of <SRD> &lt;SBR&gt; fell</p>", "Shares of <SRD> <SBR> fell"),
        ("<p>&nbsp;caf&eacute; &#8217;&#x27; &unknown; &copy=2</p>", "café ’' &unknown; &copy=2"),
        ("<div><div></div></div>", ""),
    ],
)
def test_html(markup: str, text: str) -> None:
    assert looks_like_html(markup)
    assert html_to_text(markup) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "plain", "a < b > c", "x<y", "STANDARD OIL <SRD>", "<P>, <S> and <A>", "<U.S.>"),
        *("mail <ann@example.org>", "I <3 you", "<unknown>x</unknown>", "<<p", "if a<b and c>d:"),
    ],
)
def test_plain_text(text: str) -> None:
    assert not looks_like_html(text)


def test_entities_need_their_semicolon() -> None:
    assert decode_entities("Q&amp;A &#39;x&#39; &eacute;") == "Q&A 'x' é"
    for text in ("AT&T", "?a=1&copy=2&lt", "R&D;", "&;", "&#;", "&#xZZ;"):
        assert decode_entities(text) == text


@given(st.text(st.characters(exclude_characters="&<>\r")))
def test_text_between_tags_survives(text: str) -> None:
    words = text.split()
    assert html_to_text(f"<p>{text}</p><p>{text}</p>").split() == words * 2


@given(st.text(st.sampled_from("<>/=!-&;\"' pbrscriptdivSRD\n")))
def test_any_markup_is_answered(markup: str) -> None:
    html_to_text(f"<p>{markup}")
    if not looks_like_html(markup):
        assert "</p>" not in markup


@pytest.mark.parametrize(
    "piece", ["<!--", "<script>", "<p a", "</p ", "<a b=", "&", " ", "\n", "<"]
)
def test_time_is_linear_in_broken_markup(piece: str) -> None:
    def seconds(size: int) -> float:
        markup = "<p>x</p>" + piece * (size // len(piece))
        start = time.perf_counter()
        looks_like_html(markup)
        html_to_text(markup)
        return time.perf_counter() - start

    # Quadratic time would need sixteen times as long for four times the text.
    assert seconds(800_000) < 10 * seconds(200_000) + 0.2


def test_no_ticker_of_the_old_wires_is_taken_for_html() -> None:
    path = DATA / "reuters21578.jsonl.gz"
    if not path.exists():
        pytest.skip("the development data is not there")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts = [row.get(name, "") for row in rows for name in ("title", "text")]
    assert sum("<" in text for text in texts) > 1000
    assert not any(looks_like_html(text) for text in texts)
