"""Tuning the upper layers of the encoder on labelled narratives, all questions at once. Needs torch and transformers (extra `train`).

The lower layers are frozen and run once per text, so that an epoch costs half. The colour reads means over the tokens of three layers, put on one scale.
Every other label has a look of its own: weights over the tokens of the last layer, which say where it is told, and a value of each token for it (label-wise
attention: Mullenbach et al., NAACL 2018); a clause of ten characters is lost in the mean of a long narrative. What is learned here is the encoder's part in
serving (heads made anew on states that the encoder has learned by heart did worse on texts of others, 2026-11-22); `fit` weighs it against tier 1 on
writers and sources whose texts took no part in tuning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.training.fit import LAYERS, Head, Question

TUNED = "tuned.npz"  # what `save` writes beside the encoder
Batch = list[int]
WORTH = {"fraud_stage": 0.5, "factors": 8.0, "fraud_scripts": 5.0}  # of each question's loss; 1 where not named (label by label is a mean over many labels)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long and how hard. `tokens`: word pieces in a batch; `rate` of the last layer, each layer below learns `fade` times as fast."""

    epochs: int = 4
    rate: float = 1.5e-4
    fade: float = 0.88
    head_rate: float = 2e-3
    tokens: int = 1600
    frozen: float = 0.5  # share of the layers, from below
    smoothing: float = 0.05
    # what is kept is a fading mean of the weights over about this share of the steps, the last ones (Polyak and Juditsky, SIAM J. Control Optim. 1992).
    # The shipped encoder was tuned with it (2026-11-22); what the mean alone gains was never told apart from what the new labels of the same runs gain.
    averaged: float = 0.15
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Looks:
    """Where each label looks and what it finds: a token's state s of the last layer weighs softmax(s @ `where`) and is worth s @ `worth`; shapes (D, M)."""

    where: Any
    worth: Any
    bias: Any  # (M,)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was learned with the encoder. `centre`, `spread` (3 D,) of the pooled states, of which the first D stand for the last layer's tokens as well.

    `heads`: of a question that reads the pooled states its head; of one whose labels look for themselves its worths. `where` of the latter, (D, labels),
    `labels` of each question in the order of its columns.
    """

    centre: Any
    spread: Any
    heads: Mapping[str, Head]
    labels: Mapping[str, tuple[str, ...]]
    where: Mapping[str, Any]

    @property
    def looking(self) -> tuple[str, ...]:
        """The questions whose labels look for themselves, in the order of the columns of `looks`."""
        return tuple(sorted(self.where))

    def looks(self) -> Looks:
        """All labels that look for themselves, over states as the encoder gives them."""
        centre, spread = self.centre[: len(self.spread) // LAYERS], self.spread[: len(self.spread) // LAYERS]
        worth = np.hstack([self.heads[name].weight for name in self.looking]) / spread[:, None]
        where = np.hstack([self.where[name] for name in self.looking]) / (spread[:, None] * math.sqrt(len(spread)))
        return Looks(where, worth, np.concatenate([self.heads[name].bias for name in self.looking]) - centre @ worth)

    def of(self, question: Question) -> Head:
        """The head of a question with its columns in the question's order: over the pooled states, or over what all looks found.

        A label that was not learned gets a score that never wins.
        """
        known = self.labels[question.name]
        places = np.array([known.index(label) if label in known else -1 for label in question.labels])
        if question.name not in self.where:
            head = self.heads[question.name]
            return Head(np.where(places >= 0, head.weight[:, places], 0.0), np.where(places >= 0, head.bias[places], -8.0))
        begin = sum(len(self.labels[name]) for name in self.looking if name < question.name)
        weight = np.zeros((sum(len(self.labels[name]) for name in self.looking), len(places)))
        for column in np.flatnonzero(places >= 0):
            weight[begin + places[column], column] = 1.0
        return Head(weight, np.where(places >= 0, 0.0, -8.0))

    def save(self, folder: Path) -> None:
        """Write `tuned.npz`."""
        arrays = {"centre": self.centre, "spread": self.spread} | {f"{name}.where": value for name, value in self.where.items()}
        for name, head in self.heads.items():
            arrays |= {f"{name}.weight": head.weight, f"{name}.bias": head.bias, f"{name}.labels": np.array(self.labels[name])}
        np.savez_compressed(folder / TUNED, **{name: value if value.dtype.kind == "U" else value.astype(np.float32) for name, value in arrays.items()})

    @classmethod
    def load(cls, folder: Path) -> Tuned | None:
        """What was saved with the encoder of a folder; None for an encoder that was not tuned."""
        if not (folder / TUNED).exists():
            return None
        with np.load(folder / TUNED, allow_pickle=False) as stored:
            names = [name.removesuffix(".weight") for name in stored.files if name.endswith(".weight")]
            heads = {name: Head(stored[f"{name}.weight"].astype(float), stored[f"{name}.bias"].astype(float)) for name in names}
            labels = {name: tuple(stored[f"{name}.labels"].tolist()) for name in names}
            where = {name: stored[f"{name}.where"].astype(float) for name in names if f"{name}.where" in stored.files}
            return cls(stored["centre"].astype(float), stored["spread"].astype(float), heads, labels, where)


def tune(
    model: Any, ids: Sequence[Sequence[int]], asked: Sequence[Question], how: Tuning, say: Callable[[str], None] = lambda _: None, given: Tuned | None = None
) -> Tuned:
    """Tune a BERT-like model in place; returns its heads. `ids`: word pieces of each text as serving makes them, in the order of the questions' answers.
    `given`: what was learned with the model before, to go on from.

    The model must use attention_implementation="eager": under bf16 it is twice as fast on a processor as the fused one (2026-11-22).
    """
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    torch.manual_seed(how.seed)
    dice = np.random.default_rng(how.seed)
    layers = list(model.encoder.layer)
    start = int(len(layers) * how.frozen)
    for weight in model.parameters():
        weight.requires_grad = False
    for layer in layers[start:]:
        for weight in layer.parameters():
            weight.requires_grad = True
    low = _lower(model, layers[:start], ids, how)
    say(f"下半层读完 {len(low)} 条")
    net = _net(layers, start, model.config.hidden_size, asked)
    _begin(net, given, asked, (low[number] for number in dice.permutation(len(low))[:600]))
    groups = [{"params": list(layer.parameters()), "lr": how.rate * how.fade ** (len(layers) - 1 - n)} for n, layer in enumerate(layers) if n >= start]
    steps = torch.optim.AdamW([*groups, {"params": net.learned(), "lr": how.head_rate}], weight_decay=0.02)
    rates = [group["lr"] for group in steps.param_groups]
    lengths = np.array([len(one) for one in ids])
    total = sum(1 for _ in batches(lengths, how.tokens, np.random.default_rng(0))) * how.epochs
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(1 - 1 / max(2.0, how.averaged * total)))
    done = 0
    for epoch in range(how.epochs):
        net.train()
        told = 0.0
        for batch in batches(lengths, how.tokens, dice):
            for group, rate in zip(steps.param_groups, rates, strict=True):
                group["lr"] = rate * pace(done, total)
            with torch.autocast("cpu", torch.bfloat16):
                made = net(*_padded(low, batch))
            loss = _loss(made, asked, batch, how.smoothing)
            steps.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([weight for group in steps.param_groups for weight in group["params"]], 1.0)
            steps.step()
            done += 1
            if 2 * done > total:  # before that the weights still go far
                mean.update_parameters(net)
            told += float(loss.detach())
        say(f"第 {epoch + 1} 遍, 损失 {told * how.epochs / total:.3f}")
    net.load_state_dict(mean.module.state_dict())
    model.eval()
    heads = {q.name: Head(net.heads[q.name].weight.detach().numpy().T, net.heads[q.name].bias.detach().numpy()) for q in asked}
    where = {name: value.detach().numpy() for name, value in net.where.items()}
    return Tuned(net.centre.numpy(), net.spread.numpy(), heads, {q.name: q.labels for q in asked}, where)


def _begin(net: Any, given: Tuned | None, asked: Sequence[Question], states: Iterator[Any]) -> None:
    """Set the scale by the texts' states, or scale and heads by what was learned before; a label that is new to it begins as any does."""
    import torch

    if given is None:
        net.scale(states)
        return
    net.centre.copy_(torch.from_numpy(given.centre))
    net.spread.copy_(torch.from_numpy(given.spread))
    for name, head, labels in ((q.name, given.heads[q.name], q.labels) for q in asked if q.name in given.heads):
        known = {label: place for place, label in enumerate(given.labels[name])}
        for column, label in enumerate(labels):
            if label in known:
                net.heads[name].weight.data[column] = torch.from_numpy(head.weight[:, known[label]])
                net.heads[name].bias.data[column] = float(head.bias[known[label]])
                if name in given.where:
                    net.where[name].data[:, column] = torch.from_numpy(given.where[name][:, known[label]])


