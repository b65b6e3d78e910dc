"""How alike two narratives are: signed hashes of neighbouring characters, boilerplate left out. 256 bytes that do not lead back to the text.

Feature hashing after Weinberger et al., Feature Hashing for Large Scale Multitask Learning (ICML 2009).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.repeats.settings import Settings
from pipeline.text.normalise import fold

_A, _B, _C = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D)
_HAN = (0x4E00, 0x9FFF)
LONGEST = 2000  # characters compared


def vector(text: str, settings: Settings) -> bytes:
    """`dimensions` signed bytes of unit length times 127, or b"" where the text is too short to compare. Some 30 µs for a call note.

    >>> from pipeline.engine import Engine
    >>> from pipeline.repeats.settings import settings_of
    >>> settings = settings_of(Engine.default().pack)
    >>> likeness(vector("楼上半夜拖椅子, 吵得睡不着", settings), vector("楼上又在半夜拖椅子, 吵得人睡不着觉", settings)) > 0.5
    True
    """
    plain = settings.boilerplate.sub(" ", fold(text[:LONGEST]))
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    han = (codes >= _HAN[0]) & (codes <= _HAN[1])
    if int(han.sum()) < settings.join_characters:
        return b""
    pairs = han[:-1] & han[1:]
    mixed = _mixed(codes[:-1][pairs], codes[1:][pairs])
    size = settings.dimensions
    sums = np.bincount((mixed % np.uint32(size)).astype(np.intp), weights=_signs(mixed), minlength=size)
    norm = float(np.sqrt(np.abs(sums).sum()))
    sums = np.sign(sums) * np.sqrt(np.abs(sums))  # a phrase said ten times is not ten times the matter
    return np.rint(sums * (127.0 / norm)).astype(np.int8).tobytes() if norm else b""


def vectors(texts: Sequence[str], settings: Settings) -> NDArray[np.int8]:
    """(n, dimensions) vectors of many narratives, rows of zeros where a text is too short: for tables, a quarter of the time of one by one."""
    size = settings.dimensions
    folded = [settings.boilerplate.sub(" ", fold(text[:LONGEST])) for text in texts]
    codes = np.frombuffer(" ".join(folded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    row = np.repeat(np.arange(len(folded)), [len(text) + 1 for text in folded])[: len(codes)]
    han = (codes >= _HAN[0]) & (codes <= _HAN[1])
    enough = np.bincount(row[han], minlength=len(folded)) >= settings.join_characters
    pairs = np.flatnonzero(han[:-1] & han[1:])
    mixed = _mixed(codes[pairs], codes[pairs + 1])
    places = row[pairs] * size + (mixed % np.uint32(size)).astype(np.intp)
    sums = np.bincount(places, weights=_signs(mixed), minlength=len(folded) * size).reshape(len(folded), size)
    norms = np.sqrt(np.abs(sums).sum(axis=1, keepdims=True))  # whole numbers: exact on every machine
    sums = np.sign(sums) * np.sqrt(np.abs(sums))
    factors = np.divide(127.0, norms, out=np.zeros_like(norms), where=(norms > 0) & enough[:, None])
    made: NDArray[np.int8] = np.rint(sums * factors).astype(np.int8)
    return made


def _mixed(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> NDArray[np.uint32]:
    with np.errstate(over="ignore"):
        mixed = first * _A ^ (second + _C) * _B
        mixed ^= mixed >> np.uint32(15)
        mixed *= _C
        mixed ^= mixed >> np.uint32(13)
    return mixed


def _signs(mixed: NDArray[np.uint32]) -> NDArray[np.float64]:
    return np.where(mixed & np.uint32(0x80000000), -1.0, 1.0)


def likeness(a: bytes, b: bytes) -> float:
    """Cosine of two vectors, 0 where one is missing or of another length; rounded, so that it is the same on every machine."""
    if not a or not b or len(a) != len(b):
        return 0.0
    return float(likenesses(a, [b])[0])


def likenesses(a: bytes, others: list[bytes]) -> NDArray[np.float64]:
    """Cosine of `a` with each of the others, all of its length."""
    one = np.frombuffer(a, dtype=np.int8).astype(np.int32)
    many = np.frombuffer(b"".join(others), dtype=np.int8).reshape(len(others), len(one)).astype(np.int32)
    lengths = np.sqrt((many * many).sum(axis=1) * float((one * one).sum()))
    scores: NDArray[np.float64] = np.divide(many @ one, lengths, out=np.zeros(len(others)), where=lengths > 0).round(4)
    return scores
