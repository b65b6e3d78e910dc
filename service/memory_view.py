"""What the memory and the directory say, as rows for people: the terminal and the page show the same."""

from __future__ import annotations

from pipeline.values import Assessment

_SHOWN = 4


def rows(answer: Assessment) -> list[tuple[str, str]]:
    """Label and text of each row that the answer has."""
    return [*_repeat(answer), *_resources(answer)]


def _repeat(answer: Assessment) -> list[tuple[str, str]]:
    told = answer.repeat
    if told is None:
        return []
    parts = [flag["name"] + ": " + flag["says"] for flag in told.get("flags", ())]
    if told.get("calls_of_this_event", 1) > 1:
        parts.append(f"本次为同一事件的第 {told['calls_of_this_event']} 个来电, 只计一起")
    if told.get("failed_mediations"):
        parts.append(f"曾 {told['failed_mediations']} 次调解未成")
    if last := told.get("last"):
        parts.append(f"上次 {last['occurred_at'][:16].replace('T', ' ')} ({last['incident_id']})")
    found = [("以往警情", "; ".join(parts) if parts else "窗口内没有")]
    alike = [f"{case['incident_id']} 相似 {case['score']:.0%}, {case['done']}" for case in told.get("similar", ())[:_SHOWN] if isinstance(case["score"], float)]
    return found + ([("相似旧事", "; ".join(alike))] if alike else [])


def _resources(answer: Assessment) -> list[tuple[str, str]]:
    lines = []
    for resource in answer.resources:
        state = "" if resource.get("open") is None else " 在班" if resource["open"] else " 不在班"
        stale = " 信息待核对" if resource.get("stale_days") is not None else ""
        lines.append(f"{resource['name']} {resource.get('phone', '')}{state}{stale}")
    return [("可用资源", "\n".join(lines))] if lines else []
