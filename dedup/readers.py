"""Files, folders and standard input as rows for :func:`dedup.article.as_articles`.

====================  ==========================================================================
``.jsonl .ndjson``    one JSON object (or string) a line
``.json``             a list, an object that holds one, one object, or JSON Lines after all
``.csv .tsv``         a header, then rows; commas, semicolons or tabs
``.txt``              one article: its first line is the title
a folder              every ``.txt`` file in it, at any depth
``-``                 standard input: JSON Lines or JSON
====================  ==========================================================================

Each may be compressed (``.gz``).  Laws:

* Nothing is lost: a line that cannot be read is an error with the file's name and the line's
  number, never a row less.
* Bytes are decoded strictly.  A byte order mark wins over the stated encoding; otherwise the
  encoding is the caller's word, UTF-8 by default, and never a guess.
* The order of rows is the order of paths and lines; in a folder, that of relative paths.
* Lines are streamed: JSON Lines and CSV need memory for one row at a time.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from typing import IO, Any, Final, cast

from dedup.aliases import check_columns, holds_article
from dedup.errors import ConfigError, FormatError

__all__ = ["read_articles"]

Row = dict[str, Any]
PathName = str | PathLike[str]

#: Names under which a JSON document holds its articles, looked for in this order.
_LISTS: Final = ("articles", "items", "entries", "data")

_LONGEST_CELL: Final = 2**31 - 1  # the most that the csv module takes on every platform

_LONGEST_TITLE: Final = 300  # characters; a file of one longer line is a text without a title

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_articles(
    paths: PathName | Iterable[PathName],
    *,
    encoding: str = "utf-8",
    columns: Mapping[str, str | None] | None = None,
) -> Iterator[Row]:
    """Read rows from files, folders or standard input.

    Parameters
    ----------
    paths : path or iterable of paths
        ``"-"`` is standard input.
    encoding : str
        Of files without a byte order mark.
    columns : mapping of str to str or None, optional
        As for :func:`~dedup.article.as_articles`; here it only tells a CSV file's header.

    Returns
    -------
    iterator of dict
        Rows as found, for ``as_articles`` or ``find_clusters``.

    Raises
    ------
    FileNotFoundError
        If a file does not exist.
    FormatError
        If a file is of an unknown kind, in another encoding, or broken; the message names the file
        and the line.  Missing and unknown files are reported at once, broken ones when they are
        reached.
    ConfigError
        If the encoding is not known to Python.
    """
    encoding = _checked_encoding(encoding)
    names = check_columns(columns)
    listed = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not listed:
        raise FormatError("there are no files to read; name one, or '-' for standard input")
    jobs = [job for path in listed for job in _jobs(fspath(path))]
    return chain.from_iterable(_read(*job, encoding, names) for job in jobs)


def _checked_encoding(encoding: str) -> str:
    """Return an encoding's own name."""
    try:
        "a".encode(encoding)
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise ConfigError(
            f"the encoding {encoding!r} is not known; use one such as 'utf-8', 'cp1252', 'gb18030'"
        ) from error


def _jobs(name: str) -> Iterator[tuple[Path | None, str]]:
    """Yield (path, name to show or use as id) for a path; None is standard input."""
    path = Path(name)
    if name == "-":
        yield None, "standard input"
    elif path.is_dir():
        found = sorted(
            (file.relative_to(path).as_posix(), file)
            for file in path.rglob("*")
            if _kind(file) == ".txt" and not file.name.startswith(".") and file.is_file()
        )
        if not found:
            raise FormatError(f"{name}: this folder holds no .txt files; name other files singly")
        yield from ((file, relative) for relative, file in found)
    elif not path.exists():
        raise FileNotFoundError(f"{name}: there is no such file")
    elif _kind(path) not in _READERS:
        raise FormatError(
            f"{name}: what is in a {path.suffix or 'nameless'} file is not known; the endings are "
            f"{', '.join(_READERS)}, each also with .gz"
        )
    else:
        yield path, name


def _kind(path: Path) -> str:
    """Return a file's ending in lower case, without that of its compression."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _read(
    path: Path | None, name: str, encoding: str, columns: Mapping[str, str | None]
) -> Iterator[Row]:
    """Read one file by its ending."""
    reader = _READERS[_kind(path)] if path else _read_json
    try:
        with _opened(path) as stream:
            yield from reader(_lines(stream, name, encoding), name, columns)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FormatError(f"{name}: broken compression: {error}") from error


def _opened(path: Path | None) -> AbstractContextManager[IO[bytes]]:
    """Open a file, unpacking it if need be."""
    if path is None:
        return nullcontext(sys.stdin.buffer)  # not ours to close
    if path.name.lower().endswith(".gz"):
        return cast("AbstractContextManager[IO[bytes]]", gzip.open(path, "rb"))
    return path.open("rb")


# ---------------------------------------------------------------- bytes to lines


def _lines(stream: IO[bytes], name: str, encoding: str) -> Iterator[str]:
    """Yield decoded lines with their ends, which are line feeds only."""
    first = stream.readline()
    encoding = next((known for mark, known in _MARKS if first.startswith(mark)), encoding)
    if encoding.replace("_", "-").startswith(("utf-16", "utf-32")):
        # A line feed is several bytes here, so that lines cannot be cut before decoding.
        whole = first + stream.read()
        yield from io.StringIO(_decoded(whole, name, encoding, 0), newline="\n")
        return
    for number, line in enumerate(chain([first], stream), 1):
        if line:
            yield _decoded(line, name, encoding if number == 1 else _bare(encoding), number)


def _bare(encoding: str) -> str:
    """Return the encoding of what follows a byte order mark."""
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _decoded(raw: bytes, name: str, encoding: str, number: int) -> str:
    """Decode bytes or name the place that is not in the encoding."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        place = f"line {number}, byte {error.start + 1}" if number else f"byte {error.start + 1}"
        raise FormatError(
            f"{name}, {place}: 0x{raw[error.start]:02x} is not {encoding}; state the file's "
            f"encoding, such as encoding='cp1252' (--encoding cp1252), or convert it to UTF-8"
        ) from error


