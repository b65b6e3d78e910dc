"""What can be wrong with a playbook that still loads: dead ends, steps that can never be reached, examples that are not met."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.playbook.desk import Desk


def findings(desk: Desk) -> Iterator[str]:
    """Each weakness in one Chinese sentence; none where the playbook is sound."""
    last = desk.ways[-1] if desk.ways else None
    if last is None or desk.book["steps"][-1]["when"] or last.blocked:
        yield "最后一步必须无条件、无禁止, 否则会有死路"
    for step, way in zip(desk.book["steps"], desk.ways, strict=True):
        if not step["because"]:
            yield f"步骤 {way.id} 没有理由"
        if all(entry["when"] for entry in step["because"]) and not step["when"]:
            yield f"步骤 {way.id} 总会走到, 但理由都有条件"
        for entry in step["because"]:
            if not entry["cite"] and not entry["basis"]:
                yield f"步骤 {way.id} 的理由 {entry['id']} 没有出处"
        if step["due"] and not step["due"]["cite"] and not step["due"]["example_default"] and not step["due"]["basis"]:
            yield f"步骤 {way.id} 的时限没有出处, 须标为示例"
        for name in way.route.data["checklists"]:
            if name not in desk.checklists:
                yield f"路线 {way.route.id} 的清单 {name} 不存在"
    if {duty["level"] for duty in desk.book["duties"]} not in (set(), {0, 1, 2, 3}):
        yield "分级责任必须四级齐全或者不写"
