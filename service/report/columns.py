"""Which column is what: the labeller's own `fq_*`, and the usual headers of Chinese systems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from pipeline.columns import compared
from pipeline.errors import InputError
from service.report.knowledge import Headers

LABELS = (
    "fq_category", "fq_dispute_type", "fq_risk", "fq_factors", "fq_fraud_scripts", "fq_fraud_stage", "fq_loss_yuan", "fq_route", "fq_needs_review", "fq_review_codes",
)  # fmt: skip
NEEDED = ("fq_category", "fq_risk")


def folded(name: str) -> str:
    """A header as it is compared: NFKC, no blanks, brackets or marks, lower case."""
    return re.sub(r"[\s()\[\]【】_:：*\-/]", "", unicodedata.normalize("NFKC", name)).casefold()


def roles_of(header: Sequence[str], usual: Headers, named: Mapping[str, str] | None = None) -> dict[str, str]:
    """Role → column. `named` are the user's own choices. Raises InputError FQ2204 (not labelled), FQ2205 (a named column is absent)."""
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise InputError("FQ2204", "还没有标注", "not labelled yet", seen=f"缺少 {'、'.join(missing)}", remedy="先运行 fengqiao label 输入 -o 输出")
    found = {name: name for name in LABELS if name in header}
    if "fq_route_name" in header:  # of the playbook that the file was labelled by; the code alone may be another's step
        found["fq_route"] = "fq_route_name"
    for role, column in (named or {}).items():
        if role not in usual.roles:
            raise InputError("FQ2205", "没有这种列", "no such role", seen=role, remedy="可用: " + " ".join(usual.roles))
        if column not in header:
            raise InputError("FQ2205", "表里没有这一列", "no such column", seen=f"{role}={column}", remedy="--column 角色=表头, 表头须与表里一字不差")
        found[role] = column
    by_name: dict[str, str] = {}
    for column in header:
        by_name.setdefault(folded(column), column)
    for name, column in compared(header).items():  # 警情/报警时间, of a header in two rows
        by_name.setdefault(folded(name), column)
    _match(found, usual, by_name)
    return found


def _match(found: dict[str, str], usual: Headers, by_name: Mapping[str, str]) -> None:
    """Exact names for all roles first, so that no `contains` takes a column that another role knows by name."""
    for code, role in usual.roles.items():
        if code not in found:
            free = (by_name[name] for name in map(folded, role.names) if name in by_name and by_name[name] not in found.values())
            column = next(free, None)
            if column is not None:
                found[code] = column
    for code, role in usual.roles.items():
        if code in found:
            continue
        words = [folded(word) for word in role.contains]
        column = next((c for n, c in by_name.items() if any(w in n for w in words) and c not in found.values() and not c.startswith("fq_")), None)
        if column is not None:
            found[code] = column
