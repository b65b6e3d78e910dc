"""axe-core on every page of the desk, at the size of a desk and of a phone, light and dark: nothing serious."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.service.desk.chromium import FRAUD, GREEN, MARKS, ORANGE, RED, Desk

pytestmark = MARKS
AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text("utf-8")
PAGES = ["/", "/?note=X1", "/desk/notes/X2", "/desk/typing", "/desk/board", "/desk/daily", "/desk/overview", "/desk/login"]
RUN = """const done = arguments[0];
    axe.run(document, {resultTypes: ["violations"]}).then(found => done(found.violations.filter(v => ["serious", "critical"].includes(v.impact))
      .map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | "))))"""


def findings(desk: Desk) -> list[str]:
    desk.driver.execute_script(AXE)
    return desk.driver.execute_async_script(RUN)


@pytest.fixture(scope="module")
def filled(address, driver):
    """Something on every page: repeats, a fraud, a matter in the loop, one that waits for a second person."""
    desk = Desk(driver, address)
    desk.go("/desk/login")
    now = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None).isoformat(timespec="seconds")
    for number, text in enumerate((RED, FRAUD, ORANGE, GREEN, ORANGE + ", 又来了"), 1):
        desk.assess(text, f"X{number}", station="东街所", occurred_at=now, caller="139", place="东街9号楼501室", longitude=123.5, latitude=30.3)
    desk.fetch("/v1/assessments/X1/decision", {"colour": "orange", "reason": "到场核实", "by": "甲"})
    desk.fetch("/v1/assessments/X3/decision", {"colour": "orange"})
    desk.fetch("/v1/cases/X2/steps", {"step": "assign", "unit": "东街警务队", "due": "2001-01-01T00:00:00"})
    return desk


@pytest.mark.parametrize("path", PAGES)
def test_nothing_serious(filled, desk, path):
    found = set()
    try:
        for scheme, size in (("light", (1366, 768)), ("light", (390, 844)), ("dark", (1366, 768))):
            desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            desk.size(*size)
            desk.go(path)
            found |= {(scheme, size, finding) for finding in findings(desk)}
    finally:
        desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert found == set()


def test_nothing_serious_in_what_opens(filled, desk):
    desk.go("/desk/notes/X1")
    for key, dialog in (("?", "#help"), ("d", "#ask"), ("s", "#loop")):
        desk.opens(key, f"{dialog}[open]")
        assert (dialog, findings(desk)) == (dialog, [])
        desk.keys("\ue00c")  # Escape
        desk.until(lambda dialog=dialog: not desk.there(f"{dialog}[open]"))


def test_nothing_serious_in_an_assessment_while_it_is_typed(filled, desk):
    desk.go("/desk/typing")
    desk.find("#words").send_keys(FRAUD)
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour"))
    assert findings(desk) == []


def test_the_check_would_see_what_is_wrong(desk):
    desk.go("/desk/login")
    desk.driver.execute_script("document.querySelector('main').innerHTML = '<button></button><input><img src=\"/desk/static/icon.svg\">'")
    assert {found.partition(":")[0] for found in findings(desk)} >= {"button-name", "label", "image-alt"}