def pace(step: int, total: int) -> float:
    """Share of the full rate: up over the first 150 steps, down along a cosine to a fiftieth.

    >>> pace(0, 1000), pace(2000, 1000)
    (0.0, 0.02)
    """
    return min(1.0, step / 150) * max(0.02, 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(total, 1)))))


def batches(lengths: Any, tokens: int, dice: np.random.Generator) -> Iterator[Batch]:
    """Texts of about equal length together, at most `tokens` places in a batch, in an order made anew each time."""
    order = dice.permutation(len(lengths))
    made: list[Batch] = []
    for begin in range(0, len(order), 512):
        batch: Batch = []
        for number in sorted(order[begin : begin + 512].tolist(), key=lambda n: (int(lengths[n]), n)):
            if batch and (len(batch) + 1) * int(lengths[number]) > tokens:
                made.append(batch)
                batch = []
            batch.append(number)
        made.append(batch)
    yield from (made[n] for n in dice.permutation(len(made)))


def _hidden(layer: Any, states: Any, mask: Any) -> Any:
    made = layer(states, attention_mask=mask)
    return made[0] if isinstance(made, tuple) else made


def _mask(inside: Any) -> Any:
    return (1.0 - inside[:, None, None, :].float()) * -1e4


def _lower(model: Any, layers: Sequence[Any], ids: Sequence[Sequence[int]], how: Tuning) -> list[Any]:
    """What the frozen layers make of each text, (tokens, D) bf16; about 70 kB a text."""
    import torch

    found: list[Any] = [None] * len(ids)
    lengths = np.array([len(one) for one in ids])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for batch in batches(lengths, 2 * how.tokens, np.random.default_rng(0)):
            longest = int(lengths[batch].max())
            pieces, inside = torch.ones(len(batch), longest, dtype=torch.long), torch.zeros(len(batch), longest, dtype=torch.long)
            for row, number in enumerate(batch):
                pieces[row, : lengths[number]], inside[row, : lengths[number]] = torch.tensor(ids[number]), 1
            states = model.embeddings(input_ids=pieces)
            for layer in layers:
                states = _hidden(layer, states, _mask(inside))
            for row, number in enumerate(batch):
                found[number] = states[row, : lengths[number]].to(torch.bfloat16).clone()
    return found


