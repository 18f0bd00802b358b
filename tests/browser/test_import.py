"""People bring their files through the pages of the import, in a real browser.

A server and a worker run as processes, on a database of their own.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from tests.real_data import real_data

pytestmark = [pytest.mark.real, pytest.mark.slow]

CHROMIUM = "/usr/bin/chromium"
EMAIL, PASSWORD = "ops@example.jp", "tabi-no-michi-7"
BEGIN = f"""
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
from tsunagu.app.people.actions import create_user
create_user(None, name="業務 太郎", email="{EMAIL}", role="operations", password="{PASSWORD}")
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing; install Debian's chromium")
    home, port = tmp_path_factory.mktemp("home"), free_port()
    left_out = {"DATABASE_URL", "SECRET_KEY"}
    env = {k: v for k, v in os.environ.items() if k not in left_out} | {
        "TSUNAGU_HOME": str(home),
        "TSUNAGU_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "tsunagu.app.config.settings",
    }
    subprocess.run([sys.executable, "-c", BEGIN], env=env, cwd=home, check=True)  # noqa: S603
    server = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi"]
    server += ["--host", "127.0.0.1", "--port", str(port), "tsunagu.app.config.wsgi:application"]
    worker = [sys.executable, "-m", "django", "db_worker", "--interval", "0.2", "--queue-name"]
    commands = (server, [*worker, "default"], [*worker, "scores"])
    processes = [subprocess.Popen(c, env=env, cwd=home) for c in commands]  # noqa: S603
    try:
        wait_for(f"http://127.0.0.1:{port}/health/")
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for(url: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310
            return
        time.sleep(0.2)
    raise TimeoutError(url)


def wait_until(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Models are learned in the background, on a machine that may be busy."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not in time"
        time.sleep(1)


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(locale="ja-JP").new_page()
        page.goto(address)
        page.fill("input[name=login]", EMAIL)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button.btn-primary, form button.btn-primary")
        yield page
        browser.close()


def bring(page: Page, address: str, file: Path, kind: str = "deals") -> None:
    """Step 1: choose the file and what its rows are."""
    page.goto(f"{address}/imports/")
    page.set_input_files("#files", file)
    page.check(f"input[name=kind][value={kind}]")
    page.get_by_role("button", name="アップロード").click()
    page.wait_for_url("**/columns/")


def assigned(page: Page) -> dict[str, str]:
    selects = page.locator("select[name^=column-]").all()
    found = {str(s.get_attribute("name")).removeprefix("column-"): s.input_value() for s in selects}
    return {field: header for field, header in found.items() if header}


def check_and_run(page: Page) -> None:
    """Steps 3 to 5."""
    page.get_by_role("button", name="ファイルを確認する").click()
    expect(page.locator("#status[data-state=checked]")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="取り込む").click()
    expect(page.locator("#status[data-state=done]")).to_be_visible(timeout=300_000)


def facts(page: Page) -> list[int]:
    """New, changed, unchanged, left out."""
    return [int(text.replace(",", "")) for text in page.locator("dl.facts dd").all_inner_texts()]


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def require_sensible_today(page: Page, address: str, running: Counter[tuple[str, str]]) -> None:
    """The day of the member with most deals begins with a running deal of the file, and says why.

    Args:
        running: how many deals run, by owner and customer.
    """
    owners = Counter(owner for owner, _customer in running.elements())
    owner, count = owners.most_common(1)[0]
    page.goto(f"{address}/team/?sort=-deals")
    page.get_by_role("link", name=owner, exact=True).click()
    page.wait_for_url("**/today/?member=*")
    first = page.locator("ol.today > li.line").first
    wait_until(lambda: page.reload() and first.locator(".risk b").count() == 1)

    expect(page.locator("p.tally")).to_contain_text(f"{count:,}")
    customer = first.locator(".line-deal > .under").first.inner_text()
    assert running[owner, customer], f"{owner} sells nothing to {customer} in the file"
    assert 1 <= int(first.locator(".risk b").inner_text().removesuffix("%")) <= 99
    reasons = first.locator(".reasons li").all_inner_texts()
    assert reasons
    assert all(re.search("[ぁ-ん一-龠]", reason) for reason in reasons), reasons


def test_the_schools_deals(page: Page, address: str) -> None:
    file = real_data("school_crm/deals.csv")
    bring(page, address, file)
    found = assigned(page)
    assert {k: found.get(k) for k in ("id", "customer", "owner", "created", "stage", "ended")} == {
        "id": "deal_id",
        "customer": "contact_id",
        "owner": "owner",
        "created": "created",
        "stage": "stage",
        "ended": "closing_date",
    }
    assert found["reason"] == "lost_reason"
    won = page.locator("select[name='word:outcome:Payment Done']")
    assert won.input_value() == "won"
    with page.expect_response("**/columns/"):  # trying another column shows its samples
        page.select_option("#column-amount", "initial_paid")
    page.select_option("#column-amount", "offer_total")

    check_and_run(page)

    # 1,408 are lost on an unknown day, 20 before they began.
    assert facts(page) == [11_173, 0, 0, 1_428]
    page.get_by_role("link", name="案件を見る").click()
    expect(page.locator("#rows tbody tr")).to_have_count(80)


def test_the_schools_calls_go_to_their_contacts_deals(
    page: Page, address: str, tmp_path: Path
) -> None:
    (calls := tmp_path / "calls.csv").write_bytes(
        gzip.decompress(real_data("school_crm/calls.csv.gz").read_bytes())
    )
    bring(page, address, calls, "activities")
    found = assigned(page)
    assert (found["contact"], found["at"], found["type"]) == ("contact_id", "start", "type")
    with page.expect_response("**/columns/"):
        page.select_option("#column-direction", "type")

    check_and_run(page)

    # Calls without a contact, of people without a deal, or while none or several were open.
    assert facts(page) == [42_140, 0, 0, 21_124]
    expect(page.locator(".problems tbody tr").first).to_contain_text("contact_id")
    file = real_data("school_crm/deals.csv")
    require_sensible_today(
        page,
        address,
        Counter(
            (row["owner"], row["contact_id"] or "顧客不明")
            for row in rows_of(file)
            if row["owner"] and row["stage"] not in {"Lost", "Payment Done"}
        ),
    )


def test_the_hardware_sellers_deals_and_the_same_again(page: Page, address: str) -> None:
    file = real_data("maven_crm/sales_pipeline.csv")
    bring(page, address, file)
    found = assigned(page)
    assert found == {
        "id": "opportunity_id",
        "customer": "account",
        "owner": "sales_agent",
        "created": "engage_date",
        "stage": "deal_stage",
        "close_date": "close_date",
        "amount": "close_value",
    }

    check_and_run(page)

    assert facts(page) == [8_300, 0, 0, 500]  # 500 prospects have no date at all yet
    expect(page.locator(".problems tbody tr").first).to_contain_text("engage_date")
    page.get_by_role("link", name="案件を見る").click()
    page.goto(f"{address}/deals/?q=Cancity&status=all")
    expect(page.locator("#rows tbody tr").first).to_contain_text("Cancity")
    require_sensible_today(
        page,
        address,
        Counter(
            (row["sales_agent"], row["account"] or "顧客不明")
            for row in rows_of(file)
            if row["deal_stage"] == "Engaging"
        ),
    )

    bring(page, address, file)
    page.get_by_role("button", name="ファイルを確認する").click()
    expect(page.locator("#status[data-state=checked]")).to_be_visible(timeout=60_000)
    assert facts(page) == [0, 0, 8_300, 500]
    expect(page.get_by_role("button", name="取り込む")).to_be_disabled()
