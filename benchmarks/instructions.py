"""Instructions that the fingerprints of a fixed input take, which a noisy machine does not change.

::

    python benchmarks/instructions.py            # needs valgrind
    python benchmarks/instructions.py --pin      # and store them in benchmarks/instructions.json

``valgrind --tool=callgrind`` counts the instructions of a whole process, most of which go into
starting Python and loading compiled code.  So two processes are counted that differ in how often
they fingerprint, and the difference is divided.  The code is compiled for a fixed processor, since
what numba makes of a loop depends on the machine.  More than 3 % above the stored count is an
error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

#: Fingerprints of one run, and of the other.
FEW, MANY = 1, 5
ARTICLES = 400
TOLERANCE = 0.03
PINNED = Path(__file__).with_name("instructions.json")
#: What valgrind knows how to run.
PROCESSOR = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+bmi,+bmi2,+fma"}

_COUNTING = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")

_WORK = """
import random, sys
from dedup import engine
from dedup.duplicates.fingerprints import fingerprint
chance = random.Random(5)
words = ["".join(chance.choice("abcdefghijklmnoprstu") for _ in range(chance.randrange(2, 10)))
         for _ in range(5000)]
texts = [("", " ".join(chance.choice(words) for _ in range(450))) for _ in range({articles})]
engine.warm_up()
for _ in range({times}):
    fingerprint(texts, shingle_size=5)
"""


def counted(times: int) -> int:
    """Count the instructions of a process that fingerprints so many times."""
    work = _WORK.format(articles=ARTICLES, times=times)
    environment = {
        **os.environ,
        **PROCESSOR,
        "DEDUP_KERNELS": "compiled",
        "DEDUP_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    # First without counting, so that the compiled code is on disk.
    subprocess.run([sys.executable, "-c", work], env=environment, check=True)
    done = subprocess.run(
        [*_COUNTING, sys.executable, "-c", work],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(f"valgrind told no count:\n{done.stderr[-2000:]}")
    return int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pin", action="store_true", help="store the count")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed")
    each = (counted(MANY) - counted(FEW)) // (MANY - FEW) // ARTICLES
    print(f"{each:,} instructions an article of 450 words")
    if options.pin:
        PINNED.write_text(json.dumps({"an_article": each}) + "\n", encoding="utf-8")
        return
    pinned = json.loads(PINNED.read_text(encoding="utf-8"))["an_article"]
    if each > pinned * (1 + TOLERANCE):
        sys.exit(f"{each / pinned - 1:+.1%} against the stored {pinned:,}")


if __name__ == "__main__":
    main()
