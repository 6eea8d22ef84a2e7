"""The whole cleaning of one article."""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.article import Article
from dedup.text.boilerplate import RecurringLines, count_lines
from dedup.text.clean import CleanArticle, clean
from dedup.text.normalize import normalize
from dedup.text.told import packed, unpacked

EMPTY = RecurringLines.empty()
DATA = Path(os.environ.get("DEDUP_DATA", Path(__file__).parents[2] / "shared" / "data"))
BODY = (
    "The council said on Friday that the bridge would stay shut until engineers saw both towers.\n"
    "Drivers have been sent over the old ferry since Tuesday, and the queue reached two kilometres."
)


def made(**fields: Any) -> CleanArticle:
    return clean(Article(**{"id": "1", **fields}), EMPTY)


def test_an_article_with_everything() -> None:
    cleaned = made(
        title="UPDATE 2-Bridge stays closed | Kite.example",
        source="kite.example",
        text="\n".join(
            [
                "Bridge stays closed",
                "By Ana Bo",
                "Thursday, 5 October 2023 | 18:20 GMT",
                "The bridge at dawn/ Kite Photo",
                "The bridge at dawn/ Kite Photo",
                "Share",
                "",
                "LIEGE (Reuters) - " + BODY.split("\n")[0],
                BODY.split("\n")[1] + " The closure was first reported by Bloomberg News.",
                "(Reporting by Ana Bo; Editing by C. Do)",
                "Related stories",
                "Ferry runs aground",
            ]
        ),
    )
    assert cleaned.title == "Bridge stays closed"
    assert cleaned.header is not None and (cleaned.header.kind, cleaned.header.number) == (
        "update",
        2,
    )
    assert cleaned.dateline is not None and cleaned.dateline.place == "LIEGE"
    assert len(cleaned.paragraphs) == 2
    assert cleaned.paragraphs[0] == BODY.split("\n")[0]
    assert cleaned.body == "\n".join(cleaned.paragraphs)
    assert [(each.relation, each.agency) for each in cleaned.credits] == [
        ("agency", "reuters"),
        ("first_reported_by", "bloomberg"),
    ]
    assert [each.start.isoformat() for each in cleaned.dates] == ["2023-10-05T18:20:00+00:00"]
    assert [(line.number, line.rule, line.whole) for line in cleaned.removed] == [
        (0, "title", True),
        (1, "byline", True),
        (2, "timestamp", True),
        (3, "repeated", True),
        (4, "repeated", True),
        (5, "share", True),
        (7, "dateline", False),
        (9, "contributors", True),
        (10, "related_list", True),
        (11, "related_list", True),
    ]
    assert not cleaned.withdrawn


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u00a0\u200b", "\x00"])
def test_empty_stays_empty(text: str) -> None:
    cleaned = made(title=text, text=text or " ")
    assert cleaned.title == ""
    assert cleaned.paragraphs == ()
    assert cleaned.removed == ()


def test_text_without_a_line_break_is_one_paragraph() -> None:
    one = " ".join(BODY.split("\n") * 3)
    cleaned = made(text=one + " © 2021 Kite Media. All rights reserved.")
    assert cleaned.paragraphs == (one,)
    assert [(line.rule, line.whole) for line in cleaned.removed] == [("copyright", False)] * 2


def test_furniture_alone_is_left_with_a_reason() -> None:
    cleaned = made(text="Advertisement\nRead more")
    assert cleaned.paragraphs == ("Advertisement", "Read more")
    assert cleaned.removed == ()
    assert cleaned.rescued


def test_the_title_alone_is_kept_as_text() -> None:
    assert made(title="Bridge closed", text="Bridge closed").paragraphs == ("Bridge closed",)


def test_line_numbers_are_those_of_the_text_as_it_came() -> None:
    first, second = BODY.split("\n")
    text = f"{first}\r\n\u2028Advertisement\r\n{second}\nShare"
    removed = {line.line: line.number for line in made(text=text).removed}
    assert removed == {"Advertisement": 1, "Share": 3}
    assert "Advertisement" in text.split("\n")[1]


@pytest.mark.parametrize(
    ("title", "fields", "expect"),
    [
        ("Storm nears - Kite News", {"source": "kite.example"}, "Storm nears"),
        ("Storm nears | Kompas.com", {}, "Storm nears | Kompas.com"),
        ("A storm nears | Kompas.com", {}, "A storm nears"),
        ("Storm nears the coast - BBC News", {}, "Storm nears the coast"),
        ("Storm nears - the second in May", {"source": "kite.example"}, None),
        ("Minister: a storm - or a breeze", {}, None),
        ("Prague - Brno line closed", {"source": "kite.example"}, None),
        ("Storm nears - kite.example - Harbour, Hills", {"source": "kite.example"}, "Storm nears"),
        ("Kite - Kite", {"source": "kite.example"}, "Kite"),
    ],
)
def test_outlet_names_leave_the_title(title: str, fields: Any, expect: str | None) -> None:
    assert made(title=title, text=BODY, **fields).title == (expect or title)


