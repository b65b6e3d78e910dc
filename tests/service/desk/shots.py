"""Pictures of each view at two sizes, of the demo county: `python -m tests.service.desk.shots FOLDER [VIEW …]`. Look at each before it is committed."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

from tests.service.desk.chromium import Desk, browser, serving

SIZES = {"": (1366, 768), "-phone": (390, 844)}
VIEWS = {
    "queue": "/",
    "typing": "/desk/typing",
    "board": "/desk/board",
    "daily": "/desk/daily",
    "overview": "/desk/overview",
    "note": "/",
    "fraud": "/",
    "ask": "/",
}
MOST = 90_000  # bytes
TYPED = "隔壁又把车堵在我家门口, 说了他几句, 他就拿铁锹要打我, 现在还在门口骂"


def take(folder: Path, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place, serving(Path(place), filled=True) as address, browser(Path(place) / "b") as driver:
        desk = Desk(driver, address)
        for suffix, size in SIZES.items():
            desk.size(*size)
            for name in wanted or VIEWS:
                _prepare(desk, name, VIEWS[name])
                time.sleep(0.8)
                _save(driver.get_screenshot_as_png(), folder / f"{name}{suffix}.png")


def _prepare(desk: Desk, name: str, path: str) -> None:
    desk.go(path)
    if name in ("queue", "note", "ask", "fraud"):
        shown = desk.fetch("/v1/assessments", None)["items"]
        top = [item["incident"] for item in shown if item["incident"]["script" if name == "fraud" else "dispute"]]
        chosen = max(top, key=lambda state: (state["rank"], state["received_at"]))["key"]
        if name == "fraud":
            desk.go(f"/desk/notes/{chosen}")
        elif name != "queue" or desk.driver.execute_script("return innerWidth") > 860:
            desk.open(chosen)
    if name in ("note", "fraud"):  # the cards below: what is seen without scrolling is on the picture of the queue
        desk.driver.execute_script("const card = document.querySelector('.note .card'); card.scrollIntoView(); scrollBy(0, -60)")
    if name == "ask":
        desk.keys("d")
    if name == "typing":
        desk.find("#words").send_keys(TYPED)
        desk.until(lambda: desk.find("#typed").get_attribute("data-colour"))
        time.sleep(1)
        desk.keys("。")


def _save(data: bytes, path: Path) -> None:
    """A picture in few colours, the more the better under 90 kB: flat pages need no more, and the repository stays light."""
    from PIL import Image

    whole = Image.open(io.BytesIO(data)).convert("RGB")
    for colours in (128, 96, 64, 48):
        whole.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= MOST:
            return


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2:])
