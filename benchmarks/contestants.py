"""What ``benchmarks/speed.py`` times: one contestant on one file of articles, in a process alone.

::

    python benchmarks/contestants.py NAME ARTICLES.jsonl

Prints one line of JSON: CPU seconds of the whole process and of reading its input, those of the
work done a second time (*warm*: everything is loaded and compiled), the peak memory in MB beyond
what the input took, and what was found.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]

#: The threshold of the duplicates, and tokens of a shingle.
THRESHOLD = 0.7
SHINGLE = 5
_WORD = re.compile(r"\w+")


def ours_duplicates(rows: Rows) -> int:
    """Time shingles, MinHash-LSH and exact verification, from raw text to groups."""
    from dedup import engine
    from dedup.duplicates.fingerprints import fingerprint
    from dedup.duplicates.groups import find_duplicates

    engine.warm_up()
    fingerprints = fingerprint([("", row["text"]) for row in rows], shingle_size=SHINGLE)
    found = find_duplicates(fingerprints, threshold=THRESHOLD, bands=32, rows=4)
    return len(rows) - len(set(found.centre.tolist()))


def gaoya(rows: Rows) -> int:
    """Time the fastest peer: Rust, raw text in."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=32,
        band_size=4,
        num_hashes=128,
        analyzer="word",
        lowercase=True,
        ngram_range=(SHINGLE, SHINGLE),
    )
    for number, row in enumerate(rows):
        index.insert_document(number, row["text"])
    return sum(len(index.query(row["text"])) - 1 for row in rows) // 2


def rensa(rows: Rows) -> int:
    """Time another peer in Rust; its shingles are made in Python."""
    from rensa import RMinHash, RMinHashLSH

    index = RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=32)
    signed = []
    for row in rows:
        minhash = RMinHash(num_perm=128, seed=1)
        minhash.update(_shingles(row["text"]))
        signed.append(minhash)
    index.insert_many(signed)
    return sum(len(found) - 1 for found in index.query_all(signed)) // 2


def datasketch(rows: Rows) -> int:
    """Time the reference implementation, with its default hash function."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    signed = []
    for number, row in enumerate(rows):
        minhash = MinHash(num_perm=128)
        minhash.update_batch([shingle.encode() for shingle in _shingles(row["text"])])
        index.insert(number, minhash)
        signed.append(minhash)
    return sum(len(index.query(minhash)) - 1 for minhash in signed) // 2


def _shingles(text: str) -> list[str]:
    words = _WORD.findall(text.lower())
    return [" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)]


def ours(rows: Rows) -> int:
    """Time all of ``find_clusters``."""
    from dedup import find_clusters

    found = find_clusters(rows, progress=False)
    print(found.stats, file=sys.stderr)
    return len(found)


def tfidf(rows: Rows) -> int:
    """Time TF-IDF and agglomerative clustering: quadratic."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform(row["text"] for row in rows)
    return _agglomerated(vectors @ vectors.T)


def use(rows: Rows) -> int:
    """Time multilingual sentence embeddings and agglomerative clustering: quadratic."""
    import numpy as np

    from embeddings import USE_ENCODER

    texts = [f"{row['title']}\n{row['text'][:600]}" for row in rows]
    vectors = USE_ENCODER.load()(texts)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return _agglomerated(vectors @ vectors.T)


def _agglomerated(cosine: Any) -> int:
    import numpy as np
    from sklearn.cluster import AgglomerativeClustering

    dense = cosine.toarray() if hasattr(cosine, "toarray") else cosine
    found = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage="average", distance_threshold=0.6
    ).fit_predict(np.clip(1 - dense, 0, None))
    return int(found.max()) + 1


CONTESTANTS: dict[str, Callable[[Rows], int]] = {
    work.__name__: work for work in (ours_duplicates, gaoya, rensa, datasketch, ours, tfidf, use)
}


def cpu_seconds() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """Peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(name: str, path: str, *options: str) -> None:
    """Time one contestant; with the option ``once`` its work is done once."""
    with Path(path).open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    read, before = cpu_seconds(), peak_mb()
    found = CONTESTANTS[name](rows)
    first, peak = cpu_seconds(), peak_mb()
    if "once" not in options:
        CONTESTANTS[name](rows)
    print(
        json.dumps(
            {
                "articles": len(rows),
                "read": read,
                "first": first - read,
                "warm": cpu_seconds() - first if "once" not in options else None,
                "mb": peak - before,
                "found": found,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
