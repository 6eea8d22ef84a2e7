"""Files of every kind become rows, and what is broken is named with its place."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.article import as_articles
from dedup.errors import ArticleError, ConfigError, FormatError
from dedup.readers import read_articles

ROWS = [{"id": "a", "title": "Café", "text": "Ligne 1\nline 2"}, {"id": "b", "text": "比利时"}]


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def writer(name: str, content: str | bytes, encoding: str = "utf-8") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        raw = content.encode(encoding) if isinstance(content, str) else content
        path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
        return str(path)

    return writer


def read(paths: Any, **options: Any) -> list[dict[str, Any]]:
    return list(read_articles(paths, **options))


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "name", ["a.jsonl", "a.ndjson", "A.JSONL", "a.jsonl.gz", "a.json", "a.json.gz"]
)
def test_json_lines(write: Any, name: str) -> None:
    assert read(write(name, lines(ROWS))) == ROWS
    assert read(write(name, "\n \n" + lines(ROWS).replace("\n", "\r\n\n").rstrip())) == ROWS


@pytest.mark.parametrize(
    "document",
    [
        ROWS,
        *({key: ROWS, "status": "ok"} for key in ("articles", "items", "data", "entries")),
        {"data": "x", "items": ROWS},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_documents(write: Any, document: Any, indent: int | None) -> None:
    assert read(write("a.json", json.dumps(document, indent=indent))) == ROWS


def test_a_single_object_is_one_article(write: Any) -> None:
    row = {"title": "T", "text": "x", "items": ["not", "articles"]}
    assert read(write("a.json", json.dumps(row))) == [row]
    assert read(write("b.json", json.dumps(row, indent=1))) == [row]


def test_bare_strings_are_texts(write: Any) -> None:
    assert read(write("a.json", '["x", "y"]')) == [{"text": "x"}, {"text": "y"}]
    assert read(write("a.jsonl", '"x"\n"y"\n')) == [{"text": "x"}, {"text": "y"}]
    assert read(write("b.json", '"x"\n"y"\n')) == [{"text": "x"}, {"text": "y"}]


def test_line_separators_inside_strings_do_not_cut_lines(write: Any) -> None:
    rows = [{"text": "a\u2028b\u0085c\x0bd\x1ce"}]
    for encoding in ("utf-8", "utf-16"):
        assert read(write("a.jsonl", lines(rows), encoding)) == rows


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.gz"])
def test_a_broken_line_is_named(write: Any, name: str) -> None:
    path = write(name, lines(ROWS) + '\n{"text": "x",\n' + lines(ROWS))
    with pytest.raises(FormatError) as caught:
        read(path)
    assert path in str(caught.value) and "line 4," in str(caught.value)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[{"text": "x"},\n {"text": }]', "line 2"),
        ('[{"text": "x"}, 5]', "item 2"),
        ("5", "item 1"),
        ("", "empty"),
        ("\n \n", "empty"),
        ('{"text": "x"', "line 1"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_broken_documents(write: Any, content: str, place: str) -> None:
    with pytest.raises(FormatError, match=place):
        read(write("a.json", content))


def test_values_that_are_no_articles(write: Any) -> None:
    with pytest.raises(FormatError, match=r"line 2: an article must be"):
        read(write("a.jsonl", '{"text": "x"}\n[1]\n'))


def test_rows_before_a_broken_line_are_delivered(write: Any) -> None:
    rows = read_articles(write("a.jsonl", lines(ROWS) + "broken\n"))
    assert [next(rows), next(rows)] == ROWS
    with pytest.raises(FormatError, match="line 3"):
        next(rows)


def test_an_empty_file_of_json_lines_holds_no_articles(write: Any) -> None:
    assert read(write("a.jsonl", "")) == []


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.gz"])
def test_a_byte_order_mark_is_obeyed(write: Any, name: str, encoding: str) -> None:
    assert read(write(name, lines(ROWS), encoding)) == ROWS
    assert read(write(name, lines(ROWS), encoding), encoding="cp1252") == ROWS


def test_a_byte_order_mark_in_a_table_and_a_text(write: Any) -> None:
    assert read(write("a.csv", "text\nx\n", "utf-8-sig")) == [{"text": "x"}]
    assert read(write("b.txt", "T\nx", "utf-8-sig"))[0]["title"] == "T"
    assert read(write("c.txt", "T\nx", "utf-16"))[0]["text"] == "x"


def test_another_encoding_is_named_with_its_place_and_remedy(write: Any) -> None:
    path = write("a.jsonl", lines(ROWS[:1]) * 2, "cp1252")
    with pytest.raises(FormatError) as caught:
        read(path)
    message = str(caught.value)
    assert path in message and "line 1, byte 26: 0xe9 is not utf-8" in message
    assert "--encoding cp1252" in message
    assert read(path, encoding="cp1252") == ROWS[:1] * 2
    assert read(write("b.jsonl", lines(ROWS), "gb18030"), encoding="gb18030") == ROWS
    assert read(write("c.jsonl", lines(ROWS), "utf-16-le"), encoding="UTF-16-LE") == ROWS


def test_cut_utf_16_is_named(write: Any) -> None:
    with pytest.raises(FormatError, match="byte"):
        read(write("a.jsonl", lines(ROWS).encode("utf-16")[:-1]))


@pytest.mark.parametrize("encoding", ["klingon", "hex", ""])
def test_an_unknown_encoding(write: Any, encoding: str) -> None:
    with pytest.raises(ConfigError, match="encoding"):
        read(write("a.jsonl", ""), encoding=encoding)


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize(
    ("name", "delimiter"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "\t"), ("a.tsv", "\t")]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_tables(write: Any, name: str, delimiter: str, ending: str) -> None:
    expected = [
        {"Title": 'A "new" bridge', "body": f"one{delimiter} two\nthree", "lang": "en"},
        {"Title": "", "body": "four", "lang": ""},
    ]
    buffer = io.StringIO()
    table = csv.DictWriter(
        buffer, ["Title", "body", "lang"], delimiter=delimiter, lineterminator=ending
    )
    table.writeheader()
    table.writerows(expected)
    assert read(write(name, buffer.getvalue())) == expected
    assert read(write(name + ".gz", "\n" + buffer.getvalue() + ending)) == expected


def test_a_huge_cell_passes_and_the_limit_of_the_process_stays(write: Any) -> None:
    text = "word " * 100_000
    rows = read_articles(write("a.csv", f"text\n{text}\nx\n"))
    before = csv.field_size_limit(1000)
    try:
        assert next(rows) == {"text": text}
        assert csv.field_size_limit() == 1000
        assert list(rows) == [{"text": "x"}]
    finally:
        csv.field_size_limit(before)


def test_short_rows_lose_nothing(write: Any) -> None:
    assert read(write("a.csv", "title,text\nT\n\nU,x,\n")) == [
        {"title": "T"},
        {"title": "U", "text": "x"},
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("", "empty"),
        ("A bridge opens,in the town\nB,c\n", "line 1: no column"),
        ("inhoud,kop\nx,y\n", "line 1: no column"),
        ("text,title,text\nx,y,z\n", "two columns are called 'text'"),
        ("title,text\nT,x\nU,one, two\n", "line 3: 3 cells under 2"),
        ('text\nx\n"never closed\ny\n', "line 4"),
        ('text\n"a" b\n', "line 2"),
    ],
)
def test_broken_tables(write: Any, content: str, place: str) -> None:
    path = write("a.csv", content)
    with pytest.raises(FormatError, match=place) as caught:
        read(path)
    assert path in str(caught.value)


def test_a_table_under_the_callers_own_names(write: Any) -> None:
    path = write("a.csv", "inhoud;kop\nx;y\n")
    columns = {"text": "inhoud", "title": "kop"}
    rows = read(path, columns=columns)
    assert rows == [{"inhoud": "x", "kop": "y"}]
    assert as_articles(rows, columns=columns)[0][0].title == "y"
    with pytest.raises(ArticleError, match="no field"):
        read(path, columns={"txt": "inhoud"})


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_characters="\r", codec="utf-8"))] * 2), max_size=4
    )
)
def test_a_written_table_reads_back(tmp_path_factory: Any, rows: list[tuple[str, str]]) -> None:
    path = tmp_path_factory.mktemp("table") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("title", "text"), *rows])
    assert [(row["title"], row["text"]) for row in read(path)] == rows


# ---------------------------------------------------------------- texts and folders


def test_texts(write: Any) -> None:
    path = write("a.txt", "\n  The title \r\n\r\nOne.\r\n\r\nTwo.\n")
    assert read(path) == [{"id": path, "title": "The title", "text": "One.\n\nTwo."}]
    assert read(write("b.txt.gz", "Only a title"))[0]["title"] == "Only a title"
    assert read(write("c.txt", ""))[0] == {"id": path[:-5] + "c.txt", "title": "", "text": ""}
    long = "word " * 100
    assert read(write("d.txt", long))[0]["text"] == long.strip()


def test_a_folder_is_read_in_order_at_any_depth(write: Any, tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.TXT", "c.txt.gz"):
        write(name, f"Title of {name}\ntext")
    for name in (".hidden.txt", "._b.txt", "notes.md", "x.jsonl"):
        write(name, "no article")
    rows = read(tmp_path)
    assert [row["id"] for row in rows] == ["a/b/c.TXT", "a/z.txt", "b.txt", "c.txt.gz"]
    assert rows[1]["title"] == "Title of a/z.txt"


def test_several_paths_keep_their_order(write: Any) -> None:
    paths = [write("b.jsonl", lines(ROWS[1:])), write("a.jsonl", lines(ROWS[:1]))]
    assert read(paths) == ROWS[::-1]
    assert read(Path(path) for path in paths) == ROWS[::-1]


# ---------------------------------------------------------------- what is not there


def test_missing_and_unknown_files_are_reported_at_once(write: Any, tmp_path: Path) -> None:
    good = write("a.jsonl", lines(ROWS))
    with pytest.raises(FileNotFoundError, match=r"missing\.jsonl"):
        read_articles([good, tmp_path / "missing.jsonl"])
    for name in ("a.pdf", "a", "a.parquet", "a.gz"):
        with pytest.raises(FormatError, match=r"\.jsonl"):
            read_articles(write(name, b"x"))
    with pytest.raises(FormatError, match="no files"):
        read_articles([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(FormatError, match=r"no \.txt files"):
        read_articles(tmp_path / "empty")


def test_broken_compression_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(lines(ROWS * 1000).encode())
    for raw in (b"not gzip", whole[: len(whole) // 2], whole[:20] + b"\xff" * 50):
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(raw)
        with pytest.raises(FormatError, match=r"a\.jsonl\.gz"):
            read(path)


# ---------------------------------------------------------------- standard input


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    streams = []

    def feeder(text: str, encoding: str = "utf-8") -> io.BytesIO:
        stream = io.BytesIO(text.encode(encoding))
        streams.append(stream)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
        return stream

    yield feeder
    assert not any(stream.closed for stream in streams)


def test_standard_input(feed: Any) -> None:
    for text in (lines(ROWS), lines(ROWS[:1]), json.dumps(ROWS), json.dumps(ROWS, indent=2)):
        feed(text)
        assert read("-") == ROWS[: text.count('"id"')]
    feed(json.dumps({"articles": ROWS}, indent=2))
    assert read(["-"]) == ROWS
    feed(lines(ROWS), "utf-16")
    assert read("-") == ROWS


def test_broken_standard_input(feed: Any) -> None:
    feed(lines(ROWS) + "{")
    with pytest.raises(FormatError, match="standard input, line 3"):
        read("-")
    feed("")
    with pytest.raises(FormatError, match="standard input"):
        read("-")


def test_standard_input_is_streamed(feed: Any) -> None:
    stream = feed(lines(ROWS * 10_000))
    rows = read_articles("-")
    assert next(rows) == ROWS[0]
    assert stream.tell() < 1000
