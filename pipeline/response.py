"""What to do about a fraud in the next minutes: a plan chosen by how far it has gone, each step filled from the text, the gaps as questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline import facts
from pipeline.decide import Ranked
from pipeline.facts.model import Fact
from pipeline.match.reading import Reading
from pipeline.rulepack.pack import Pack
from pipeline.text.document import Document

_SLOT = re.compile(r"\{([a-z_]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]{}]*\{([a-z_]+)\}[^\[\]{}]*)\]")  # [ … {slot} … ]: left out where the text gives no slot


def plan_response(
    pack: Pack, reading: Reading, document: Document, found: facts.Facts, scripts: Sequence[Ranked], loss_yuan: float | None
) -> dict[str, Any] | None:
    """The first plan (by `order`) whose condition holds, filled; None where none does.

    Shape: plan, name, steps [{id, name, says, basis, example_default}], missing [{field, name, question}], present, deadline, documents, follow_up.
    """
    plans = sorted(pack.rules["response"].values(), key=lambda rule: (rule.data["order"], rule.id))
    chosen = next((rule for rule in plans if reading.holds(rule)), None)
    if chosen is None:
        return None
    slots = _slots(document, found, scripts, loss_yuan, pack.settings)
    data = chosen.data
    missing = [field for field in data["fields"] if not _answered(field, found, pack.settings)]
    return {
        "plan": chosen.id,
        "name": chosen.name,
        "steps": [{**step, "says": _fill(step["says"], slots)} for step in data["steps"]],
        "missing": [{"field": field["id"], "name": field["name"], "question": field["question"]} for field in missing],
        "present": [field["id"] for field in data["fields"] if field not in missing],
        "deadline": _deadline(data["clock"], found),
        "documents": data["documents"],
        "follow_up": data["follow_up"],
    }


def _fill(says: str, slots: dict[str, str]) -> str:
    kept = _OPTIONAL.sub(lambda match: match.group(1) if slots.get(match.group(2)) else "", says)
    return _SLOT.sub(lambda match: slots.get(match.group(1), ""), kept)


def _slots(document: Document, found: facts.Facts, scripts: Sequence[Ranked], loss_yuan: float | None, settings: dict[str, Any]) -> dict[str, str]:
    def quotes(items: Iterable[Fact]) -> str:
        words = dict.fromkeys(document.narrative[slice(*document.original(item.start, item.end))] for item in items)
        return "、".join(list(words)[:3])

    def shown(text: str) -> str:
        return f"({text})" if text else ""

    kinds = settings["response_kinds"]
    amount = f"{loss_yuan:,.0f} 元" if loss_yuan else quotes(found.money[:1])
    first = scripts[0].rule if scripts else None
    words = settings["response_words"]
    return {
        "amount": shown(amount),
        "paid": f"{loss_yuan:,.0f} 元" if loss_yuan else "",
        "time": shown(quotes(found.times[-1:])),
        "account": shown(quotes(item for item in found.identifiers if item.kind in kinds["account"])),
        "contact": shown(quotes(item for item in found.identifiers if item.kind in kinds["contact"])),
        "app": shown(quotes(item for item in found.apps if item.get("group") not in kinds["ordinary_apps"])),
        "relative": quotes(item for item in found.parties if item.value in kinds["relatives"]) or words["relative"],
        "victim": quotes(item for item in found.parties if item.value in kinds["victims"]) or words["victim"],
        "script": first.name if first else "",
        "explain": str(first.data["explain"]).strip() if first else "",
    }


def _answered(field: dict[str, Any], found: facts.Facts, settings: dict[str, Any]) -> bool:
    """Whether the text already gives what the field needs (`all`: every one of its facts)."""
    wanted = field["facts"]
    if not wanted:
        return False
    present = [_present(name, found, settings) for name in wanted]
    return all(present) if field["all_"] else any(present)


def _present(name: str, found: facts.Facts, settings: dict[str, Any]) -> bool:
    head, _, kind = name.partition(".")
    items: Sequence[Fact] = getattr(found, head)
    if not kind:
        return bool(items)
    kinds = settings["response_kinds"].get(kind, [kind])
    return any(item.kind in kinds or item.value in kinds for item in items)


def _deadline(clock: dict[str, Any] | None, found: facts.Facts) -> dict[str, Any] | None:
    """The clock, and how much of it has run where the text says when the money went (the latest time told)."""
    if clock is None:
        return None
    ago = [float(minutes) for item in found.times if isinstance(minutes := item.get("minutes_ago"), int | float) and minutes >= 0]
    since = min(ago, default=None)
    left = None if since is None else max(0.0, clock["minutes"] - since)
    return {**clock, "minutes_since": since, "minutes_left": left}
