"""Pictures of each view at two sizes, of the demo county: `python -m tests.service.desk.shots FOLDER`. Looked at by people before they are committed."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

SIZES = {"": (1366, 768), "-phone": (390, 844)}
VIEWS = {"queue": "/", "typing": "/desk/typing", "board": "/desk/board", "daily": "/desk/daily", "overview": "/desk/overview"}


def take(folder: Path) -> None:
    import uvicorn
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    from service.api.app import create_app
    from service.assessor import Assessor
    from service.desk import demo
    from service.settings import Settings

    with tempfile.TemporaryDirectory() as place:
        settings = Settings(database=f"sqlite:///{place}/a.db", jobs_folder=Path(place) / "jobs", demo=True, tier="rules", log_level="ERROR")
        app = create_app(settings, assessor=Assessor())
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.05)
        demo.fill(app.state.context.store, app.state.context.assessor)
        address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={place}/b"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            wanted = sys.argv[2:] or list(VIEWS)
            for suffix, (width, height) in SIZES.items():
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": bool(suffix)})
                for name in wanted:
                    driver.get(address + VIEWS[name])
                    time.sleep(0.8)
                    _save(driver.get_screenshot_as_png(), folder / f"{name}{suffix}.png")
        finally:
            driver.quit()
            server.should_exit = True
            thread.join(20)


def _save(data: bytes, path: Path) -> None:
    """A picture in 64 colours: flat pages need no more, and the repository stays light."""
    import io

    from PIL import Image

    Image.open(io.BytesIO(data)).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]))
