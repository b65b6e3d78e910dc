"""The sentence encoder, run by onnxruntime without torch: one narrative → token states and their mean.

onnxruntime and sentencepiece are imported when the first narrative asks for them (about 0.4 s), so that `--tier fast` never pays for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import ModelError

PREFIX = "query: "  # what the E5 family was trained to read before a text
LONGEST = 254  # word pieces read; about 380 characters of Chinese
START, STOP = 0, 2  # ids of <s> and </s>
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Encoded:
    """`pooled` (3 D + M,): means over all tokens of the last layer, the one halfway and the one at three quarters (how grave a matter is shows there as well),
    then, of a tuned encoder, what each of M labels found for itself.

    `states` (n, D): last states of the tokens of the text itself, `spans` their half-open places in it, `parts` (n, M) their parts in what was found.
    """

    pooled: Floats
    states: Floats
    spans: tuple[tuple[int, int], ...]
    tokens: int  # over how many tokens the mean goes
    parts: Floats | None = None


class Encoder:
    """Weights and tokenizer of one folder. Thread-safe: sessions and tokenizers hold no state of a text."""

    def __init__(self, session: Any, pieces: Any) -> None:
        self._session, self._pieces = session, pieces
        self._told = [output.name for output in session.get_outputs()]  # pooled, middle, states; found, parts

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Read `encoder.onnx` and `tokenizer.model`. Raises ModelError where one is missing or unusable."""
        try:
            import onnxruntime

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1  # many processes, one core each: also the same bytes every time
            session = onnxruntime.InferenceSession(str(folder / "encoder.onnx"), options, providers=["CPUExecutionProvider"])
            pieces = tokenizer(folder)
        except Exception as error:  # a broken file raises whatever the library likes
            raise ModelError("FQ4002", "编码器载入失败", "the encoder does not load", seen=type(error).__name__, remedy="重新安装, 或用 --tier fast") from error
        return cls(session, pieces)

    def encode(self, text: str) -> Encoded:
        """Encode a normalised text, of which at most LONGEST pieces are read."""
        pieces, numbers = piece_ids(self._pieces, text)
        ids = np.array([numbers], dtype=np.int64)
        pooled, middle, states, *looks = self._session.run(self._told, {"ids": ids, "mask": np.ones_like(ids)})
        spans = _places(pieces, PREFIX + text)
        inside = [number for number, (_, end) in enumerate(spans, 1) if end > len(PREFIX)]
        shifted = tuple((max(start - len(PREFIX), 0), end - len(PREFIX)) for start, end in spans if end > len(PREFIX))
        found, parts = (looks[0][0], looks[1][0][inside]) if looks else (pooled[0][:0], None)
        return Encoded(np.concatenate([pooled[0], middle[0], found]), states[0][inside], shifted, ids.shape[1], parts)


def tokenizer(folder: Path) -> Any:
    """The SentencePiece tokenizer of a folder."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))


def piece_ids(pieces: Any, text: str) -> tuple[list[str], list[int]]:
    """The word pieces of a normalised text, at most LONGEST, and what the encoder reads: their numbers between start and stop."""
    found = list(pieces.encode_as_pieces(PREFIX + text))[:LONGEST]
    return found, [START, *pieces.piece_to_id(found), STOP]


def _places(pieces: list[str], text: str) -> list[tuple[int, int]]:
    """Where each piece stands in the text. The tokenizer folds a few characters (… → ...), hence the search a little ahead."""
    spot, places = 0, []
    for piece in pieces:
        chars = piece.replace("▁", "")
        start = text.find(chars, spot, spot + len(chars) + 4) if chars else spot
        start = spot if start < 0 else start
        places.append((start, min(len(text), start + len(chars))))
        spot = places[-1][1]
    return places
