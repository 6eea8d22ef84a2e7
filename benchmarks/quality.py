"""Quality at the one default configuration: every set, pinned bounds.

::

    python benchmarks/quality.py                    # the tables
    python benchmarks/quality.py --check            # exit 1 if a figure lies beyond its bound
    python benchmarks/quality.py --pin              # tighten the bounds to what was reached
    python benchmarks/quality.py --write-table FILE # the tables as Markdown too

The *left out* columns are what is reached when nothing was fitted to the set: the pair model is
fitted again without the family of sets that is scored.  Sets that are absent are not scored (the
fixtures always are); a set whose content changed is an error, since its bounds would mean nothing.

What is measured is in the modules ``labelled`` (sets with events), ``judged`` (pairs judged by
hand), ``reliability`` (probabilities), ``across`` (several languages at once), and here (the
fixtures and single facts); bounds are in ``gate``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import across
import devsets
import furniture
import gate
import judged
import labelled
import left_out
import reliability
import train_event_model as training
from dedup import Config, DuplicateConfig, find_clusters
from dedup.article import as_articles
from dedup.duplicates.shingling import shingle
from dedup.evaluate import b_cubed_f1_score
from dedup.text.clean import clean
from dedup.text.recurring import count_lines
from dedup.text.tokenize import compared_tokens
from gate import Figures
from layout import Table, share

FIXTURES = devsets.ROOT / "fixtures"


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


def seeds() -> Figures:
    """Cluster the two founding articles among 1,406 others."""
    rows: list[dict[str, Any]] = []
    for path in sorted(devsets.SEEDS.glob("*.txt")):
        title, _, text = path.read_text(encoding="utf-8").partition("\n")
        rows.append({"id": path.stem, "title": title, "text": text})
    ids = [row["id"] for row in rows]
    result = find_clusters(rows + devsets.read("indonesian"), progress=False)
    cluster = result.cluster_of(ids[0])
    together = len(cluster) == 2 and result.cluster_of(ids[1]) is cluster
    return {"seeds.together": float(together)}


def verified_pairs() -> Figures:
    """Compare the pairs of ``level="duplicate"`` on Reuters with brute force on the same tokens."""
    config = Config(duplicate=DuplicateConfig(shingle_size=3, threshold=0.8))
    rows = [devsets.article(row) for row in devsets.read("reuters21578")]
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


def measure() -> tuple[Figures, list[Table]]:
    """Run all that can be run here, and print it."""
    figures, tables = fixtures(), Tables()
    if devsets.available():
        single = seeds() | verified_pairs() | furniture.figures()
        tables.show(single_facts(figures | single))
        figures |= single | development(tables)
    else:
        tables.show(single_facts(figures))
        print(f"no development sets at {devsets.DATA}: only the fixtures were scored")
    return figures, tables


class Tables(list[Table]):
    """Tables in the order in which they were printed."""

    def show(self, *tables: Table) -> None:
        """Print tables at once, since the next one may take minutes, and keep them."""
        for table in tables:
            print(table.text(), flush=True)
        self.extend(tables)


def single_facts(figures: Figures) -> Table:
    """Return the figures that are no part of a larger table."""
    rows = [[name, share(value, 4)] for name, value in figures.items()]
    return Table(title="Fixtures and single facts", columns=("figure", "value"), rows=rows)


def development(tables: Tables) -> Figures:
    """Score the development sets."""
    samples = training.all_samples()
    models, of_name = left_out.models(samples), left_out.reported(samples)
    sets = labelled.measure(of_name, models)
    tables.show(labelled.table(sets))
    pairs = judged.measure(of_name, models)
    tables.show(judged.table(pairs))
    whole = [each for each in pairs if each.name == each.family]
    tables.show(*reliability.tables(sets, whole))
    together = across.measure()
    figures = labelled.figures(sets) | judged.figures(pairs) | across.figures(together)
    figures |= reliability.figures(sets, whole)
    tables.show(across.table(together))
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="fail beyond a bound")
    parser.add_argument("--pin", action="store_true", help="tighten the bounds")
    parser.add_argument("--write-table", type=Path, metavar="FILE", help="Markdown")
    options = parser.parse_args()
    figures, tables = measure()
    if options.write_table:
        page = "\n\n".join(table.markdown() for table in tables)
        options.write_table.write_text(f"{page}\n", encoding="utf-8")
    if options.pin:
        gate.pin(figures)
    faults = gate.check(figures) if options.check else []
    for fault in faults:
        print(f"quality gate: {fault}", file=sys.stderr)
    if options.check and not faults:
        print("quality gate: passed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
