"""How quick the desk is, on this machine and now: `python -m tests.service.desk.pace`. Figures for the README; no test asserts a time.

Typing: from the keystroke to the answer on the page, a character at a time as somebody types. Queue: from asking for the page until its modules run
and the first paint is done, with so many open incidents.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.service.desk.chromium import Desk, browser, serving

OPEN = 5000
TYPED = "报警人称住在楼下的李某因为停车的事多次上门辱骂, 昨天晚上又拿着菜刀到门口砍门, 家里还有两个孩子, 请民警尽快过来"
_TELLS = """const [done] = arguments, box = document.getElementById("typed"), told = [];
    window.told = told; new MutationObserver(() => told.push(Number(box.dataset.took))).observe(box, {attributes: true, attributeFilter: ["data-took"]}); done(1)"""


def fill(desk: Desk, count: int) -> None:
    """So many open incidents, of all colours."""
    from corpora import narratives

    texts = [told["text"] for told in narratives() if 10 < len(told["text"]) < 300]
    for start in range(0, count, 500):
        some = [{"narrative": texts[number % len(texts)], "incident_id": f"N{number}"} for number in range(start, min(count, start + 500))]
        assert all(desk.fetch("/v1/assessments:batch", {"incidents": some})["ids"])


def typing(desk: Desk) -> list[float]:
    """Milliseconds from keystroke to answer, for each answer that was shown."""
    import time

    desk.go("/desk/typing")
    desk.find("#words").send_keys("报")
    desk.until(lambda: desk.find("#typed").get_attribute("data-took"))
    desk.driver.execute_async_script(_TELLS)
    for character in TYPED[1:]:
        desk.keys(character)
        time.sleep(0.08)
    time.sleep(1)
    return desk.driver.execute_script("return window.told")


def interactive(desk: Desk) -> dict[str, float]:
    """Milliseconds of one load of the queue. `ready`: the page and its modules have run; `painted`: the first words are there."""
    desk.go("/desk/login")
    desk.go("/")
    desk.live()
    told: dict[str, Any] = desk.driver.execute_script(
        """const n = performance.getEntriesByType("navigation")[0], p = performance.getEntriesByName("first-contentful-paint")[0];
        return {answered: n.responseEnd, painted: p ? p.startTime : 0, ready: n.domContentLoadedEventEnd, rows: document.querySelectorAll("[data-id]").length}"""
    )
    return told


def measure() -> None:
    for tier in ("rules", "cascade"):
        with tempfile.TemporaryDirectory() as place, serving(Path(place), tier=tier) as address, browser(Path(place) / "b") as driver:
            desk = Desk(driver, address)
            desk.go("/desk/login")
            typing(desk)
            times = sorted(typing(desk))
            print(
                f"typing {tier}: {len(times)} answers to {len(TYPED) - 1} keys, median {statistics.median(times):.0f} ms, 95 % {times[int(len(times) * 0.95)]:.0f} ms, most {times[-1]:.0f} ms"
            )
            if tier == "rules":
                driver.set_script_timeout(300)
                fill(desk, OPEN)
                loads = [interactive(desk) for _ in range(7)]
                for name in ("answered", "painted", "ready"):
                    print(
                        f"queue of {OPEN}: {name} median {statistics.median(load[name] for load in loads):.0f} ms, most {max(load[name] for load in loads):.0f} ms"
                    )


if __name__ == "__main__":
    measure()
