"""The page for integrators names addresses, settings and an example that exist; the example runs."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
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


def test_the_walk_by_curl_works(tmp_path):
    """Every line of the page's walk, as the shell would send it to a demo."""
    from starlette.testclient import TestClient

    from service.api.app import create_app

    (walk,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    lines = [line for line in walk.replace("\\\n", " ").splitlines() if "curl" in line]
    settings = Settings(demo=True, database=f"sqlite:///{tmp_path}/fq.db", jobs_folder=tmp_path / "jobs")
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date().isoformat()
    with TestClient(create_app(settings)) as client:
        answers = []
        for line in lines:
            for i in "123" if "$i" in line else "1":
                words = [word.replace("$i", i) for word in shlex.split(line.replace("$(date +%F)", today), comments=True)]
                (url,) = (word.removeprefix("$B") for word in words if word.startswith("$B"))
                headers = {"accept": "text/html"} if "accept: text/html" in words else {}
                body = json.loads(words[words.index("-d") + 1].rstrip(";")) if "-d" in words else None
                answers.append(client.request("GET" if body is None else "POST", url, json=body, headers=headers))
    assert len(answers) == len(lines) + 2 == 12
    assert {answer.status_code for answer in answers} == {200}
    assert answers[3].json()["repeat"]["prior_ids"] == ["J2", "J1"]
    assert answers[5].json()["resources"]
    assert [entry["name"] for entry in answers[7].json()["steps"]] == ["交办"]
    assert "草稿" in answers[9].text
