"""Small texts as they come from Chinese systems: UTF-8 or GB18030, read as a whole. (Large files vote by lines: service/label/encoding.)"""

from __future__ import annotations

from pipeline.errors import InputError


def decoded(data: bytes, name: str) -> str:
    """UTF-8 (with or without BOM), else GB18030; never replaced characters. Raises InputError FQ2003; `name` says where the bytes came from.

    >>> decoded("警情".encode("gb18030"), "a.csv")
    '警情'
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("FQ2003", "既不是 UTF-8 也不是 GB18030", "neither UTF-8 nor GB18030", seen=name, remedy="另存为 UTF-8 后重试")
