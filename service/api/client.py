"""The Python client, written out of openapi.json: one method for each operation, a TypedDict for each request. `client_example/` is what it makes.

Small on purpose: integrators copy the folder and need nothing but httpx2; what does not depend on the document is written by hand in connection.py. What answers look like is in /docs.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DOCUMENT, FOLDER = HERE / "openapi.json", HERE.parent / "client_example"
_BY_HAND = '"""{what} 由 service/api/openapi.json 生成(FENGQIAO_WRITE_OPENAPI=1 pytest tests/service/api/test_client.py), 不要手改。"""\n\n'
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "dict[str, Any]"}
_ONCE = "Idempotency-Key"


def made(document: Mapping[str, Any]) -> dict[str, str]:
    """File name → text of the client of this document."""
    schemas = document["components"]["schemas"]
    inputs = sorted({_model(operation) for _, _, operation in _operations(document)} - {""})
    methods = "\n".join(_method(path, verb, operation) for path, verb, operation in _operations(document))
    used = ", ".join(inputs)
    return {
        "inputs.py": _BY_HAND.format(what="枫桥接口的请求体。")
        + "from __future__ import annotations\n\nfrom typing import Any, Literal, Required, TypedDict\n\n\n"
        + "\n\n".join(_typed(name, schemas[name]) for name in inputs),
        "client.py": _BY_HAND.format(what="枫桥接口的 Python 客户端: 每个操作一个方法。") + _HEAD.replace("INPUTS", used) + methods,
    }


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            yield path, verb, operation


def _model(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return str(content.get("schema", {}).get("$ref", "")).rpartition("/")[2]


def _typed(name: str, schema: Mapping[str, Any]) -> str:
    lines = [f"class {name}(TypedDict, total=False):", f'    """{_words(schema.get("description", name))}"""', ""]
    for field, told in schema["properties"].items():
        kind = _type(told)
        lines.append(
            f"    {field}: {f'Required[{kind}]' if field in schema.get('required', ()) else kind}  # {_words(told.get('description', ''))}".rstrip(" #")
        )
    return "\n".join(lines) + "\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(option) for option in schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return "Literal[" + ", ".join(json.dumps(value, ensure_ascii=False) for value in schema.get("enum", [schema.get("const")])) + "]"
    if schema.get("type") == "array":
        inner = schema.get("items") or {}
        return f"list[{str(inner['$ref']).rpartition('/')[2] if '$ref' in inner else _type(inner) if inner else 'Any'}]"
    return "None" if schema.get("type") == "null" else _PLAIN.get(str(schema.get("type")), "Any")


def _method(path: str, verb: str, operation: Mapping[str, Any]) -> str:
    parameters = operation.get("parameters", [])
    at = [p["name"] for p in parameters if p["in"] == "path"]
    query = [p for p in parameters if p["in"] == "query" and p["schema"].get("const") is None]
    once, model = any(p["name"] == _ONCE for p in parameters), _model(operation)
    sends = "application/octet-stream" in operation.get("requestBody", {}).get("content", {})
    accepts = next((list(answer.get("content", {})) for status, answer in operation["responses"].items() if status[0] == "2"), [])
    streams = "text/event-stream" in accepts
    named = [f"{_name(p['name'])}: {_optional(_type(p['schema']))} = None" for p in query] + (["once: str | None = None"] if once else [])
    first = [f"{_name(name)}: str" for name in at] + ([f"body: {model}"] if model else []) + (["content: bytes | Iterable[bytes]"] if sends else [])
    told = ", ".join(["self", *first, *(["*", *named] if named else [])])
    gives = "Iterator[dict[str, Any]]" if streams else "Any" if accepts and accepts[0] == "application/json" else "bytes" if accepts else "None"
    where = "f" + json.dumps(re.sub(r"\{(\w+)\}", r"{quote(\1, safe='')}", path)) if at else json.dumps(path)
    asked = ", ".join(f"{json.dumps(p['name'])}: {_name(p['name'])}" for p in query)
    more = ["query={" + asked + "}"] if query else []
    more += (["body=body"] if model else []) + (["content=content"] if sends else []) + (["once=once"] if once else [])
    sent = ", ".join([json.dumps(verb.upper()), where, *more])
    call = f"return self._events({sent})" if streams else f"return self._call({sent})" + {"Any": ".json()", "bytes": ".content"}.get(gives, "")
    call = call if gives != "None" else f"self._call({sent})"
    return f'    def {_called(operation)}({told}) -> {gives}:\n        """{_words(operation["summary"])}"""\n        {call}\n'


def _called(operation: Mapping[str, Any]) -> str:
    return str(operation["operationId"]).replace("-", "_")


def _name(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _optional(kind: str) -> str:
    return kind if kind.endswith("None") else f"{kind} | None"


def _words(text: str) -> str:
    return " ".join(text.split()).replace('"', "'")


_HEAD = '''from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal
from urllib.parse import quote

from .connection import Connection, Problem
from .inputs import INPUTS

__all__ = ["Client", "Problem"]


class Client(Connection):
    """每个操作一个方法。"""

'''
