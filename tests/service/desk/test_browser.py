"""The desk in a real Chromium without a screen: triage by keyboard alone, typing, two persons, a red that arrives; no console error, nothing outside."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.api.app import create_app
from service.assessor import Assessor
from service.settings import Settings

BROWSER = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.enable_socket,  # the browser, its driver and the service speak over loopback
    pytest.mark.skipif(
        not (BROWSER and DRIVER) and not os.environ.get("FENGQIAO_NEEDS_BROWSER"),  # set by .ci/run: there the tests fail
        reason="no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)",
    ),
]
RED = "老公没有一天不打我, 今天又拿菜刀追我, 我躲在卫生间"
ORANGE = "隔壁为了停车位又打了我两拳, 脸都肿了"
GREEN = "请问身份证到期了去哪里换"
_PATIENCE = 20  # seconds for anything to happen on a busy machine


class Desk:
    """A browser before the desk."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address
        self.refusals = 0  # decisions that the API is meant to refuse: the browser writes each to its console

    def until(self, holds: Callable[[], Any]) -> Any:
        """What `holds` gives once it gives something; elements that are swapped meanwhile are looked for again."""
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.driver, _PATIENCE, 0.05, [StaleElementReferenceException]).until(lambda _: holds())

    def find(self, selector: str) -> Any:
        return self.until(lambda: self.driver.find_elements("css selector", selector))[0]

    def keys(self, *keys: str) -> None:
        """Keys as from a keyboard: to whatever has the focus, even while the page swaps it."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self, name: str) -> Any:
        """A `data-` attribute of what has the focus."""
        return self.driver.execute_script("return document.activeElement.dataset[arguments[0]]", name)

    def fetch(self, path: str, body: Any = None) -> Any:
        """Ask the API as the page would."""
        script = """const [path, body, done] = arguments;
            fetch(path, body ? {method: "POST", headers: {"content-type": "application/json"}, body} : {}).then(r => r.json()).then(done)"""
        return self.driver.execute_async_script(script, path, body and json.dumps(body))

    def assess(self, narrative: str, ident: str) -> None:
        assert self.fetch("/v1/assessments", {"narrative": narrative, "incident_id": ident})["incident_id"] == ident

    def state(self, ident: str) -> dict[str, Any]:
        told: dict[str, Any] = self.fetch(f"/v1/assessments/{ident}/record")
        return told["incident"]

    def open(self, ident: str) -> None:
        self.driver.get(f"{self.address}/?note={ident}")
        self.find(f'[data-note="{ident}"]')
        self.until(lambda: "实时" in self.driver.find_element("id", "live").text)  # the modules run


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    import pytest_socket
    import uvicorn

    pytest_socket.enable_socket()  # a module's fixture runs before the mark is looked at
    folder = tmp_path_factory.mktemp("browser")
    settings = Settings(database=f"sqlite:///{folder}/a.db", jobs_folder=folder / "jobs", demo=True, tier="rules", log_level="ERROR")
    server = uvicorn.Server(uvicorn.Config(create_app(settings, assessor=Assessor()), host="127.0.0.1", port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def desk(address: str, tmp_path: Path) -> Iterator[Desk]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--user-data-dir={tmp_path}", "--window-size=1366,768"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(_PATIENCE)
    try:
        driver.get(f"{address}/desk/login")
        desk = Desk(driver, address)
        yield desk
        said = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        refused = [message for message in said if "/decision - " in message and "status of 403" in message]
        assert (len(refused), [message for message in said if message not in refused]) == (desk.refusals, [])
        assert {url for url in _asked(driver) if not url.startswith((address, "chrome", "data:", "about:"))} == set()
    finally:
        driver.quit()


def _asked(driver: Any) -> Iterator[str]:
    """The addresses that the pages asked for."""
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            yield message["params"]["request"]["url"]


def test_triage_by_keyboard_alone(desk):
    desk.assess(ORANGE, "K1")
    desk.open("K1")
    before = desk.state("K1")
    desk.keys("u")
    desk.until(lambda: desk.state("K1")["rank"] == before["rank"] + 1)
    assert desk.state("K1")["status"] == "decided"
    desk.assess(GREEN, "K2")
    desk.driver.get(desk.address)
    desk.until(lambda: "实时" in desk.find("#live").text)
    desk.until(lambda: desk.driver.find_elements("css selector", '[data-id="K2"]'))
    for _ in desk.driver.find_elements("css selector", ".row"):
        desk.keys("j")
        if desk.focused("id") == "K2":
            break
    desk.keys("\ue007")  # Enter
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
    desk.until(lambda: desk.driver.find_elements("css selector", '[data-act="confirm"]'))
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
            desk.until(lambda: not desk.driver.find_elements("css selector", '[data-act="confirm"]'))
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
    desk.driver.get(f"{desk.address}/desk/typing")
    before = desk.fetch("/v1/assessments")["open_by_colour"]
    words = desk.find("#words")
    words.send_keys(RED)
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour") == "red")
    words.clear()
    words.send_keys(GREEN)
    desk.find("#lower").click()
    desk.until(lambda: desk.find("#typed").get_attribute("data-colour") == "green")
    assert desk.fetch("/v1/assessments")["open_by_colour"] == before
