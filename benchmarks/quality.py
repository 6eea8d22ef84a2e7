"""Quality at the one default configuration: every set, one table, pinned floors.

::

    python benchmarks/quality.py            # the table
    python benchmarks/quality.py --check    # exit 1 if a figure lies below benchmarks/floors.json
    python benchmarks/quality.py --pin      # raise floors to what was reached, less a margin

The *left out* column is the score when nothing was fitted to the set: the pair model is fitted
again without the family of sets that is scored.  Sets that are absent are not scored (the fixtures
always are); a set whose content changed is an error, since its floor would mean nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import datasets
import furniture
import train_event_model as training
from dedup import Config, DuplicateConfig, find_clusters
from dedup.article import as_articles
from dedup.duplicates.shingling import shingle
from dedup.evaluate import b_cubed_f1_score, evaluate
from dedup.events.clustering import PROBABILITY_UNIT
from dedup.text.clean import clean
from dedup.text.recurring import count_lines
from dedup.text.tokenize import compared_tokens

FLOORS = Path(__file__).parent / "floors.json"
FIXTURES = datasets.ROOT / "fixtures"

#: A floor is pinned this far below what was reached: a change in the last digits is no regression.
#: Scores left out come from a fit whose last digits differ between machines.
MARGIN = 0.002
LEFT_OUT_MARGIN = 0.01

Figures = dict[str, float]


def fixtures() -> Figures:
    """Score the fixtures' gold: clusters, groups, and the negatives kept apart."""
    rows = [json.loads(line) for line in (FIXTURES / "belgium.jsonl").open(encoding="utf-8")]
    gold = json.loads((FIXTURES / "gold.json").read_text(encoding="utf-8"))
    result = find_clusters(rows, progress=False)
    event = [gold["event"][row["id"]] for row in rows]
    group = [gold["group"][row["id"]] for row in rows]
    apart = sum(
        result.cluster_of(pair["a"]) is not result.cluster_of(pair["b"])
        for pair in gold["negatives"]
    )
    figures = {
        "fixtures.belgium.b_cubed_f1": b_cubed_f1_score(event, result.labels.tolist()),
        "fixtures.belgium.groups_b_cubed_f1": b_cubed_f1_score(group, result.group_labels.tolist()),
        "fixtures.belgium.negatives_apart": apart / len(gold["negatives"]),
    }
    for folder in ("negative", "languages"):
        scores = []
        for path in sorted((FIXTURES / folder).glob("*.jsonl")):
            rows = [json.loads(line) for line in path.open(encoding="utf-8")]
            labels = find_clusters(rows, progress=False)
            scores.append(b_cubed_f1_score([r["event"] for r in rows], labels.labels.tolist()))
        figures[f"fixtures.{folder}.b_cubed_f1"] = float(np.mean(scores))
    return figures


def labelled(show: bool = True) -> Figures:
    """Run every labelled set through the default configuration."""
    figures: Figures = {}
    samples = {sample.name: sample for sample in training.all_samples()}
    models = {
        family: training.fit([s for s in samples.values() if s.family != family])
        for family in sorted({s.family for s in samples.values()} - {training.MADE})
    }
    if show:
        print(
            f"{'set':20}{'articles':>9}{'events':>8}"
            "  B³: P     R     F1   left out  pair F1   ARI    V"
        )
    for data in datasets.labelled_sets():
        result = find_clusters(data.articles, progress=False)
        scores = evaluate(data.events, result.labels.tolist())
        left_out = training.f1_at(models[data.family], samples[data.name])
        figures[f"{data.name}.b_cubed_f1"] = scores.b_cubed_f1
        figures[f"{data.name}.left_out"] = left_out
        if show:
            print(
                f"{data.name:20}{len(data.events):9,}{len(set(data.events)):8,}"
                f"   {scores.b_cubed_precision:.3f} {scores.b_cubed_recall:.3f} "
                f"{scores.b_cubed_f1:.3f}  {left_out:.3f}    {scores.pairwise_f1:.3f}   "
                f"{scores.adjusted_rand:.3f}  {scores.v_measure:.3f}",
                flush=True,
            )
    for family in ("wmt_mt", "olympics_titles"):
        for what in ("b_cubed_f1", "left_out"):
            of_family = [v for k, v in figures.items() if k.startswith(family) and k.endswith(what)]
            figures[f"{family}.mean.{what}"] = float(np.mean(of_family))
        if show:
            print(
                f"{family + ' (mean)':20}{'':17}                 "
                f"{figures[f'{family}.mean.b_cubed_f1']:.3f}  "
                f"{figures[f'{family}.mean.left_out']:.3f}"
            )
    for judged in datasets.pair_sets():
        sample = samples[judged.name]
        right = (
            training.probabilities(models[sample.family], sample) >= PROBABILITY_UNIT // 2
        ) == sample.same
        figures[f"{sample.name}.pairs_right_left_out"] = float(right.mean())
        if show:
            print(
                f"{sample.name:20}{len(right):9,} pairs, judged right (left out) {right.mean():.3f}"
            )
    return figures


