"""The report in a real browser: readable at the desk and on a telephone, in both languages."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, sync_playwright

from tsunagu.analytics.contracts import Language, score_schema
from tsunagu.cli.report import EvaluationRow, EvaluationSection, Report, write_report
from tsunagu.cli.rows import MAIN_COLUMN, DealRow

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="CHROMIUM IS MISSING: the report was not looked at in a browser"
)


def deal(number: int, title: str) -> DealRow:
    incidences = dict.fromkeys(score_schema().names[2:], 0.0) | {MAIN_COLUMN: 0.61}
    reasons = ("お客様からの返信が23日間ありません（この段階の通常は6日）", "<b>not bold</b>")
    return DealRow(
        f"D-{number}", title, "山田商店", "佐藤 花子", "提案", 3_290_000.0, incidences, reasons, {}
    )


def report(rows: list[DealRow]) -> Report:
    table = pa.table({MAIN_COLUMN: [r.risk for r in rows], "amount": [r.amount for r in rows]})
    section = EvaluationSection(
        split="2026-03-16",
        headings=["predictor", *[f"figure {i}" for i in range(11)]],
        rows=[EvaluationRow(ours=True, cells=["tsunagu", *["42% (39%–46%)"] * 11])],
        figures=["<svg viewBox='0 0 10 10' width='700' height='400'><text>図</text></svg>"],
    )
    return Report(
        moment=datetime(2026, 3, 31, tzinfo=UTC),
        simulated=True,
        other="report.en.html",
        table=table,
        deals=rows,
        order="手を打つ時間のある順",
        evaluation=section,
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_report_fits_the_screen(
    browser: Browser, tmp_path: Path, language: Language, width: int
) -> None:
    rows = [deal(i, "とても長い件名" * 12) for i in range(30)]
    write_report(tmp_path / "report.html", report(rows), language)
    page = browser.new_page(viewport={"width": width, "height": 900})
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((tmp_path / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".deals tbody tr").count() == 30
    assert len(requests) == 1  # nothing is asked of anybody
    page.close()


def test_what_users_wrote_is_shown_as_text_not_run(browser: Browser, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", report([deal(1, "<script>alert(1)</script>")]), "ja")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("script").count() == 0
    assert page.get_by_text("<b>not bold</b>").is_visible()
    page.close()


def test_without_open_deals_the_report_says_so(browser: Browser, tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", report([]), "en")
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.get_by_text("There are no open deals.").is_visible()
    page.close()
