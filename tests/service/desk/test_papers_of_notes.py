"""Papers beside a note: those that suit it first, a page to print, no wrong address."""

from __future__ import annotations

import pytest

from tests.service.desk.test_daily import GREEN, LEAK, RED, part, put

FRAUD = "我妈正在银行要给办案的民警转三十万到安全账户, 拦不住"


@pytest.mark.parametrize(
    ("text", "fit", "unfit"),
    [(RED, "dv_admonition", "stop_payment_sheet"), (FRAUD, "stop_payment_sheet", "dv_admonition"), (LEAK, "mediation_agreement", "dissuasion_notice")],
)
def test_what_suits_comes_first_and_the_rest_can_be_made(opened, text, fit, unfit):
    put(opened, text, "P1")
    note = opened.get("/desk/notes/P1").text
    first, others = part(note, "<h3>文书", "<details>"), part(note, "其他文书", "</details>")
    assert f'data-paper="{fit}"' in first
    assert f'data-paper="{unfit}"' in others


def test_the_page_to_print_is_the_draft_of_the_api(opened):
    put(opened, RED, "P2")
    page = opened.get("/desk/notes/P2/papers/dv_admonition")
    assert page.status_code == 200
    assert page.headers["fengqiao-draft"] == "true"
    assert "草稿" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for wrong in ("/desk/notes/P2/papers/nothing", "/desk/notes/nobody/papers/dv_admonition"):
        assert opened.get(wrong).status_code == 404
    assert opened.get("/desk/notes/P2/papers/daily_review").status_code == 422


def test_a_fraud_is_headed_by_its_script_and_how_far_it_has_gone(opened):
    told = put(opened, FRAUD, "P3")["fraud"]
    heading = f"{told['scripts'][0]['name']} · {told['stage_name']}"
    assert f"<span>{heading}</span>" in opened.get("/desk/notes/P3").text
    assert heading in opened.get("/").text
    assert f"<span>{heading}</span>" in opened.post("/desk/typing", json={"narrative": FRAUD}).text
    category = put(opened, GREEN, "P4")["category"]["name"]
    assert f"<span>{category}</span></h2>" in opened.get("/desk/notes/P4").text
