"""The compiled loops.

Laws: each function gives the same bits as its reference in plain Python, on any input; it knows
nothing of threads, and writes only where it is told.  ``tests/test_kernels.py`` holds the two
together.

Theory of operation: flat arrays in, flat arrays out.  The functions let go of the interpreter's
lock, so slices of one input run side by side in threads; numba's own parallel loops cost five
seconds more to compile and were no faster.  Compiled code is kept on disk where there is a place
for it.  :mod:`dedup.engine` is the only module that imports this package, when it is first needed.
"""

from dedup._kernels.candidates import near_rows
from dedup._kernels.compiler import CACHED
from dedup._kernels.copies import bucket_pairs, shared_counts, sorted_band
from dedup._kernels.fingerprints import (
    compared_tokens,
    first_rows,
    set_rows,
    shingle_rows,
    sign_rows,
    sort_hashes,
    unsure_parts,
)
from dedup._kernels.linkage import FORBIDDEN, link_components
from dedup._kernels.neighbours import count_strangers
from dedup._kernels.pairs import shared_terms, shared_weights
from dedup._kernels.words import (
    IS_NAME,
    IS_TERM,
    MAY_BE_NAME,
    count_words,
    number_values,
    place_values,
)

__all__ = [
    "CACHED",
    "FORBIDDEN",
    "IS_NAME",
    "IS_TERM",
    "MAY_BE_NAME",
    "bucket_pairs",
    "compared_tokens",
    "count_strangers",
    "count_words",
    "first_rows",
    "link_components",
    "near_rows",
    "number_values",
    "place_values",
    "set_rows",
    "shared_counts",
    "shared_terms",
    "shared_weights",
    "shingle_rows",
    "sign_rows",
    "sort_hashes",
    "sorted_band",
    "unsure_parts",
]