def _padded(low: Sequence[Any], batch: Batch) -> tuple[Any, Any]:
    import torch

    longest = max(len(low[number]) for number in batch)
    states, inside = torch.zeros(len(batch), longest, low[batch[0]].shape[1]), torch.zeros(len(batch), longest, dtype=torch.long)
    for row, number in enumerate(batch):
        states[row, : len(low[number])], inside[row, : len(low[number])] = low[number].float(), 1
    return states, inside


def _net(layers: Sequence[Any], start: int, width: int, asked: Sequence[Question]) -> Any:
    """The upper layers and the questions' heads; a look over the tokens starts as their mean."""
    import torch

    class Net(torch.nn.Module):  # type: ignore[misc]  # torch is not read by the type checker
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.ModuleList(layers[start:])
            self.heads = torch.nn.ModuleDict({q.name: torch.nn.Linear(LAYERS * width if q.grade else width, len(q.labels)) for q in asked})
            self.where = torch.nn.ParameterDict({q.name: torch.zeros(width, len(q.labels)) for q in asked if not q.grade})
            self.drop = torch.nn.Dropout(0.1)
            self.register_buffer("centre", torch.zeros(LAYERS * width))
            self.register_buffer("spread", torch.ones(LAYERS * width))

        def learned(self) -> list[Any]:
            return [*self.heads.parameters(), *self.where.parameters()]

        def read(self, states: Any, inside: Any) -> tuple[Any, Any]:
            kept = {start: states}
            for number, layer in enumerate(self.layers, start + 1):
                states = kept[number] = _hidden(layer, states, _mask(inside))
            weight, top = inside.unsqueeze(-1).float(), len(layers)
            pooled = torch.cat([(kept[at].float() * weight).sum(1) / weight.sum(1) for at in (top, top // 2, 3 * top // 4)], dim=1)
            return pooled, states.float()

        def scale(self, states: Any) -> None:
            self.eval()
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                seen = torch.cat([self.read(*_padded([one], [0]))[0] for one in states])
            self.centre.copy_(seen.mean(0))
            self.spread.copy_(seen.std(0) + 1e-3)

        def forward(self, states: Any, inside: Any) -> dict[str, Any]:
            pooled, tokens = self.read(states, inside)
            every = self.drop((pooled - self.centre) / self.spread)
            tokens = (tokens - self.centre[:width]) / self.spread[:width]
            tokens = tokens * self.drop(torch.ones_like(tokens[:, :1]))  # the same places struck out of all tokens of a text
            outside = (1.0 - inside.unsqueeze(-1).float()) * -1e4
            return {q.name: (self.heads[q.name](every) if q.grade else self.look(q.name, tokens, outside)).float() for q in asked}

        def look(self, name: str, tokens: Any, outside: Any) -> Any:
            share = ((tokens @ self.where[name]).float() / math.sqrt(LAYERS * width) + outside).softmax(dim=1)
            return (share * (tokens @ self.heads[name].weight.T).float()).sum(1) + self.heads[name].bias

    return Net()


def _loss(made: dict[str, Any], asked: Sequence[Question], batch: Batch, smoothing: float) -> Any:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

    total: Any = 0.0
    for question in asked:
        answers, worth = torch.tensor(question.answers[batch]), WORTH.get(question.name, 1.0)
        if not question.one:
            total = total + worth * binary_cross_entropy_with_logits(made[question.name], answers.float())
            continue
        told = answers >= 0
        if bool(told.any()):  # a question that few texts of the batch answer counts for as much less
            share = told.float().mean()
            total = total + worth * share * cross_entropy(made[question.name][told], answers[told], label_smoothing=smoothing)
    return total
