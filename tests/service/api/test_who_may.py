"""Keys, scopes, sessions, tokens, limits: without a right key nothing answers, and a refusal tells nothing."""

from __future__ import annotations

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from pipeline.errors import InputError
from service import keys
from service.api.app import create_app
from service.settings import Settings
from service.store.tables import api_keys
from tests.service.api.conftest import GREEN


def protected(app):
    for path, operations in app.openapi()["paths"].items():
        for method, operation in operations.items():
            if operation.get("security"):
                yield method.upper(), path.replace("{id}", "x")


def test_every_operation_asks_for_a_key(service):
    found = list(protected(service.app))
    assert len(found) >= 14
    for method, path in found:
        for sent in ({}, {"authorization": "Bearer fq_0000000000_x"}, {"authorization": "Basic Zm9v"}, {"x-api-key": "k" * 300}):
            answered = service.client.request(method, path, headers=sent)
            assert answered.status_code in (401, 429), (method, path)
            if answered.status_code == 429:
                break


def test_every_operation_asks_for_its_scope(service):
    for method, path in protected(service.app):
        headers = service.key("无权", "metrics")
        assert service.client.request(method, path, headers=headers).status_code == 403, (method, path)


def test_a_key_is_kept_as_a_hash_only(service, headers):
    key = headers["authorization"].split()[1]
    assert key.split("_", 2)[2] not in str(service.store.rows(api_keys.select()))


def test_a_revoked_key_ends_and_a_rotated_one_has_its_grace(service):
    ident, key = keys.create(service.store, "甲", ["read"])
    fresh, new = keys.rotate(service.store, ident, grace_hours=1)
    for each in (key, new):
        assert service.client.get("/v1/meta", headers={"x-api-key": each}).status_code == 200
    keys.revoke(service.store, fresh)
    keys.rotate(service.store, ident, grace_hours=0)
    service.app.state.context.guard._keyring._seen.clear()  # what a process has just seen it believes for five seconds
    for each in (key, new):
        assert service.client.get("/v1/meta", headers={"x-api-key": each}).status_code == 401
    with pytest.raises(InputError, match="FQ4602"):
        keys.revoke(service.store, fresh)
    with pytest.raises(InputError, match="FQ4601"):
        keys.create(service.store, "乙", ["everything"])


def test_an_expired_key_is_no_key(service):
    assert service.client.get("/v1/meta", headers=service.key("旧", "read", days=0)).status_code == 401


def test_guessing_keys_is_slowed_down(run):
    service = run(anonymous_rate_limit="5/minute")
    statuses = [service.client.get("/v1/meta", headers={"x-api-key": f"fq_{n}_x"}).status_code for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3


def test_a_key_that_asks_too_often_is_told_when_to_come_back(run):
    service = run(rate_limit="3/minute")
    headers = service.key()
    answers = [service.client.get("/v1/meta", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_the_purpose_is_recorded(service, headers):
    service.client.post("/v1/assessments", json={"narrative": GREEN}, headers={**headers, "fengqiao-purpose": "analysis"})
    entries = [json.loads(line) for line in service.client.get("/v1/audit/export", headers=headers).text.splitlines()]
    assert [entry["purpose"] for entry in entries if entry["action"] == "assess"] == ["analysis"]
    refused = service.client.post("/v1/assessments", json={"narrative": GREEN}, headers={**headers, "fengqiao-purpose": "fun"})
    assert refused.json()["code"] == "FQ6008"


def test_a_purpose_can_be_required(run):
    service = run(require_purpose=True)
    assert service.assess(GREEN, service.key()).json()["code"] == "FQ6007"
    assert service.assess(GREEN, service.key(purpose="dispatch")).status_code == 200


def test_a_browser_signs_in_and_other_sites_cannot_act(service, headers):
    key = headers["authorization"].split()[1]
    signed = service.client.post("/v1/session", json={"key": key})
    assert signed.status_code == 200
    assert "HttpOnly" in signed.headers["set-cookie"]
    assert "SameSite=strict" in signed.headers["set-cookie"]
    assert key not in signed.headers["set-cookie"]
    assert service.client.get("/v1/session").json()["name"] == "一号台"
    post = {"url": "/v1/assessments", "json": {"narrative": GREEN}}
    assert service.client.post(**post, headers={"origin": "http://elsewhere"}).json()["code"] == "FQ6103"
    assert service.client.post(**post).json()["code"] == "FQ6103"
    assert service.client.post(**post, headers={"origin": "http://testserver"}).status_code == 200
    token = service.client.cookies["fengqiao_session"]
    service.client.cookies.clear()
    service.client.cookies.set("fengqiao_session", token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert service.client.get("/v1/session").status_code == 401


def test_oidc_tokens_are_taken_by_their_signature(run, tmp_path):
    ours, others = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(ours.public_key())) | {"kid": "k1", "alg": "ES256", "use": "sig"}
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public]}))
    service = run(oidc_issuer="https://idp.example", oidc_jwks=str(tmp_path / "jwks.json"))

    def status(key=ours, path="/v1/meta", **claims):
        told = {"iss": "https://idp.example", "aud": "fengqiao", "sub": "0123", "exp": time.time() + 60, "scope": "fengqiao:read openid"} | claims
        token = jwt.encode(told, key, "ES256", headers={"kid": "k1"})
        return service.client.get(path, headers={"authorization": f"Bearer {token}"}).status_code

    assert status() == 200
    assert status(path="/v1/audit/verify") == 403
    assert status(key=others) == 401
    assert status(iss="https://other.example") == 401
    assert status(aud="other") == 401
    assert status(exp=time.time() - 3600) == 401
    none = jwt.encode({"iss": "https://idp.example", "aud": "fengqiao", "sub": "x", "exp": time.time() + 60}, None, "none", headers={"kid": "k1"})
    assert service.client.get("/v1/meta", headers={"authorization": f"Bearer {none}"}).status_code == 401


@pytest.mark.parametrize("text", [None, "no json", '{"keys": []}'])
def test_keys_of_an_issuer_that_cannot_be_read_stop_the_start(assessor, tmp_path, text):
    if text is not None:
        (tmp_path / "jwks.json").write_text(text, "utf-8")
    with pytest.raises(InputError, match="FQ6506"):
        create_app(Settings(oidc_issuer="https://idp.example", oidc_jwks=str(tmp_path / "jwks.json")), assessor=assessor)


def test_demo_needs_no_key_and_listens_on_loopback_alone(run):
    service = run(demo=True)
    assert service.assess(GREEN, {}).status_code == 200
    assert service.client.get("/v1/meta", headers={"host": "attacker.example"}).status_code == 400
    with pytest.raises(InputError, match="FQ6503"):
        create_app(Settings(demo=True, host="0.0.0.0"))


def test_wrong_settings_are_named():
    with pytest.raises(ValidationError, match="database"):
        Settings(database="mysql://x")
