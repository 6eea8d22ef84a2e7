"""Build ``background.npz`` and ``function_words.json`` in ``dedup/text/data`` from wordfreq.

Run by hand when the tokenizer or the cut-off changes; ``wordfreq`` (Apache-2.0 code, CC BY-SA 4.0
data) is a tool for this script, not a dependency of the library::

    python benchmarks/build_background.py

Each word goes through the library's own tokenizer, so that the table is asked in the terms that it
was built in.  In scripts without spaces the words become character n-grams, and n-grams across the
seam of two words are added as if words followed each other by chance.
"""

from __future__ import annotations

import json
import math
import zlib
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import wordfreq

from dedup.text.background import LEVEL_ZERO, LEVELS_PER_ZIPF
from dedup.text.tokenize import Word, fold, read_words, tokenize

CUT_OFF = 3.2  # zipf: one use in 630,000 words; rarer words are all taken as unknown
SEAM_CUT_OFF = 4.0  # for n-grams that only chance puts together
TARGET = Path(__file__).parent.parent / "dedup" / "text" / "data" / "background.npz"


def language_frequencies(language: str) -> dict[str, float]:
    """Return frequency per term for one language, in the library's own terms."""
    terms: dict[str, float] = defaultdict(float)
    first: dict[str, float] = defaultdict(float)
    last: dict[str, float] = defaultdict(float)
    for word, frequency in sorted(wordfreq.get_frequency_dict(language, "best").items()):
        parts = read_words(word)
        for part in parts:
            if not part.is_number:
                terms[part.text] += frequency
        if is_han(parts):
            first[fold(word)[0]] += frequency
            last[fold(word)[-1]] += frequency
    smallest = 10 ** (SEAM_CUT_OFF - 9)
    for left, left_frequency in last.items():
        for right, right_frequency in first.items():
            if left_frequency * right_frequency >= smallest:
                terms[left + right] += left_frequency * right_frequency
    return terms


def is_han(parts: list[Word]) -> bool:
    """Say whether a word is written in one of the unspaced scripts that the lists cover."""
    return bool(parts) and all(
        "\u3040" <= c <= "\u309f" or "\u4e00" <= c <= "\u9fff" for p in parts for c in p.text
    )


def function_words(language: str, count: int = 40) -> list[str]:
    """Return the most frequent tokens of a language."""
    tokens: dict[str, float] = defaultdict(float)
    for word, frequency in wordfreq.get_frequency_dict(language, "best").items():
        if frequency >= 1e-4:
            for token in tokenize(word):
                if not token.isdecimal():
                    tokens[token] += frequency
    return sorted(tokens, key=lambda token: (-tokens[token], token))[:count]


def write_function_words() -> None:
    languages = sorted(wordfreq.available_languages("best"))
    data = {
        "about": "The 40 most frequent tokens of 42 languages, from the word lists of wordfreq "
        f"{version('wordfreq')}; licence CC BY-SA 4.0, see NOTICE.",
        "words": {language: function_words(language) for language in languages},
    }
    target = TARGET.with_name("function_words.json")
    target.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def main() -> None:
    write_function_words()
    highest: dict[str, float] = {}
    for language in sorted(wordfreq.available_languages("best")):
        for term, frequency in language_frequencies(language).items():
            if frequency > highest.get(term, 0.0):
                highest[term] = frequency
    table: dict[int, int] = {}
    for term, frequency in highest.items():
        zipf = math.log10(frequency) + 9
        if zipf >= CUT_OFF:
            key = zlib.crc32(term.encode())
            table[key] = max(table.get(key, 0), round((zipf - LEVEL_ZERO) * LEVELS_PER_ZIPF))
    keys = np.array(sorted(table), dtype=np.uint32)
    levels = np.array([table[key] for key in keys.tolist()], dtype=np.uint8)
    steps = np.diff(keys, prepend=np.uint32(0))
    np.savez_compressed(
        TARGET,
        # Two byte planes: the low byte of a gap is noise, the high one packs well.
        gap_low=(steps & 0xFF).astype(np.uint8),
        gap_middle=((steps >> 8) & 0xFF).astype(np.uint8),
        gap_high=(steps >> 16).astype(np.uint16),
        levels=levels,
    )
    print(f"wordfreq {version('wordfreq')}: {len(keys):,} terms, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
