"""A real Chromium without a screen before a desk that really listens: what the browser tests share."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop  # noqa: F401  # keeps the socket class that stands when it is first imported: here, before a test blocks sockets

from service.api.app import create_app
from service.assessor import Assessor
from service.desk import demo
from service.settings import Settings

BROWSER = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
DRIVER = shutil.which("chromedriver")
MARKS = [
    pytest.mark.enable_socket,  # the browser, its driver and the service speak over loopback
    pytest.mark.skipif(
        not (BROWSER and DRIVER) and not os.environ.get("FENGQIAO_NEEDS_BROWSER"),  # set by .ci/run: there the tests fail
        reason="no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)",
    ),
]
RED = "老公没有一天不打我, 今天又拿菜刀追我, 我躲在卫生间"
ORANGE = "隔壁为了停车位又打了我两拳, 脸都肿了"
GREEN = "请问身份证到期了去哪里换"
FRAUD = "我妈正在银行要给办案的民警转三十万到安全账户, 拦不住"
_PATIENCE = 45  # seconds for anything to happen on a busy machine


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

    def there(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def told(self, selector: str, name: str) -> list[str]:
        """A `data-` attribute of all such elements, at one moment."""
        return self.driver.execute_script("return [...document.querySelectorAll(arguments[0])].map(e => e.dataset[arguments[1]])", selector, name)

    def keys(self, *keys: str) -> None:
        """Keys as from a keyboard: to whatever has the focus, even while the page swaps it."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def opens(self, key: str, selector: str) -> Any:
        """Press a key until what it opens is there, once every few seconds: on a busy machine one was seen to go astray twice (2026-11-23, cause not found)."""

        def pressed() -> list[Any]:
            self.keys(key)
            late = time.monotonic() + _PATIENCE / 9
            while not (found := self.there(selector)) and time.monotonic() < late:
                time.sleep(0.05)
            return found

        return self.until(pressed)[0]

    def focused(self, name: str) -> Any:
        """A `data-` attribute of what has the focus."""
        return self.driver.execute_script("return document.activeElement.dataset[arguments[0]]", name)

    def fetch(self, path: str, body: Any = None) -> Any:
        """Ask the API as the page would."""
        script = """const [path, body, done] = arguments;
            fetch(path, body ? {method: "POST", headers: {"content-type": "application/json"}, body} : {}).then(r => r.json()).then(done)"""
        return self.driver.execute_async_script(script, path, body and json.dumps(body))

    def assess(self, narrative: str, ident: str, **more: Any) -> None:
        assert self.fetch("/v1/assessments", {"narrative": narrative, "incident_id": ident, **more})["incident_id"] == ident

    def state(self, ident: str) -> dict[str, Any]:
        told: dict[str, Any] = self.fetch(f"/v1/assessments/{ident}/record")
        return told["incident"]

    def go(self, path: str) -> None:
        self.driver.get(self.address + path)
        # until a page has drawn its first frame the browser drops keys and clicks
        self.driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))")

    def live(self) -> None:
        """Wait until the page's modules run and the stream of events is open."""
        self.until(lambda: "实时" in self.find("#live").get_attribute("textContent"))

    def open(self, ident: str) -> None:
        self.go(f"/?note={ident}")
        self.find(f'[data-note="{ident}"]')
        self.live()

    def size(self, width: int, height: int) -> None:
        told = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", told)


@contextmanager
def serving(folder: Path, *, filled: bool = False, assessor: Assessor | None = None, **more: Any) -> Iterator[str]:
    """A demo that listens on a port of its own (`filled` with the fictional county); its address."""
    settings = Settings(**{"database": f"sqlite:///{folder}/a.db", "jobs_folder": folder / "jobs", "demo": True, "tier": "rules", "log_level": "ERROR"} | more)
    app = create_app(settings, assessor=assessor or (Assessor() if settings.tier == "rules" else None))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    if filled:
        demo.fill(app.state.context.store, app.state.context.assessor)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """A Chromium of 1366×768 with a profile of its own."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", f"--user-data-dir={folder}", "--window-size=1366,768"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    driver.set_script_timeout(_PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


def complaints(desk: Desk) -> tuple[int, list[str], set[str]]:
    """Refused decisions, other errors and warnings of the console, and addresses outside the desk that were asked for, since the last time."""
    said = [entry["message"] for entry in desk.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    refused = [message for message in said if "/decision - " in message and "status of 403" in message]
    outside = {url for url in _asked(desk.driver) if not url.startswith((desk.address, "chrome", "data:", "about:", f"blob:{desk.address}"))}
    return len(refused), [message for message in said if message not in refused], outside


def _asked(driver: Any) -> Iterator[str]:
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            yield message["params"]["request"]["url"]
