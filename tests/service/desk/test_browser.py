"""The desk in a real Chromium: triage by keyboard alone, typing, two persons, a red that arrives, the loop, paper; no console error, nothing outside."""

from __future__ import annotations

import base64

import pytest

from tests.service.desk.chromium import FRAUD, GREEN, MARKS, ORANGE, RED

pytestmark = MARKS
ENTER, TAB = "\ue007", "\ue004"


def test_triage_by_keyboard_alone(desk):
    desk.assess(ORANGE, "K1")
    desk.open("K1")
    before = desk.state("K1")
    desk.keys("u")
    desk.until(lambda: desk.state("K1")["rank"] == before["rank"] + 1)
    assert desk.state("K1")["status"] == "decided"
    desk.assess(GREEN, "K2")
    desk.go("/")
    desk.live()
    desk.until(lambda: desk.there('[data-id="K2"]'))
    for _ in desk.there(".row"):
        desk.keys("j")
        if desk.focused("id") == "K2":
            break
    desk.keys(ENTER)
    desk.find('[data-note="K2"]')
    desk.keys("a")
    desk.until(lambda: desk.state("K2")["status"] == "decided")


def test_lowering_red_asks_a_reason_and_a_second_person(desk):
    desk.assess(RED, "L1")
    desk.open("L1")
    desk.keys("d")
    desk.find("#ask[open]")
    desk.find("#ask-ok").click()
    desk.until(lambda: "理由" in desk.find("#ask-error").text)
    desk.find("#ask-reason").send_keys("到场核实, 菜刀已收缴")
    desk.find("#ask-by").send_keys("民警0001")
    desk.find("#ask-ok").click()
    desk.until(lambda: desk.there('[data-act="confirm"]'))
    assert desk.state("L1")["colour"] == "red"  # nothing changes until another person agrees
    for officer, colour in (("民警0001", "red"), ("民警0002", "orange")):
        desk.find('[data-act="confirm"]').click()
        desk.find("#ask[open]")
        desk.find("#ask-by").clear()
        desk.find("#ask-by").send_keys(officer)
        desk.find("#ask-ok").click()
        if colour == "red":
            desk.until(lambda: "另一人" in desk.find("#ask-error").text)
            desk.refusals += 1
            desk.find("#ask-cancel").click()
        else:
            desk.until(lambda: not desk.there('[data-act="confirm"]'))
        assert desk.state("L1")["colour"] == colour


def test_a_red_that_arrives_is_seen_and_heard(desk):
    desk.assess(GREEN, "A1")
    desk.open("A1")
    desk.until(lambda: desk.find("#category option[value=service]")).click()  # a filter that does not fit the red
    desk.assess(RED, "A2")
    row = desk.until(lambda: desk.find('[data-id="A2"]'))
    assert "红色" in row.text
    desk.until(lambda: desk.find("#alarm").get_attribute("textContent"))
    assert desk.find("#alarm").get_attribute("role") == "alert"


def test_typing_shows_the_colour_and_keeps_the_highest(desk):
    desk.go("/desk/typing")
    before = desk.fetch("/v1/assessments")["open_by_colour"]
    words = desk.find("#words")
    words.send_keys(RED)
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour") == "red")
    words.clear()
    words.send_keys(GREEN)
    desk.find("#lower").click()
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour") == "green")
    assert desk.fetch("/v1/assessments")["open_by_colour"] == before


def test_lowering_by_keyboard_alone(desk):
    desk.assess(ORANGE, "L2")
    desk.open("L2")
    desk.keys("d")
    desk.until(lambda: desk.driver.switch_to.active_element.get_attribute("id") == "ask-reason")
    desk.keys("双方已和解", TAB, "民警0001", TAB, "民警0002", TAB, TAB, ENTER)
    desk.until(lambda: desk.state("L2")["colour"] != "orange")
    told = desk.fetch("/v1/assessments/L2/record")["decisions"][-1]
    assert (told["kind"], told["reason"], told["second"]) == ("lower", "双方已和解", "demo/民警0002")


def test_what_was_typed_is_kept_at_the_highest_colour_seen(desk):
    desk.go("/desk/typing")
    words = desk.find("#words")
    words.send_keys(RED)
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour") == "red")
    words.clear()
    words.send_keys(GREEN)
    desk.until(lambda: desk.there("#lower"))
    desk.find("#keep").click()
    note = desk.find("[data-note]").get_attribute("data-note")
    assert (desk.state(note)["machine_colour"], desk.state(note)["colour"]) == ("green", "red")


