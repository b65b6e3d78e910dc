"""The encoder that is shipped, opened again for training: int8 ONNX → a torch model. Needs torch, transformers and onnx (extra `train`).

So that anybody can tune on from what the product runs, without the checkpoint that it came from. Weights come back rounded to int8, per channel; what is
tuned from there makes good for it. Written for the files that `export.quantised` writes, whose nodes are named after the layers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models import store
from models.errors import ModelError
from models.training.fit import Head
from models.training.tune import Tuned

_MATMUL = re.compile(r"/(model/.+)/MatMul_output_0_output_quantized")
_HEADS = 12  # of the E5 family's small model, 32 columns each; a graph does not tell


def reopened(folder: Path) -> Any:
    """A `BertModel` with the weights of the folder's `encoder.onnx`, in evaluation mode. Raises ModelError for a file that was not written here."""
    import onnx
    import torch
    from onnx import numpy_helper
    from transformers import BertConfig, BertModel

    graph = onnx.load(str(folder / store.ENCODER)).graph
    stored = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    weights = {name.removeprefix("model."): value for name, value in stored.items() if name.startswith("model.") and value.dtype == np.float32}
    weights = {name: value for name, value in weights.items() if not name.endswith("_scale")}
    for name in [name for name in stored if name.startswith("model.") and name.endswith("_quantized")]:
        kept = name.removesuffix("_quantized")
        weights[kept.removeprefix("model.")] = _plain(stored, kept)
    for node in graph.node:
        if node.op_type == "MatMulInteger" and (found := _MATMUL.fullmatch(node.output[0])):
            place = found[1].removeprefix("model/").replace("/", ".")
            weights[f"{place}.weight"] = _plain(stored, node.input[1].removesuffix("_quantized")).T
    words, width = weights["embeddings.word_embeddings.weight"].shape
    config = BertConfig(
        vocab_size=words,
        hidden_size=width,
        num_hidden_layers=1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")),
        num_attention_heads=_HEADS,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=weights["embeddings.position_embeddings.weight"].shape[0],
        type_vocab_size=weights["embeddings.token_type_embeddings.weight"].shape[0],
        pad_token_id=1,
    )
    config._attn_implementation = "eager"
    model = BertModel(config, add_pooling_layer=False)
    told = model.load_state_dict({name: torch.tensor(np.ascontiguousarray(value)) for name, value in weights.items()}, strict=False)
    if told.missing_keys or told.unexpected_keys:
        raise ModelError(
            "FQ4007",
            "编码器不是本程序写出的, 打不开",
            "the encoder was not written by this program",
            seen=store.ENCODER,
            remedy="用原来的检查点: --encoder 文件夹",
        )
    return model.eval()


def averaged(folders: Sequence[Path]) -> tuple[Any, Tuned | None]:
    """Encoders tuned on from one and the same, each opened again, with the mean of their weights and of what was learned with them.

    Such a mean lies in the same basin and errs on unseen texts no more than its parts (Wortsman et al., Model soups, ICML 2022). Raises ModelError where they
    do not go back to one: other shapes, scales or labels.
    """
    models, learned = [reopened(folder) for folder in folders], [Tuned.load(folder) for folder in folders]
    if len(models) == 1:
        return models[0], learned[0]
    states = [model.state_dict() for model in models]
    told = [one for one in learned if one is not None]
    if len({tuple(value.shape for value in state.values()) for state in states}) > 1 or not _of_one(told, learned):
        raise ModelError(
            "FQ4009",
            "这些编码器不是从同一个调出来的, 不能取平均",
            "these encoders were not tuned from one and the same",
            seen=f"{len(folders)} × {store.ENCODER}",
            remedy="只给从同一个编码器接着调的文件夹, 标签也要相同",
        )
    models[0].load_state_dict(
        {name: sum(state[name] for state in states) / len(states) if value.is_floating_point() else value for name, value in states[0].items()}
    )
    return models[0], _mean(told) if told else None


def _of_one(told: Sequence[Tuned], learned: Sequence[Tuned | None]) -> bool:
    """Whether all or none carry what was learned, with the same labels and on the same scale."""
    if len(told) != len(learned):
        return not told
    first = told[0]
    return all(one.labels == first.labels and np.array_equal(one.centre, first.centre) and np.array_equal(one.spread, first.spread) for one in told)


def _mean(told: Sequence[Tuned]) -> Tuned:
    first = told[0]
    heads = {
        name: Head(np.mean([one.heads[name].weight for one in told], axis=0), np.mean([one.heads[name].bias for one in told], axis=0)) for name in first.heads
    }
    return Tuned(first.centre, first.spread, heads, first.labels, {name: np.mean([one.where[name] for one in told], axis=0) for name in first.where})


def _plain(stored: dict[str, Any], name: str) -> Any:
    """int8 with its scale → float32; the scale is one number or one of each column."""
    return (stored[f"{name}_quantized"].astype(np.float32) - stored[f"{name}_zero_point"].astype(np.float32)) * stored[f"{name}_scale"]
