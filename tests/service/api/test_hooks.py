"""Webhooks: signed CloudEvents for what happens, tried again, kept when dead; and the shapes of other systems."""

from __future__ import annotations

import base64
import csv
import hmac
import http.server
import io
import json
import socket
import threading
import time

import pytest
from sqlalchemy import update

from service.hooks import PAUSES, due_after, new_secret, sign
from service.store.tables import deliveries
from tests.service.api.conftest import GREEN, RED


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes what is posted; answers as it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.answers = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def hook(service, headers, receiver, **more):
    url = f"http://127.0.0.1:{receiver.server_address[1]}/in"
    made = service.client.post("/v1/webhooks", json={"url": url, **more}, headers=headers)
    assert made.status_code == 201
    return made.json()


def waited(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


# a receiver on loopback is the point of these tests
loopback = [pytest.mark.enable_socket, pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)]


class TestDelivery:
    pytestmark = loopback

    def test_arrivals_and_decisions_are_posted_signed_and_without_text(self, service, headers, receiver):
        made = hook(service, headers, receiver)
        service.assess(RED, headers, incident_id="W1")
        service.client.post("/v1/assessments/W1/decision", json={"colour": "red"}, headers=headers)
        waited(lambda: len(receiver.got) == 2)
        events = sorted((json.loads(body) for _, body in receiver.got), key=lambda event: int(event["id"]))
        assert [event["type"] for event in events] == ["cn.fengqiao.assess.v1", "cn.fengqiao.decide.v1"]
        assert (events[0]["specversion"], events[0]["subject"], events[0]["data"]["colour"]) == ("1.0", "W1", "red")
        for sent, body in receiver.got:
            assert sent["webhook-signature"] == sign(made["secret"], sent["webhook-id"], int(sent["webhook-timestamp"]), body)
            assert "菜刀".encode() not in body
        waited(lambda: service.client.get("/v1/webhooks", headers=headers).json()["webhooks"][0]["deliveries"] == {"delivered": 2})
        assert made["secret"] not in service.client.get("/v1/webhooks", headers=headers).text

    def test_a_receiver_that_fails_is_tried_again_then_kept_as_dead(self, service, headers, receiver):
        made = hook(service, headers, receiver, actions=["assess"])
        receiver.answers = [500]
        service.assess(RED, headers, incident_id="W2")
        waited(lambda: len(receiver.got) == 1)
        attempts = lambda: service.store.rows(deliveries.select())[0]["attempts"]  # noqa: E731
        for number in range(1, len(PAUSES) + 1):
            waited(lambda number=number: attempts() == number)
            receiver.answers = [500]
            service.store.write_now(lambda tx: tx.execute(update(deliveries).values(due=0)).rowcount)  # as though the pause were over
        waited(lambda: attempts() == len(PAUSES) + 1)
        dead = service.client.get(f"/v1/webhooks/{made['id']}/deliveries", headers=headers).json()["deliveries"]
        assert [(item["state"], item["attempts"], item["status"]) for item in dead] == [("dead", len(PAUSES) + 1, 500)]
        service.client.post(f"/v1/webhooks/{made['id']}/redeliver", headers=headers)
        waited(lambda: service.client.get("/v1/webhooks", headers=headers).json()["webhooks"][0]["deliveries"] == {"delivered": 1})

    def test_only_what_was_asked_for_is_posted(self, service, headers, receiver):
        hook(service, headers, receiver, actions=["assess"], least_rank=3, form="wecom")
        service.assess(GREEN, headers, incident_id="W3")
        service.assess(RED, headers, incident_id="W4")
        waited(lambda: receiver.got)
        time.sleep(1.2)
        (message,) = [json.loads(body) for _, body in receiver.got]
        assert message["msgtype"] == "markdown"
        assert "红色" in message["markdown"]["content"]
        assert "菜刀" not in message["markdown"]["content"]

    def test_a_dead_receiver_delays_no_other(self, service, headers, receiver):
        with socket.socket() as taken:  # bound and never listening: nothing is taken there
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/in"
            assert service.client.post("/v1/webhooks", json={"url": url}, headers=headers).status_code == 201
            for number in range(2):
                batch = [{"narrative": GREEN, "incident_id": f"D{number}-{item}"} for item in range(250)]
                service.client.post("/v1/assessments:batch", json={"incidents": batch}, headers=headers)
            hook(service, headers, receiver)
            service.assess(RED, headers, incident_id="D-urgent")
            waited(lambda: receiver.got)
            assert json.loads(receiver.got[0][1])["subject"] == "D-urgent"