def test_a_matter_goes_across_the_board_by_keyboard(desk):
    for ident in ("B1", "B2"):
        desk.assess(ORANGE, ident)
        desk.fetch(f"/v1/assessments/{ident}/decision", {"colour": "orange"})
    desk.fetch("/v1/cases/B2/steps", {"step": "assign", "unit": "东街警务队"})
    desk.go("/desk/board")
    desk.live()
    desk.keys("l")
    desk.until(lambda: desk.focused("card"))
    while desk.focused("card") != "B1":  # other tests of this module may have left matters that are due before
        before = desk.focused("card")
        desk.keys("j")
        assert desk.focused("card") != before
    desk.keys("s")
    desk.find("#loop[open]")
    assert desk.find("#loop-title").text == "交办"
    desk.keys("柳河警务室")
    for _ in range(12):  # the field of a date has several stops
        if desk.driver.switch_to.active_element.get_attribute("id") == "loop-by":
            break
        desk.keys(TAB)
    desk.keys("民警0312", ENTER)
    desk.until(lambda: desk.there('[aria-labelledby="col-verify"] [data-card="B1"]'))
    case = desk.fetch("/v1/cases/B1")
    assert (case["next"]["name"], case["steps"][0]["unit"]) == ("核查", "柳河警务室")


def test_the_board_shows_what_others_record(desk):
    desk.assess(RED, "B3")
    desk.fetch("/v1/cases/B3/steps", {"step": "assign"})
    desk.go("/desk/board")
    desk.live()
    desk.find('[aria-labelledby="col-verify"] [data-card="B3"]')
    desk.fetch("/v1/cases/B3/steps", {"step": "verify"})  # by somebody else
    desk.find('[aria-labelledby="col-handle"] [data-card="B3"]')


def test_the_overview_follows_its_choices_and_has_a_table_beside_each_chart(desk):
    desk.assess(RED, "O1", station="东街所", longitude=123.5, latitude=30.3)
    desk.assess(GREEN, "O2", station="西街所")
    desk.go("/desk/overview")
    panels = desk.there(".panel")
    assert len(panels) >= 6
    for panel in panels:
        assert len(panel.find_elements("css selector", "svg.chart[role=img]")) == len(panel.find_elements("css selector", ".figures table")) == 1
    desk.find("select[name=station]").find_element("xpath", ".//option[.='东街所']").click()
    desk.until(lambda: "东街所 概览" in desk.find("h1").text)
    assert int(desk.find(".totals b").text) == desk.fetch("/v1/overview?station=东街所")["received"]


def test_what_is_printed_has_no_buttons_and_no_frame(desk):
    desk.assess(RED, "P1")
    desk.fetch("/v1/cases/P1/steps", {"step": "assign"})
    try:
        desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        for path in ("/desk/daily", "/desk/overview", "/desk/notes/P1"):
            desk.go(path)
            shown = [item for item in desk.there("button, .top, select, dialog") if item.is_displayed()]
            assert (path, [item.tag_name for item in shown]) == (path, [])
            assert desk.find("h1, h2").is_displayed()
    finally:
        desk.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    desk.go("/desk/daily")
    assert base64.b64decode(desk.driver.print_page()).startswith(b"%PDF")


def test_a_paper_opens_beside_the_note(desk):
    desk.assess(FRAUD, "P2")
    desk.open("P2")
    here = desk.driver.current_window_handle
    desk.find(".papers a").click()
    desk.until(lambda: len(desk.driver.window_handles) == 2)
    try:
        desk.driver.switch_to.window(next(handle for handle in desk.driver.window_handles if handle != here))
        assert "草稿" in desk.find("body").text
        desk.driver.close()
    finally:
        desk.driver.switch_to.window(here)


def test_the_desk_is_walked_by_letters(desk):
    desk.go("/")
    desk.live()
    for key, page in (("b", "board"), ("r", "daily"), ("o", "overview"), ("n", "typing")):
        desk.keys(key)
        desk.find(f'body[data-page="{page}"]')
        desk.find('nav [aria-current="page"]')  # the modules run


@pytest.mark.parametrize("path", ["/", "/?note=W1", "/desk/notes/W1", "/desk/typing", "/desk/board", "/desk/daily", "/desk/overview", "/desk/login"])
def test_no_page_is_wider_than_a_phone_and_working_pages_do_not_scroll_as_a_whole(desk, path):
    desk.assess(FRAUD, "W1", occurred_at="2026-11-01T10:00:00", longitude=123.5, latitude=30.3)
    measure = "const e = document.documentElement; return [e.scrollWidth - e.clientWidth, e.scrollHeight - e.clientHeight]"
    desk.size(390, 844)
    desk.go(path)
    assert desk.driver.execute_script(measure)[0] == 0
    desk.size(1366, 768)
    desk.go(path)
    wide, tall = desk.driver.execute_script(measure)
    assert wide == 0
    assert tall == 0 or path in ("/desk/notes/W1", "/desk/daily", "/desk/overview")
