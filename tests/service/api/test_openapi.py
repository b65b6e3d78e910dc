"""openapi.json as committed is what the code serves; every operation is told in Chinese; the whole API keeps to it under random requests."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_headers_conformance, response_schema_conformance, status_code_conformance

from service.api.app import create_app
from service.settings import Settings

COMMITTED = Path(__file__).resolve().parents[3] / "service" / "api" / "openapi.json"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance]


def test_the_committed_document_is_the_served_one(assessor):
    served = json.dumps(create_app(Settings(), assessor=assessor).openapi(), ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("FENGQIAO_WRITE_OPENAPI"):
        COMMITTED.write_text(served, "utf-8")
    assert COMMITTED.read_text("utf-8") == served, "FENGQIAO_WRITE_OPENAPI=1 pytest tests/service/api/test_openapi.py"


def test_every_operation_is_told_in_chinese():
    document = json.loads(COMMITTED.read_text("utf-8"))
    chinese = re.compile(r"[一-鿿]")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert chinese.search(operation["summary"]), path
            assert chinese.search(operation["description"]), path
    for name in ("AssessIn", "DecisionIn", "SearchIn"):
        for field, schema in document["components"]["schemas"][name]["properties"].items():
            assert chinese.search(schema["description"]), f"{name}.{field}"


def test_every_schema_that_is_referred_to_is_there():
    text = COMMITTED.read_text("utf-8")
    referred = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert referred <= json.loads(text)["components"]["schemas"].keys()


@pytest.mark.parametrize("examples", [4, pytest.param(120, marks=pytest.mark.slow)])
def test_random_requests_break_neither_the_service_nor_its_schema(run, examples):
    service = run(demo=True, rate_limit="1000000/minute")
    document = service.app.openapi()
    endless = {"/v1/events", "/v1/jobs/{id}/events"}  # its answer does not end; tests/service/api/test_queue_and_events.py reads it
    whole = schemathesis.openapi.from_dict({**document, "paths": {path: item for path, item in document["paths"].items() if path not in endless}})
    operations = [result.ok() for result in whole.get_all_operations()]
    assert len(operations) >= 18
    for operation, mode in itertools.product(operations, (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)):

        @settings(max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
        @given(operation.as_strategy(generation_mode=mode))
        def one(case):
            case.validate_response(send(service.client, case), checks=CHECKS)

        with contextlib.suppress(Unsatisfiable):  # operations without parameters have nothing to get wrong
            one()


def send(client, case):
    sent = case.as_transport_kwargs(base_url="http://testserver")
    body = {"content": sent["data"]} if isinstance(sent.get("data"), bytes | str) else {name: sent[name] for name in ("json",) if name in sent}
    return client.request(sent["method"], sent["url"], params=sent.get("params"), headers=dict(sent["headers"]), **body)
