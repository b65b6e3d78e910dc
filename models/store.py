"""Where the shipped classifiers lie and how they are read: a manifest in JSON with hashes, heads in npz, the encoder in ONNX. Never pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from models.adviser import Learned, Tier
from models.encoder import Encoder
from models.errors import ModelError
from models.heads import Heads, Task

FORMAT = "fengqiao.heads/1"
HEADS, MANIFEST, ENCODER, TOKENIZER = "heads.npz", "manifest.json", "encoder.onnx", "tokenizer.model"


def shipped() -> Path:
    """The folder of the classifiers that come with the product."""
    return Path(str(files("models"))) / "shipped"


def digest(path: Path) -> str:
    """sha256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save(folder: Path, heads: Heads, about: dict[str, Any]) -> None:
    """Write heads and manifest into a folder in which the encoder may already lie; `about` is what the model card tells."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / HEADS, **heads.arrays())  # type: ignore[arg-type]
    hashes = {name: digest(folder / name) for name in (HEADS, ENCODER, TOKENIZER) if (folder / name).exists()}
    manifest = {"format": FORMAT, "tasks": [asdict(task) for task in heads.tasks.values()], "files": hashes, **about}
    (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder. Raises ModelError where there is none of this format."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError("FQ4001", "学习模型载入失败", "the classifiers do not load", seen=MANIFEST, remedy="重新安装, 或重新训练 fengqiao train") from error
    if found.get("format") != FORMAT:
        raise ModelError("FQ4001", "学习模型格式不符", "another format of classifiers", seen=str(found.get("format")), remedy="重新训练 fengqiao train")
    return found


def load(folder: Path, tier: Tier) -> Learned:
    """The classifiers of a folder. Hashes of the heads are checked now, those of the encoder when it is first needed. Raises ModelError."""
    about = manifest(folder)
    _check(folder, about, HEADS)
    try:
        tasks = [_task(entry) for entry in about["tasks"]]
        with np.load(folder / HEADS, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        heads = Heads(tasks={task.name: task for task in tasks}, **(arrays | {"names": arrays["names"].tolist()}))
        consult, profile = about["consult"], str(about["profile"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError("FQ4001", "学习模型载入失败", "the classifiers do not load", seen=type(error).__name__, remedy="重新训练 fengqiao train") from error
    version = "+".join(about["files"][name][:12] for name in (HEADS, ENCODER) if name in about["files"])
    return Learned(heads, lambda: _encoder(folder, about), tier=tier, version=version, profile=profile, consult=consult)


def _encoder(folder: Path, about: dict[str, Any]) -> Encoder:
    for name in (ENCODER, TOKENIZER):
        _check(folder, about, name)
    return Encoder.load(folder)


def _check(folder: Path, about: dict[str, Any], name: str) -> None:
    path = folder / name
    if not path.exists() or about["files"].get(name) != digest(path):
        raise ModelError("FQ4002", "模型文件缺失或被改动", "a model file is missing or altered", seen=name, remedy="重新安装, 或重新训练 fengqiao train")


def _task(entry: dict[str, Any]) -> Task:
    alone, both = entry.get("each", ((), ()))
    scales = tuple(entry["fast"]), tuple(entry["full"]), tuple(entry["sets"])
    return Task(entry["name"], entry["one"], tuple(entry["labels"]), entry["start"], *scales, (tuple(alone), tuple(both)))
