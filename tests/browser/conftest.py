"""A real browser against a running server; skipped, saying so, where Chromium is missing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.app.factories import PASSWORD, Organisation, make_organisation

from tsunagu.app.people.models import User

TELEPHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 860}


@pytest.fixture(scope="module", autouse=True)
def beside_an_event_loop() -> Iterator[None]:
    """Playwright runs a loop in this thread; Django would refuse to ask the database beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="module")
def chromium(beside_an_event_loop: None) -> Iterator[Any]:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("NO BROWSER TEST: there is no Chromium (Debian's package chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def work_waits(settings: Any) -> None:
    """Tasks wait for a worker, as in life; done within the request they would hold every click."""
    backend = "django_tasks.backends.dummy.DummyBackend"
    settings.TASKS = {"default": {"BACKEND": backend, "QUEUES": ["default", "scores", "outward"]}}


@pytest.fixture
def organisation(transactional_db: None) -> Organisation:
    return make_organisation()


def _complaint(message: Any) -> list[str]:
    """What the browser complains of, save that the server said no: a test may want that."""
    refused = message.text.startswith("Failed to load resource")
    return [message.text] if message.type == "error" and not refused else []


@pytest.fixture
def enter(chromium: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """Log ``user`` in through the form and give the page. No script may fail or be blocked."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def log_in(user: User, size: dict[str, int] = TELEPHONE) -> Any:
        touch = size is TELEPHONE
        context = chromium.new_context(
            base_url=live_server.url, viewport=size, has_touch=touch, is_mobile=touch
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(_complaint(message)))
        page.goto("/")
        page.fill("[name=login]", user.email)
        page.fill("[name=password]", PASSWORD)
        page.click("form button.btn-primary")
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert complaints == []
