"""How much of a text is plain Chinese: what tells a narrative from unintelligible signs."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

_PLANE = 0x10000


@cache
def _weights() -> NDArray[np.uint32]:
    """Per code point: 1 for a Chinese character, and 0x10000 more for an everyday one, so that one sum counts both."""
    table = np.zeros(_PLANE, dtype=np.uint32)
    table[0x4E00:0xA000] = 1
    lines = files("pipeline.text").joinpath("common.txt").read_text("utf-8").splitlines()
    for char in "".join(line for line in lines if not line.startswith("#")):
        table[ord(char)] = _PLANE + 1
    return table


def chinese(text: str) -> tuple[int, int]:
    """How many characters of a normalised text are Chinese, and how many of these are everyday ones (texts under 65,536 characters).

    >>> chinese("他打我 abc")
    (3, 3)
    """
    codes = np.frombuffer(text[: _PLANE - 1].encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    total = int(_weights()[np.minimum(codes, _PLANE - 1)].sum(dtype=np.uint64))
    return total % _PLANE, total // _PLANE
