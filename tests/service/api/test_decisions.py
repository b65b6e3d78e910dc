"""Raising is free; lowering needs a reason; lowering red or orange a second person; the machine's output stays."""

from __future__ import annotations

import pytest

from tests.service.api.conftest import GREEN, RED


def decide(service, ident, headers, **body):
    return service.client.post(f"/v1/assessments/{ident}/decision", json=body, headers=headers)


def state(service, ident, headers):
    return service.client.get(f"/v1/assessments/{ident}/record", headers=headers).json()["incident"]


def test_raising_is_free(service, headers):
    service.assess(GREEN, headers, incident_id="D1")
    raised = decide(service, "D1", headers, colour="red")
    assert raised.status_code == 200
    assert raised.json()["decision"]["kind"] == "raise"
    assert state(service, "D1", headers)["colour"] == "red"


def test_accepting_keeps_the_colour_and_marks_it_decided(service, headers):
    service.assess(RED, headers, incident_id="D2")
    assert decide(service, "D2", headers, colour="red").json()["decision"]["kind"] == "accept"
    assert (state(service, "D2", headers)["status"], state(service, "D2", headers)["colour"]) == ("decided", "red")


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_lowering_needs_a_reason(service, headers, reason):
    service.assess(RED, headers, incident_id="D3")
    refused = decide(service, "D3", headers, colour="yellow", reason=reason)
    assert (refused.status_code, refused.json()["code"]) == (422, "FQ6402")
    assert state(service, "D3", headers)["colour"] == "red"


def test_lowering_yellow_needs_one_person_with_a_reason(service, headers):
    service.assess(GREEN, headers, incident_id="D4")
    decide(service, "D4", headers, colour="yellow")
    assert decide(service, "D4", headers, colour="green", reason="误报").status_code == 200
    assert state(service, "D4", headers)["colour"] == "green"


def test_lowering_red_waits_for_another_person(service):
    first, second = service.key("甲"), service.key("乙")
    service.assess(RED, first, incident_id="D5")
    pending = decide(service, "D5", first, colour="yellow", reason="现场核实为玩具刀")
    assert (pending.status_code, pending.json()["decision"]["state"]) == (202, "pending")
    assert state(service, "D5", first)["colour"] == "red"
    ident = pending.json()["decision"]["id"]
    alone = decide(service, "D5", first, confirms=ident)
    assert (alone.status_code, alone.json()["code"]) == (403, "FQ6406")
    confirmed = decide(service, "D5", second, confirms=ident)
    assert confirmed.status_code == 200
    assert state(service, "D5", first)["colour"] == "yellow"
    again = decide(service, "D5", second, confirms=ident)
    assert (again.status_code, again.json()["code"]) == (409, "FQ6405")


def test_a_pending_lowering_can_be_withdrawn_and_falls_with_a_raise(service, headers):
    service.assess(RED, headers, incident_id="D6")
    ident = decide(service, "D6", headers, colour="green", reason="误报").json()["decision"]["id"]
    assert decide(service, "D6", headers, withdraws=ident).status_code == 200
    assert decide(service, "D6", service.key("乙"), confirms=ident).status_code == 409
    other = decide(service, "D6", headers, colour="green", reason="误报").json()["decision"]["id"]
    decide(service, "D6", headers, colour="red")
    assert decide(service, "D6", service.key("丙"), confirms=other).status_code == 409


def test_a_system_that_vouches_names_both_officers(service):
    system = service.key("接处警系统", vouches=True)
    service.assess(RED, system, incident_id="D7")
    same = decide(service, "D7", system, colour="green", reason="误报", by="0123", second_person="0123")
    assert (same.status_code, same.json()["code"]) == (422, "FQ6404")
    done = decide(service, "D7", system, colour="green", reason="误报", by="0123", second_person="0456")
    assert done.status_code == 200
    assert (done.json()["decision"]["actor"], done.json()["decision"]["second"]) == ("接处警系统/0123", "接处警系统/0456")


@pytest.mark.parametrize("other", [("网关乙", "0123"), ("网关乙", "０１２３"), ("网关乙", "警号0123"), ("0123", None), ("oidc:0123", None)])
def test_one_person_cannot_confirm_his_own_lowering_through_another_key(service, other):
    name, by = other
    gateway, second = service.key("网关", vouches=True), service.key(name, vouches=by is not None)
    service.assess(RED, gateway, incident_id="D14")
    ident = decide(service, "D14", gateway, colour="green", reason="误报", by="0123").json()["decision"]["id"]
    refused = decide(service, "D14", second, confirms=ident, **({"by": by} if by else {}))
    assert (refused.status_code, refused.json()["code"]) == (403, "FQ6406")
    assert "另一名民警" in refused.json()["remedy"]
    assert state(service, "D14", gateway)["colour"] == "red"
    assert decide(service, "D14", service.key("网关丙", vouches=True), confirms=ident, by="0456").status_code == 200


def test_the_key_of_a_person_and_the_gateway_that_names_him_are_one(service):
    service.assess(RED, own := service.key("0123"), incident_id="D15")
    ident = decide(service, "D15", own, colour="green", reason="误报").json()["decision"]["id"]
    refused = decide(service, "D15", service.key("网关", vouches=True), confirms=ident, by="0123")
    assert (refused.status_code, refused.json()["code"]) == (403, "FQ6406")


def test_a_person_s_key_may_not_name_others(service, headers):
    service.assess(RED, headers, incident_id="D8")
    refused = decide(service, "D8", headers, colour="green", reason="误报", by="0123", second_person="0456")
    assert (refused.status_code, refused.json()["code"]) == (403, "FQ6410")


def test_closing_red_needs_reason_and_second_person(service, headers):
    service.assess(RED, headers, incident_id="D9")
    assert decide(service, "D9", headers, close=True).status_code == 422
    assert decide(service, "D9", headers, close=True, reason="已移交").status_code == 202
    assert state(service, "D9", headers)["status"] == "open"


def test_the_machine_s_output_is_never_overwritten(service, headers):
    answered = service.assess(GREEN, headers, incident_id="D10")
    decide(service, "D10", headers, colour="red")
    assert service.client.get("/v1/assessments/D10", headers=headers).content == answered.content
    assert state(service, "D10", headers)["machine_colour"] == "green"


def test_an_older_assessment_cannot_be_lowered(service, headers):
    old = service.assess(RED, headers, incident_id="D11").headers["fengqiao-assessment-id"]
    service.assess(RED + ", 他又喝酒了", headers, incident_id="D11")
    stale = decide(service, old, headers, colour="green", reason="误报")
    assert (stale.status_code, stale.json()["code"]) == (409, "FQ6403")


def test_a_text_that_is_graded_higher_again_reopens_a_lowered_incident(service):
    system = service.key("系统", vouches=True)
    service.assess(RED, system, incident_id="D12")
    decide(service, "D12", system, colour="green", reason="误报", by="1", second_person="2")
    service.assess(RED, system, incident_id="D12")
    assert state(service, "D12", system)["colour"] == "green"  # nothing new was told
    service.assess(RED + ", 他说要一起死", system, incident_id="D12")
    assert (state(service, "D12", system)["colour"], state(service, "D12", system)["status"]) == ("red", "open")


def test_a_colour_of_another_profile_is_refused(service, headers):
    service.assess(RED, headers, incident_id="D13")
    refused = decide(service, "D13", headers, colour="blue")
    assert (refused.status_code, refused.json()["code"]) == (422, "FQ6401")


def test_unknown_incidents_are_404(service, headers):
    assert decide(service, "nobody", headers, colour="red").status_code == 404