def test_a_signature_is_what_the_libraries_of_the_standard_check():
    secret = new_secret()
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)  # as standardwebhooks.com says
    told = base64.b64encode(hmac.digest(key, b"msg_1.1700000000.{}", "sha256")).decode()
    assert sign(secret, "msg_1", 1700000000, b"{}") == f"v1,{told}"


def test_pauses_grow_and_end():
    waits = [due_after(attempt, 0) for attempt in range(1, len(PAUSES) + 2)]
    assert waits[:-1] == sorted(waits[:-1])
    assert waits[-1] is None


def test_addresses_are_checked(run):
    service = run(webhook_hosts=["bus.example"])
    headers = service.key()
    wrong = ("ftp://bus.example/x", "http://a:b@bus.example/", "http://[::1", "http://bus.example:99999/", "http://bus.example/ 空格", "http://bus.example:0/")
    for url, code in (*((url, "FQ6014") for url in wrong), ("http://169.254.169.254/", "FQ6015")):
        assert service.client.post("/v1/webhooks", json={"url": url}, headers=headers).json()["code"] == code
    assert service.client.delete("/v1/webhooks/nobody", headers=headers).status_code == 404
    assert service.client.get("/v1/webhooks/nobody/deliveries", headers=headers).status_code == 404


def test_other_systems_get_their_shapes(service, headers):
    service.assess("=1+1 " + RED, headers, incident_id="X1", station="东街所", place="东街九号", occurred_at="2026-11-20T10:00:00")
    message = service.client.get("/v1/assessments/X1/export", headers=headers).json()
    assert "X1" in message["markdown"]["content"]
    assert "菜刀" not in message["markdown"]["content"]
    order = service.client.get("/v1/assessments/X1/export", params={"form": "order"}, headers=headers).json()
    assert (order["orderNo"], order["address"], order["content"].endswith(RED), order["needConfirm"]) == ("X1", "东街九号", True, True)
    table = service.client.get("/v1/assessments/X1/export", params={"form": "governance_csv"}, headers=headers)
    (row,) = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))
    assert (row["事件编号"], row["风险等级"], row["机器研判等级"], row["办理状态"]) == ("X1", "红色", "红色", "待办")
    assert row["事件描述"].startswith("'=1+1")


def test_what_goes_out_carries_the_level_that_persons_decided(service, headers):
    service.assess(RED, headers, incident_id="X2")
    system = service.key("系统", vouches=True)
    decided = {"colour": "green", "reason": "误报", "by": "0123", "second_person": "0456"}
    assert service.client.post("/v1/assessments/X2/decision", json=decided, headers=system).status_code == 200
    export = "/v1/assessments/X2/export"
    message = service.client.get(export, headers=headers).json()["markdown"]["content"]
    assert message.startswith("**绿色**")
    assert "机器研判: 红色" in message
    order = service.client.get(export, params={"form": "order"}, headers=headers).json()
    assert order["urgency"] == "绿色"
    assert "立即派警" not in message + order["suggestion"]
    table = service.client.get(export, params={"form": "governance_csv"}, headers=headers)
    (row,) = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))
    assert (row["风险等级"], row["机器研判等级"], row["办理状态"]) == ("绿色", "红色", "已定级")