def seeds() -> Figures:
    """Cluster the two founding articles among 1,406 others."""
    rows: list[dict[str, Any]] = []
    for path in sorted(datasets.SEEDS.glob("*.txt")):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        rows.append({"id": path.stem, "title": title, "text": text})
    ids = [row["id"] for row in rows]
    result = find_clusters(rows + datasets.read("indonesian"), progress=False)
    cluster = result.cluster_of(ids[0])
    together = len(cluster) == 2 and result.cluster_of(ids[1]) is cluster
    return {"seeds.together": float(together)}


def verified_pairs() -> Figures:
    """Compare the pairs of ``level="duplicate"`` on Reuters with brute force on the same tokens."""
    config = Config(duplicate=DuplicateConfig(shingle_size=3, threshold=0.8))
    rows = [datasets.article(row) for row in datasets.read("reuters21578")]
    found = find_clusters(rows, level="duplicate", config=config, progress=False).verified_pairs
    articles, _ = as_articles(rows)
    recurring = count_lines(articles)
    cleaned = [clean(article, recurring) for article in articles]
    true = brute_force([compared_tokens(c.title, c.body) for c in cleaned], 3, 0.8)
    ours = set(map(tuple, found.tolist()))
    return {
        "reuters21578.verified_recall": len(ours & true) / len(true),
        "reuters21578.verified_precision": len(ours & true) / len(ours),
    }


def brute_force(tokens: list[list[str]], size: int, threshold: float) -> set[tuple[int, int]]:
    """Return all pairs with exact Jaccard at or above the threshold, from all pairs.

    The sparse product counts shared shingles of every pair; short texts are compared as a whole.
    """
    from scipy.sparse import csr_array

    rows = shingle(tokens, size)
    distinct, columns = np.unique(rows.values, return_inverse=True)
    matrix = csr_array(
        (np.ones(len(columns), dtype=np.int32), columns, rows.offsets),
        shape=(len(tokens), len(distinct)),
    )
    transposed = matrix.T.tocsr()
    found: set[tuple[int, int]] = set()
    for start in range(0, len(tokens), 256):
        shared = (matrix[start : start + 256] @ transposed).tocoo()
        i, j = shared.row + start, shared.col
        union = rows.lengths[i] + rows.lengths[j] - shared.data
        kept = (i < j) & (shared.data / union >= threshold)
        found.update(zip(i[kept].tolist(), j[kept].tolist(), strict=True))
    short: dict[tuple[str, ...], list[int]] = {}
    for row, words in enumerate(tokens):
        if 0 < len(words) < size:
            short.setdefault(tuple(words), []).append(row)
    found.update((i, j) for same in short.values() for i in same for j in same if i < j)
    return found


def measure() -> Figures:
    """Run all that can be run here, and print it."""
    figures = fixtures()
    if datasets.available():
        figures |= labelled() | seeds() | verified_pairs() | furniture.figures()
    else:
        print(f"no development sets at {datasets.DATA}: only the fixtures were scored")
    for name, value in figures.items():
        if ("." in name and not name.endswith(("b_cubed_f1", "left_out"))) or name.startswith(
            "fixtures"
        ):
            print(f"{name:44}{value:.4f}")
    return figures


def digests() -> dict[str, str]:
    """Return the digests of the sets that floors are pinned for."""
    return {
        path.name.removesuffix(".jsonl.gz"): datasets.digest(path.name.removesuffix(".jsonl.gz"))
        for path in sorted(datasets.DATA.glob("*.jsonl.gz"))
    }


def check(figures: Figures) -> list[str]:
    """Return what lies below its floor, or cannot be held against it."""
    pinned = json.loads(FLOORS.read_text(encoding="utf-8"))
    present = digests()
    faults = [
        f"{name}: the set is not the one that floors were pinned for"
        for name, digest in pinned["digests"].items()
        if name in present and present[name] != digest
    ]
    for name, floor in pinned["floors"].items():
        if name in figures and figures[name] < floor:
            faults.append(f"{name}: {figures[name]:.4f} is below its floor {floor:.4f}")
        if name not in figures and (name.startswith("fixtures") or datasets.available()):
            faults.append(f"{name}: was not measured")
    return faults


def pin(figures: Figures) -> None:
    """Write floors; one that exists is never lowered."""
    old = json.loads(FLOORS.read_text(encoding="utf-8"))["floors"] if FLOORS.exists() else {}
    floors = {
        name: max(old.get(name, 0.0), _floor(name, value))
        for name, value in figures.items()
        if name.count(".") == 1 or not name.endswith("left_out") or ".mean." in name
    }
    data = {"digests": digests(), "floors": floors}
    FLOORS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _floor(name: str, value: float) -> float:
    if value == 1.0:
        return value
    return round(value - (LEFT_OUT_MARGIN if "left_out" in name else MARGIN), 4)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail below a floor")
    parser.add_argument("--pin", action="store_true", help="raise the floors")
    options = parser.parse_args()
    figures = measure()
    if options.pin:
        pin(figures)
    faults = check(figures) if options.check else []
    for fault in faults:
        print(f"quality gate: {fault}", file=sys.stderr)
    if options.check and not faults:
        print("quality gate: passed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
