"""The command line: with :mod:`dedup.index.cli`, the only modules that print.

``dedup cluster FILE…`` prints or writes clusters; ``dedup explain FILE ID ID`` prints the evidence;
``dedup index …`` keeps the stories of a stream (:mod:`dedup.index.cli`); ``dedup warm-up`` compiles
the loops ahead of the first large run.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.errors import DedupError
from dedup.index.cli import add_parser
from dedup.version import __version__

if TYPE_CHECKING:
    from dedup.config import Config
    from dedup.result import Clustering

_INPUT_HELP = (
    "JSON Lines, JSON, CSV, .txt files or a folder of them (first line = title); - reads JSON "
    "Lines from standard input"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal of another encoding is no error; what is not shown is read by programs.
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except (DedupError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # such as `dedup cluster … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        print(f"dedup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("dedup: interrupted", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dedup",
        description="Find the same news story again: copies, reports, canonical version.",
    )
    parser.add_argument("--version", action="version", version=f"story-dedup {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    cluster = commands.add_parser("cluster", help="cluster articles and choose what to show")
    _add_input(cluster)
    cluster.add_argument(
        "-o", "--output", metavar="FILE", help="write one JSON line per cluster; - prints them"
    )
    cluster.add_argument(
        "--save", metavar="FILE", help="write the whole result, for Clustering.load()"
    )
    cluster.add_argument(
        "--html",
        metavar="FILE",
        help="write a page to look at: no network, no script needed; - prints it",
    )
    cluster.add_argument(
        "--level", choices=("event", "duplicate"), default="event", help="duplicate: copies only"
    )
    cluster.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help="least mean probability of one event, above 0 to 1; higher splits stories",
    )
    cluster.add_argument(
        "--all", action="store_true", help="print stories with a single article too"
    )
    _add_semantic(cluster)
    cluster.set_defaults(run=_cluster)

    explain = commands.add_parser("explain", help="say why two articles are together, or apart")
    _add_input(explain, several=False)
    explain.add_argument("ids", nargs=2, metavar="ID")
    _add_semantic(explain)
    explain.set_defaults(run=_explain)

    add_parser(commands, _add_input, _columns)

    warm_up = commands.add_parser(
        "warm-up",
        help="compile the loops for large inputs, ahead of the first",
        description="Compile the loops for large inputs and keep them for later processes: for "
        "images, and for places where nothing can be written later. NUMBA_CACHE_DIR names the "
        "folder; by default it is that of the package, or the user's cache.",
    )
    warm_up.set_defaults(run=_warm_up)
    return parser


def _warm_up(options: argparse.Namespace) -> int:
    from dedup.engine import warm_up
    from dedup.progress import reporting

    with reporting(None) as report:
        kept = warm_up(report)
    if not kept:
        print(
            "dedup: compiled, but there is no place to keep the code: set NUMBA_CACHE_DIR to a "
            "folder that can be written",
            file=sys.stderr,
        )
        return 1
    print("The compiled loops are ready.")
    return 0


def _add_input(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    parser.add_argument("input", nargs="+" if several else 1, metavar="FILE", help=_INPUT_HELP)
    parser.add_argument("--encoding", default="utf-8", help="of the input (default: utf-8)")
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=NAME",
        help="where a field stands in your data, such as text=body; may be repeated",
    )
    parser.add_argument(
        "--skip-errors",
        action="store_true",
        help="list rows whose fields cannot be read, and go on (a broken line still ends the run)",
    )


def _add_semantic(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--semantic",
        action="store_true",
        help="join reports in different languages (needs story-dedup[semantic])",
    )


def _cluster(options: argparse.Namespace) -> int:
    from dedup.errors import ConfigError

    if options.html == options.output == "-":
        raise ConfigError(
            "--html - and --output - would print both on one stream; write one to a file"
        )
    result = _run(options, level=options.level, config=_config(options))
    if options.save:
        result.save(options.save)
    if options.html == "-":
        from dedup.views.report import page

        print(page(result))
    elif options.html is not None:
        result.report(options.html)
    if options.output:
        _write_lines(result, options.output)
    elif options.html == "-":
        pass  # one thing at a time on one stream
    else:
        shown = [c for c in result.clusters if options.all or len(c) > 1]
        print("\n\n".join([result.summary, *map(str, shown)]))
        alone = len(result.clusters) - len(shown)
        if alone:
            stories = "story" if alone == 1 else "stories"
            print(f"\n{alone} {stories} with a single article (--all prints them)")
    for row in result.skipped:
        print(f"dedup: row {row.index} skipped: {row.reason}", file=sys.stderr)
    return 0


def _explain(options: argparse.Namespace) -> int:
    print(_run(options, config=_config(options)).explain(*options.ids))
    return 0


def _config(options: argparse.Namespace) -> Config | None:
    from dedup.config import Config, EventConfig
    from dedup.errors import ConfigError

    threshold = getattr(options, "threshold", None)
    if threshold is None and not options.semantic:
        return None
    if getattr(options, "level", "event") == "duplicate":
        setting = "--threshold" if threshold is not None else "--semantic"
        raise ConfigError(
            f"{setting} is about events, and --level duplicate does not look for any; "
            "leave one of them out"
        )
    event = EventConfig()
    if threshold is not None:
        event = event.at_threshold(threshold)
    if options.semantic:
        from dedup.semantic import UniversalSentenceEncoder

        event = replace(event, embedder=UniversalSentenceEncoder())
    return Config(event=event)


def _run(
    options: argparse.Namespace, level: str = "event", config: Config | None = None
) -> Clustering:
    from dedup.find import find_clusters
    from dedup.readers import read_articles

    columns = _columns(options.column)
    return find_clusters(
        read_articles(options.input, encoding=options.encoding, columns=columns),
        level="duplicate" if level == "duplicate" else "event",
        config=config,
        columns=columns,
        on_error="skip" if options.skip_errors else "raise",
    )


def _columns(pairs: Sequence[str]) -> dict[str, str] | None:
    from dedup.errors import ConfigError

    columns = {}
    for pair in pairs:
        field, equals, name = pair.partition("=")
        if not (field and equals and name):
            raise ConfigError(f"--column takes FIELD=NAME, such as text=body, got {pair!r}")
        columns[field] = name
    return columns or None


def _write_lines(result: Clustering, target: str) -> None:
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in result.to_dicts())
    if target == "-":
        sys.stdout.writelines(lines)
        return
    with Path(target).open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(lines)
    print(f"{result.summary}; written to {target}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
