"""Matrices of the training rows: rule signals (whole and thinned), n-grams, encoder states."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.encoder import Encoder
from models.features import BUCKETS, ngrams
from models.training.listen import Heard

GRADE = ("level=", "axis.")
LEAST = 3  # a rule feature seen in fewer texts is left out
Matrix = Any  # scipy's sparse matrices have no useful types


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The rule features in use, and which of them are the grade's."""

    names: list[str]

    @property
    def graded(self) -> npt.NDArray[np.bool_]:
        """Mask of the features that only the colour head reads."""
        return np.array([name.startswith(GRADE) for name in self.names])


def vocabulary(heard: Sequence[Heard]) -> Vocabulary:
    """Features that enough texts show, sorted."""
    counts: Counter[str] = Counter()
    for entry in heard:
        counts.update({name for name, _ in entry.features} | {name for name, _ in entry.grade})
    return Vocabulary(sorted(name for name, count in counts.items() if count >= LEAST))


def rule_matrix(heard: Sequence[Heard], names: Vocabulary) -> Matrix:
    """Sparse (rows, F)."""
    from scipy.sparse import csr_matrix

    index = {name: place for place, name in enumerate(names.names)}
    rows, columns, values = [], [], []
    for number, entry in enumerate(heard):
        for name, value in (*entry.features, *entry.grade):
            if name in index:
                rows.append(number)
                columns.append(index[name])
                values.append(value)
    return csr_matrix((np.array(values, np.float32), (rows, columns)), shape=(len(heard), len(names.names)))


def gram_matrix(heard: Sequence[Heard]) -> Matrix:
    """Sparse (rows, BUCKETS): counts over the root of the text's n-grams, as serving computes them."""
    from scipy.sparse import csr_matrix

    found = [ngrams(entry.text) for entry in heard]
    pointer = np.cumsum([0, *map(len, found)])
    values = np.concatenate([np.full(len(one), 1 / np.sqrt(len(one)), np.float32) for one in found])
    made = csr_matrix((values, np.concatenate(found), pointer), shape=(len(found), BUCKETS))
    made.sum_duplicates()
    return made


def rarity(grams: Matrix) -> npt.NDArray[np.float32]:
    """Weight of each bucket: how rare it is among the rows; 0 where fewer than two have it. Scaled so that a row's length is about 2."""
    seen = np.asarray((grams > 0).sum(axis=0)).ravel()
    weight = (np.log((1 + grams.shape[0]) / (1 + seen)) + 1) / 3
    weight[seen < 2] = 0
    made: npt.NDArray[np.float32] = weight.astype(np.float32)
    return made


class States:
    """Encoder states of texts, kept in a file so that a text is encoded once."""

    def __init__(self, encoder: Encoder, mark: str, folder: Path | None) -> None:
        self._encoder = encoder
        self._file = folder / f"states-{mark[:12]}.npz" if folder else None
        self._known: dict[str, npt.NDArray[np.float32]] = {}
        if self._file is not None and self._file.exists():
            with np.load(self._file) as stored:
                self._known = dict(zip(stored["keys"].tolist(), stored["states"], strict=True))

    def of(self, heard: Sequence[Heard]) -> npt.NDArray[np.float32]:
        """(rows, D) float32."""
        made = []
        for entry in heard:
            key = hashlib.sha256(entry.text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
            if key not in self._known:
                self._known[key] = self._encoder.encode(entry.text).pooled
            made.append(self._known[key])
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._file, keys=np.array(list(self._known)), states=np.array(list(self._known.values())))
        return np.array(made, np.float32)
