"""Whether every set gets the same result from the reference code and from the compiled loops.

::

    python benchmarks/engines.py               # every development set, whole
    python benchmarks/engines.py gva ntrex     # some

Each set is clustered twice, in processes of their own; what is compared is everything that a
clustering says: labels, groups, roles, canonical versions with their reasons, scored pairs with
their probabilities.  Exit code 1 if anything differs.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import Any

import devsets
from dedup import find_clusters
from dedup.pairs import PairScores

ENGINES = ("reference", "compiled")


def articles(name: str) -> list[dict[str, Any]]:
    """Return the articles of a set, those of judged pairs side by side, each with an id."""
    rows = devsets.read(name)
    if "a" in rows[0]:
        rows = [row[side] for row in rows for side in "ab"]
    return [{**devsets.article(row), "id": str(number)} for number, row in enumerate(rows)]


def digest(name: str) -> dict[str, Any]:
    """Cluster a set; return a digest of all that was found, and its size."""
    found = find_clusters(articles(name), progress=False, on_error="skip")
    whole = hashlib.sha256(json.dumps(found.to_dicts(), sort_keys=True).encode())
    scores = found.scores or PairScores.none()
    for array in (found.labels, found.group_labels, scores.pairs, scores.probability):
        whole.update(array.tobytes())
    return {"digest": whole.hexdigest()[:16], "articles": len(found.labels), "found": len(found)}


def main(*names: str) -> int:
    if names[:1] == ("--digest",):
        print(json.dumps(digest(names[1])))
        return 0
    every = sorted(path.name.removesuffix(".jsonl.gz") for path in devsets.DATA.glob("*.jsonl.gz"))
    if not every:
        sys.exit(f"no development sets in {devsets.DATA}; DEDUP_DATA names another folder")
    differ = 0
    for name in names or every:
        told = []
        for engine in ENGINES:
            done = subprocess.run(
                [sys.executable, __file__, "--digest", name],
                env={**os.environ, "DEDUP_KERNELS": engine},
                stdout=subprocess.PIPE,
                check=True,
                text=True,
            )
            told.append(json.loads(done.stdout))
        one, other = told
        differ += one != other
        verdict = "equal" if one == other else "DIFFERENT"
        print(f"{name:20}{one['articles']:8,} articles {one['found']:8,} stories  {verdict}")
        sys.stdout.flush()
    return min(differ, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
