"""How a story index keeps up with a stream, and what it takes.

::

    python benchmarks/stream.py                     # 200,000 held, 60,000 of them live
    python benchmarks/stream.py --held 1000000      # 500 days at 2,000 articles a day
    python benchmarks/stream.py --redis             # datasketch's MinHashLSH on Redis beside it

Articles are grown (``benchmarks/grown.py``), 2,000 a day; what is older than 30 days expires once
a day.  Figures are CPU seconds of this process; opening is timed in a process of its own.  Redis
needs ``redis-server`` and the package redis (``benchmarks/requirements-speed.txt``).
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from dedup import StoryIndex
from dedup.engine import warm_up
from grown import A_DAY, Grown

Rows = list[dict[str, Any]]

WINDOW_DAYS = 30
BATCH = 1000


def days(rows: Iterator[dict[str, Any]]) -> Iterator[Rows]:
    """Yield the articles of each day."""
    while day := list(islice(rows, A_DAY)):
        yield day


def memory() -> float:
    """Return the most memory that this process took so far, in MB.

    What getrusage() tells begins with what the parent took.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(path: Path, held: int) -> None:
    """Let a stream run; print what a batch costs as it goes on."""
    warm_up()
    live_bytes = 0.0
    spent: list[float] = []
    print(f"{'held':>10} {'adds a CPU s':>13} {'expiring, ms each':>18} {'MB':>6} {'B each':>8}")
    with StoryIndex(path, progress=False) as index:
        for number, day in enumerate(days(Grown().articles(held)), start=1):
            for start in range(0, len(day), BATCH):
                before = time.process_time()
                index.add(day[start : start + BATCH])
                spent.append(time.process_time() - before)
            if number == WINDOW_DAYS:
                live_bytes = index.stats().bytes / index.stats().live
            expiring, gone = 0.0, 0
            if number > WINDOW_DAYS:
                oldest = datetime.fromisoformat(day[0]["published"]) - timedelta(WINDOW_DAYS)
                before = time.process_time()
                gone = index.expire(before=oldest.isoformat())
                expiring = time.process_time() - before
            if number % 10 == 0:
                recent, size = spent[-10:], index.stats().bytes
                print(
                    f"{number * A_DAY:10,} {BATCH * len(recent) / sum(recent):13,.0f} "
                    f"{1000 * expiring / max(gone, 1):18.2f} {memory():6,.0f} "
                    f"{size / (number * A_DAY):8,.0f}",
                    flush=True,
                )
        stats = index.stats()
        expired = stats.articles - stats.live
        print(stats)
        print(
            f"bytes for each live article {live_bytes:,.0f}, for each expired one "
            f"{(stats.bytes - live_bytes * stats.live) / max(expired, 1):,.0f}"
        )
        found = index.check()
        print(f"check: {found[:3] or 'all is well'}")


def ask(path: Path, times: int) -> None:
    """Open the index, and ask it about articles that it does not hold, one by one."""
    before, wall = time.process_time(), time.perf_counter()
    warm_up()
    with StoryIndex(path, progress=False) as index:
        started = time.process_time()
        index.query("Storm Babet floods Brechin in Angus as the South Esk bursts its banks.")
        print(
            f"opening: {time.process_time() - before:.1f} CPU s with start-up "
            f"({time.process_time() - started:.1f} without), "
            f"{time.perf_counter() - wall:.1f} s by the clock; {memory():,.0f} MB"
        )
        rows = Grown(seed=7).articles(times)  # takes memory of its own
        last = next(index.changes(since=index.stats().changes - 1))
        today = index.cluster(last.cluster_id).canonical.published
        spent = []
        for row in rows:
            row["published"] = today
            started = time.process_time()
            index.query(row)
            spent.append(1000 * (time.process_time() - started))
        middle, late = np.percentile(spent, [50, 99])
        print(f"query: p50 {middle:.1f} ms, p99 {late:.1f} ms of CPU time ({len(spent)} asked)")
        for size in (1, 10, 100):
            fresh = list(Grown(seed=11 + size).articles(20 * size))
            started = time.process_time()
            for start in range(0, len(fresh), size):
                part = [
                    {**row, "id": f"new-{os.getpid()}-{size}-{start + at}", "published": today}
                    for at, row in enumerate(fresh[start : start + size])
                ]
                index.add(part)
            each = 1000 * (time.process_time() - started) / len(fresh)
            print(f"adds in batches of {size}: {each:.1f} ms each")


def redis_beside(n: int) -> None:
    """Time datasketch's MinHashLSH on Redis: duplicates alone."""
    from datasketch import MinHash, MinHashLSH

    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", socket, "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not Path(socket).exists():
                time.sleep(0.05)
            store = {"type": "redis", "redis": {"unix_socket_path": socket}}
            index = MinHashLSH(threshold=0.7, num_perm=128, storage_config=store)
            rows = list(Grown().articles(n))
            wall, started = time.perf_counter(), time.process_time()
            signed = []
            for place, row in enumerate(rows):
                words = row["text"].lower().split()
                minhash = MinHash(num_perm=128)
                minhash.update_batch(
                    [" ".join(words[at : at + 5]).encode() for at in range(len(words) - 4)]
                )
                index.insert(str(place), minhash)
                signed.append(minhash)
            print(
                f"datasketch on Redis: {n / (time.perf_counter() - wall):,.0f} inserts a second "
                f"({n / (time.process_time() - started):,.0f} a CPU second of the client)"
            )
            wall, started = time.perf_counter(), time.process_time()
            for minhash in signed:
                index.query(minhash)
            print(
                f"datasketch on Redis: {n / (time.perf_counter() - wall):,.0f} queries a second "
                f"({n / (time.process_time() - started):,.0f} a CPU second of the client)"
            )
        finally:
            server.terminate()
            server.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=200_000, help="articles in all")
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--path", type=Path, help="keep the index here")
    parser.add_argument("--ask", action="store_true", help="ask the index at --path; add nothing")
    parser.add_argument("--redis", action="store_true", help="datasketch on Redis, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.path or Path(folder) / "stories.db"
        if options.ask:
            ask(path, options.queries)
            return
        fill(path, options.held)
        command = [sys.executable, __file__, "--path", str(path), "--ask"]
        subprocess.run([*command, "--queries", str(options.queries)], check=True)
        if options.redis:
            redis_beside(5000)


if __name__ == "__main__":
    os.environ.setdefault("DEDUP_THREADS", "1")
    main()
