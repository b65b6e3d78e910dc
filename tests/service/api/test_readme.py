"""The page for integrators names addresses, settings and an example that exist; the example runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from service.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "service" / "README.md").read_text("utf-8")


def test_every_address_of_the_table_is_served():
    paths = set(json.loads((ROOT / "service" / "api" / "openapi.json").read_text("utf-8"))["paths"])
    told = set(re.findall(r"`(?:GET |POST |DELETE )?(/(?:v1/|healthz|readyz|metrics)[^`?（]*)", PAGE))
    assert len(told) > 12
    assert not [path for path in told if path not in paths]


def test_every_setting_named_is_a_setting():
    told = set(re.findall(r"FENGQIAO_([A-Z_]+)", PAGE)) - {"WRITE_OPENAPI", "CACHE"}
    assert {name.lower() for name in told} <= set(Settings.model_fields)


def test_the_example_runs(service, headers):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    code = re.sub(r"^api = .*$", "", code, flags=re.M).replace("import httpx2, uuid", "import uuid")
    service.client.headers.update({**headers, "fengqiao-purpose": "dispatch"})
    made: dict = {"api": service.client, "print": lambda *_: None}
    exec(code, made)
    assert made["done"].status_code == 202
