"""The server is killed (kill -9) while a person works: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from tests.installation import (
    Installation,
    children,
    free_port,
    installation,
    is_free,
    kill_all,
    serve,
    wait_for,
)

VENDOR = Path(__file__).parents[2] / "src/tsunagu/app/static/vendor/icons.svg"
EMAIL, PASSWORD = "u@example.jp", "tabi-no-michi-7"
DEALS, FORMS = 3, 45
CSRF = "csrftoken"

BEGIN = f"""
from tsunagu.cli import application
application.set_up()
application.migrate()
from tsunagu.app.customers.models import Customer
from tsunagu.app.deals.actions import create_deal
from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.people.actions import create_user
user = create_user(None, name="営業", email="{EMAIL}", password="{PASSWORD}")
customer = Customer.objects.create(external_id="C", name="青葉商事")
process = Process.objects.create(name="標準", is_default=True)
Stage.objects.create(process=process, key="提案", name="提案", position=0)
for number in range({DEALS}):
    create_deal(user, title=f"案件{{number}}", customer=customer, owner=user, process=process)
"""
LOOK_AGAIN = """
from tsunagu.cli import application
application.set_up()
from django.utils import timezone
from tsunagu.app.scoring.models import Schedule
Schedule.objects.filter(name="left behind").update(due_at=timezone.now())
"""


class Person:
    """Fills in forms, and sends one again until it is answered: with the same key, as a page does.

    The cookies outlive the server, as they do in a browser.
    """

    def __init__(self, port: int, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.address = f"http://localhost:{port}"
        self.form = {"login": email, "password": password}
        self.cookies = CookieJar()
        self.web = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), NoRedirect()
        )

    def log_in(self) -> None:
        self.web.open(f"{self.address}/accounts/login/", timeout=20).close()
        assert self.post("/accounts/login/", **self.form)

    def read(self, path: str) -> str:
        with self.web.open(f"{self.address}{path}", timeout=20) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **fields: str) -> bool:
        """Whether the form was taken."""
        token = next(c.value for c in self.cookies if c.name == CSRF)
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        try:
            self.web.open(f"{self.address}{path}", data, timeout=20).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 302  # what is refused for good is waited for in vain
        except OSError:
            return False
        return False

    def log_activities(self, deals: list[int]) -> None:
        for number in range(FORMS):
            path = f"/deals/{deals[number % len(deals)]}/log/"
            form = {"what": "call:talked", "once": f"form-{number}", "text": f"話{number}"}
            wait_for(lambda path=path, form=form: self.post(path, **form), "an answer")  # type: ignore[misc]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Says where it would go, and does not."""

    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def cut_power(server: subprocess.Popen[str], port: int) -> None:
    kill_all(server)
    wait_for(lambda: is_free(port), "the end of the web process", 20)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Installation]:
    if not VENDOR.exists():
        pytest.skip("run scripts/assets first: the server serves third-party files")
    with installation(tmp_path) as made:
        made.python("-c", BEGIN)
        yield made


@pytest.mark.slow
def test_what_a_person_sent_is_there_once_whatever_was_killed(there: Installation) -> None:
    port = free_port()
    deals = [pk for (pk,) in there.ask("SELECT id FROM deals_deal ORDER BY id")]
    logged = "SELECT count(*) FROM deals_event WHERE kind = 'call'"
    server = serve(there, port)
    try:
        person = Person(port)
        person.log_in()
        with ThreadPoolExecutor(1) as at_work:
            work = at_work.submit(person.log_activities, deals)
            wait_for(lambda: there.one(logged) >= FORMS // 3, "the first activities")
            cut_power(server, port)
            assert there.one(logged) < FORMS, "killed too late: the test shows nothing"
            server = serve(there, port)
            for worker in children(server)[1:]:
                os.killpg(worker, signal.SIGKILL)
            work.result(120)
        everything_is_there_once(there)
        time.sleep(0.5)  # the last request may have been taken up by now
        there.python("-c", LOOK_AGAIN)
        the_scores_know_it(there)
    finally:
        cut_power(server, port)


def everything_is_there_once(there: Installation) -> None:
    [counts] = there.ask(
        "SELECT count(*), count(DISTINCT natural_key), count(DISTINCT text) FROM deals_event"
        " WHERE kind = 'call'"
    )
    assert counts == (FORMS, FORMS, FORMS)
    newest = "SELECT max(at) FROM deals_event e WHERE e.deal_id = d.id AND kind = 'call'"
    folded = f"SELECT count(*) FROM deals_deal d WHERE last_activity_at = ({newest})"  # noqa: S608
    assert there.one(folded) == DEALS


def the_scores_know_it(there: Installation) -> None:
    waiting = "SELECT count(*) FROM scoring_rescorerequest"
    wait_for(lambda: there.one(waiting) == 0, "scores of all that changed")
    newest = "SELECT max(recorded_at) FROM deals_event e WHERE e.deal_id = s.deal_id"
    fresh = f"SELECT count(*) FROM scoring_score s WHERE NOT stale AND at >= ({newest})"  # noqa: S608
    assert there.one(fresh) == DEALS