def test_withdrawn() -> None:
    assert made(title="KILL-Bridge closed", text=BODY).withdrawn
    assert made(title="Bridge closed", text="This story has been withdrawn.\n" + BODY).withdrawn
    assert not made(title="Bridge closed", text=BODY).withdrawn


def test_furniture_can_be_kept() -> None:
    article = Article(id="1", text=f"Share\n{BODY}\nAdvertisement")
    cleaned = clean(article, EMPTY, strip_furniture=False)
    assert cleaned.paragraphs == ("Share", *BODY.split("\n"), "Advertisement")


def test_the_credit_field_counts_as_an_agency() -> None:
    assert [(c.relation, c.agency) for c in made(text=BODY, credit="dpa").credits] == [
        ("agency", "dpa")
    ]


def test_records_are_checked() -> None:
    with pytest.raises(ValueError, match="title"):
        CleanArticle(title="a\nb")


@pytest.mark.parametrize(
    ("text", "spans", "body"),
    [
        ("\n", None, ""),
        ("a\n\nb", None, "a\nb"),
        ("\na\n", None, "a"),
        ("a\n\nb\n\n\nc d\n", ((0, 4), (7, 8)), "a\nb\nc"),
        ("a", (), ""),
    ],
)
def test_a_body_is_put_together_from_its_parts(
    text: str, spans: tuple[tuple[int, int], ...] | None, body: str
) -> None:
    assert CleanArticle(text=text, spans=spans).body == body


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_packed_text_is_the_same_and_never_larger(text: str) -> None:
    held = packed(text)
    assert unpacked(held) == text
    assert sys.getsizeof(held) <= sys.getsizeof(text)
    one, other = CleanArticle(text=held), CleanArticle(text=text)
    assert one.body == other.body
    assert one == other
    assert hash(one) == hash(other)
    assert one != CleanArticle(text=text + ".")


@pytest.mark.parametrize("spans", [((2, 2),), ((0, 2), (2, 3)), ((1, 9),), ((-1, 2),), ((3, 1),)])
def test_parts_of_a_body_are_checked(spans: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="spans"):
        CleanArticle(text="abcde", spans=spans)


def test_a_text_that_needs_no_mending_is_not_copied() -> None:
    article = Article(id="1", text=f"Share\n\n{BODY}")
    cleaned = clean(article, EMPTY)
    assert cleaned.removed
    assert cleaned.text is article.text


@given(
    st.text(max_size=60),
    st.lists(
        st.one_of(st.text(max_size=80), st.sampled_from([*BODY.split("\n"), "Share", "(Reuters)"]))
    ),
    st.sampled_from(["\n", "\r\n", "\u2028", " "]),
)
def test_nothing_is_lost_in_silence(title: str, lines: list[str], mark: str) -> None:
    text = mark.join(lines)
    article = Article(id="1", title=title or "x", text=text)
    cleaned = clean(article, EMPTY)
    assert cleaned == clean(article, EMPTY)
    told = sorted("".join([*cleaned.paragraphs, *(line.line for line in cleaned.removed)]))
    there = sorted(normalize(text).replace("\n", ""))
    # Spaces between a part that was cut and the rest may go; nothing else may.
    assert [mark for mark in told if mark != " "] == [mark for mark in there if mark != " "]
    assert bool(cleaned.paragraphs) == bool(normalize(text).strip("\n"))
    assert all(0 <= line.number <= text.count("\n") for line in cleaned.removed)


@pytest.mark.skipif(not DATA.is_dir(), reason="development data is absent")
def test_translations_of_plain_articles_lose_nothing() -> None:
    with gzip.open(DATA / "ntrex.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    articles = [Article(id=row["id"], title=row["title"], text=row["text"]) for row in rows]
    removed = [line for article in articles for line in clean(article, EMPTY).removed]
    assert len(articles) > 1000
    assert removed == []


@pytest.mark.skipif(not DATA.is_dir(), reason="development data is absent")
def test_real_pages_lose_little_and_cost_little() -> None:
    with gzip.open(DATA / "gva.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][:600]
    fields = ("id", "title", "text", "url", "source")
    articles = [Article(**{name: row[name] for name in fields}) for row in rows]
    table = count_lines(articles)
    begin = time.process_time()
    cleaned = [clean(article, table) for article in articles]
    seconds = time.process_time() - begin
    kept, whole = sum(len(c.body) for c in cleaned), sum(len(a.text) for a in articles)
    assert 0.85 < kept / whole < 0.99
    assert seconds < 5  # a tenth of that on an idle core
    assert table == count_lines(articles[::-1])
