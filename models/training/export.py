"""A Hugging Face checkpoint → what the product runs: pruned vocabulary, ONNX with int8 weights, SentencePiece tokenizer. Needs torch and transformers."""

from __future__ import annotations

import base64
import json
import re
import tempfile
from pathlib import Path
from typing import Any

from models.errors import ModelError
from models.training.tune import Looks

_SPECIAL = 4  # <s> <pad> </s> <unk> keep their places
_FOREIGN = re.compile(r"▁?[A-Za-z'\-]{5,}")  # longer words of other languages: Chinese narratives hold none
_KEPT = ((0x20, 0x7F), (0x2010, 0x2040), (0x2460, 0x2474), (0x3000, 0x3040), (0x3400, 0xA000), (0xF900, 0xFB00), (0xFF00, 0xFF5F), (0x20000, 0x30000))
_SINGLE = frozenset("▁·×°℃")


def _chinese(piece: str) -> bool:
    return all(char in _SINGLE or any(low <= ord(char) < high for low, high in _KEPT) for char in piece)


def kept(vocabulary: list[list[Any]]) -> list[int]:
    """Numbers of the pieces that Chinese, ASCII and punctuation need."""
    return [n for n, (piece, _) in enumerate(vocabulary) if n < _SPECIAL or (_chinese(piece) and not _FOREIGN.fullmatch(piece))]


def sentencepiece_model(tokenizer: dict[str, Any], keep: list[int]) -> bytes:
    """A Unigram tokenizer.json as a SentencePiece model with the kept pieces."""
    from sentencepiece import sentencepiece_model_pb2

    pb: Any = sentencepiece_model_pb2
    model = pb.ModelProto()
    for number in keep:
        piece, score = tokenizer["model"]["vocab"][number]
        made = model.pieces.add()
        made.piece, made.score, made.type = piece, score, 1 if number >= _SPECIAL else (2 if number == _SPECIAL - 1 else 3)
    spec = model.trainer_spec
    spec.model_type, spec.vocab_size = 1, len(keep)
    spec.bos_id, spec.pad_id, spec.eos_id, spec.unk_id = 0, 1, 2, 3
    spec.bos_piece, spec.pad_piece, spec.eos_piece, spec.unk_piece = "<s>", "<pad>", "</s>", "<unk>"
    norm = model.normalizer_spec
    norm.name = "nmt_nfkc"
    norm.add_dummy_prefix = norm.remove_extra_whitespaces = norm.escape_whitespaces = True
    parts = tokenizer["normalizer"].get("normalizers", [tokenizer["normalizer"]])
    norm.precompiled_charsmap = base64.b64decode(next((part["precompiled_charsmap"] for part in parts if "precompiled_charsmap" in part), ""))
    return bytes(model.SerializeToString())


def export(checkpoint: Path, out: Path) -> None:
    """Write `encoder.onnx` and `tokenizer.model` of a local BERT-like checkpoint with a Unigram tokenizer. Raises ModelError for another kind."""
    quantised(pruned(checkpoint, out), out)


def pruned(checkpoint: Path, out: Path) -> Any:
    """The model of a checkpoint with the word pieces that Chinese needs, their tokenizer written to `out`.

    A checkpoint without tokenizer.json is taken to be pruned already, for the tokenizer that lies in `out`.
    """
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(checkpoint, attn_implementation="eager", local_files_only=True).eval()
    if not (checkpoint / "tokenizer.json").exists():
        return model
    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text("utf-8"))
    if tokenizer["model"].get("type") != "Unigram":
        raise ModelError(
            "FQ4003", "只支持 Unigram 分词器", "the tokenizer is not Unigram", seen=str(tokenizer["model"].get("type")), remedy="换用 E5、XLM-R 一类"
        )
    keep = kept(tokenizer["model"]["vocab"])
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.model").write_bytes(sentencepiece_model(tokenizer, keep))
    weight = model.get_input_embeddings().weight.data[keep].clone()
    model.set_input_embeddings(torch.nn.Embedding.from_pretrained(weight, padding_idx=1))
    return model


def quantised(model: Any, out: Path, looks: Looks | None = None) -> None:
    """Write `encoder.onnx`: what serving asks for, weights in int8. With `looks` it also tells what each label finds and the part of each token in it."""
    import torch

    told = {"pooled": {0: "b"}, "middle": {0: "b"}, "states": {0: "b", 1: "t"}}
    if looks is not None:
        told |= {"found": {0: "b"}, "parts": {0: "b", 1: "t"}}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            _pooling(model, looks),
            (torch.tensor([[0, 5, 6, 2]]), torch.ones((1, 4), dtype=torch.long)),
            str(plain),
            input_names=["ids", "mask"],
            output_names=list(told),
            dynamic_axes=told | {"ids": {0: "b", 1: "t"}, "mask": {0: "b", 1: "t"}},
            dynamo=False,
            opset_version=17,
        )
        _quantise(plain, out / "encoder.onnx")


def _pooling(model: Any, looks: Looks | None) -> Any:
    import torch

    class Pooling(torch.nn.Module):  # type: ignore[misc]  # torch is not read by the type checker
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            for name in ("where", "worth", "bias") if looks is not None else ():
                self.register_buffer(name, torch.tensor(getattr(looks, name), dtype=torch.float32))

        def forward(self, ids: Any, mask: Any) -> Any:
            layers = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            weight, number = mask.unsqueeze(-1).to(layers[-1].dtype), len(layers) - 1
            last, half, late = ((layers[at] * weight).sum(1) / weight.sum(1) for at in (number, number // 2, 3 * number // 4))
            return last, torch.cat([half, late], dim=1), layers[-1], *(self.look(layers[-1], weight) if looks is not None else ())

        def look(self, states: Any, weight: Any) -> Any:
            # einsum and not @: the few numbers of the looks stay exact, as only MatMul is quantised
            share = (torch.einsum("btd,dm->btm", states, self.where) + (1 - weight) * -1e4).softmax(dim=1)
            parts = share * torch.einsum("btd,dm->btm", states, self.worth)
            return parts.sum(1) + self.bias, parts

    return Pooling()


def _quantise(plain: Path, out: Path) -> None:
    """Weights and embeddings to int8, per channel; activations are quantised as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    shaped = plain.with_name("shaped.onnx")
    quant_pre_process(str(plain), str(shaped), skip_symbolic_shape=True)
    quantize_dynamic(str(shaped), str(out), per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gather"])