# ---------------------------------------------------------------- lines to rows


def _read_json_lines(
    lines: Iterable[str], name: str, _columns: Mapping[str, str | None]
) -> Iterator[Row]:
    """Read one value a line; blank lines are skipped."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(_parsed(line.rstrip(), name, number), f"{name}, line {number}")


def _read_json(lines: Iterator[str], name: str, columns: Mapping[str, str | None]) -> Iterator[Row]:
    """Read a JSON document, or JSON Lines if more follows a first line that is complete."""
    head: list[str] = []
    for line in lines:
        head.append(line)
        if line.strip():
            break
    if not "".join(head).strip():
        raise FormatError(f"{name}: is empty; expected JSON or JSON Lines")
    if not head[-1].lstrip().startswith("[") and _is_json(head[-1]):
        first = json.loads(head[-1])
        if isinstance(first, dict) and holds_article(first, columns):
            # An article is one whatever follows, and in a pipe that may be long in coming.
            yield from _read_json_lines(chain(head, lines), name, columns)
            return
        for line in lines:
            head.append(line)
            if line.strip():
                yield from _read_json_lines(chain(head, lines), name, columns)
                return
    document = _parsed("".join(chain(head, lines)), name, 1)
    if isinstance(document, dict) and not holds_article(document, columns):
        inside = (document[key] for key in _LISTS if isinstance(document.get(key), list))
        document = next(inside, document)
    listed = document if isinstance(document, list) else [document]
    for number, value in enumerate(listed, 1):
        yield _row(value, f"{name}, item {number}")


def _read_table(
    lines: Iterator[str], name: str, columns: Mapping[str, str | None]
) -> Iterator[Row]:
    """Read a header and rows, with the delimiter under which the header makes sense."""
    top, first = next(((n, line) for n, line in enumerate(lines, 1) if line.strip()), (0, ""))
    if not first:
        raise FormatError(f"{name}: is empty; expected a header and rows")
    tabs = ".tsv" in name.lower()
    header, delimiter = _header(first, "\t" if tabs else ",;\t", name, columns)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    while (cells := _next_cells(table, name, top)) is not None:
        if any(cells[len(header) :]):
            raise FormatError(
                f"{name}, line {top + table.line_num}: {len(cells)} cells under {len(header)} "
                f"columns; put cells that hold {delimiter!r} in double quotes"
            )
        if cells:
            yield dict(zip(header, cells, strict=False))


def _header(
    line: str, delimiters: str, name: str, columns: Mapping[str, str | None]
) -> tuple[list[str], str]:
    """Return the column names and the delimiter that yields a title or a text among them."""
    for delimiter in delimiters:
        header = [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
        if holds_article(header, columns):
            doubled = sorted({cell for cell in header if cell and header.count(cell) > 1})
            if doubled:
                raise FormatError(f"{name}: two columns are called {doubled[0]!r}; rename one")
            return header, delimiter
    shown = line.strip() if len(line) <= 200 else line[:200] + "..."
    raise FormatError(
        f"{name}, line 1: no column for a text or a title in {shown!r}; the first line must name "
        f"the columns, one of them 'text' or 'title' or as in columns={{'text': 'body'}}"
    )


def _next_cells(table: Any, name: str, top: int) -> list[str] | None:
    """Return the next row; None at the end."""
    # The limit on a cell's length belongs to the whole process: raised for one row at a time.
    limit = csv.field_size_limit(_LONGEST_CELL)
    try:
        cells: list[str] | None = next(table, None)
    except csv.Error as error:
        raise FormatError(
            f"{name}, line {top + table.line_num}: {error}; a quote inside a quoted cell is doubled"
        ) from error
    finally:
        csv.field_size_limit(limit)
    return cells


def _read_text(
    lines: Iterable[str], name: str, _columns: Mapping[str, str | None]
) -> Iterator[Row]:
    """Read one article: the first line that is not blank is its title."""
    whole = "".join(lines).replace("\r\n", "\n").strip()
    title, _, text = whole.partition("\n")
    if not text and len(title) > _LONGEST_TITLE:
        title, text = "", title
    yield {"id": name, "title": title.strip(), "text": text.strip()}


def _parsed(text: str, name: str, first_line: int) -> Any:
    """Return a JSON value, or name the line that is broken."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {first_line + error.lineno - 1}, column {error.colno}"
        raise FormatError(f"{name}, {place}: this is not JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # nested without end; a number without end
        raise FormatError(
            f"{name}, line {first_line}: this JSON cannot be read: {error}"
        ) from error


def _is_json(line: str) -> bool:
    """Tell whether a line is a complete JSON value."""
    try:
        json.loads(line)
    except (RecursionError, ValueError):
        return False
    return True


def _row(value: Any, place: str) -> Row:
    """Return a row; a bare string is a text."""
    if isinstance(value, str):
        return {"text": value}
    if not isinstance(value, dict):
        raise FormatError(
            f"{place}: an article must be a JSON object or a string, not {type(value).__name__}"
        )
    return value


_READERS: Final[Mapping[str, Callable[..., Iterator[Row]]]] = {
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json,
    ".csv": _read_table,
    ".tsv": _read_table,
    ".txt": _read_text,
}
