"""The editor in the browser, the history of versions, and what ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.app.conftest import browser
from tests.app.factories import Organisation
from tests.app.playbooks.making import a_playbook, a_step, content, said

from tsunagu.app.organisation.erasure import erase
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.playbooks import actions
from tsunagu.app.playbooks.models import Playbook
from tsunagu.app.playbooks.shipping import load_shipped

SHIPPED = """
key = "{key}"
version = {version}
causes = ["any"]
[name]
ja = "標準の手順"
en = "Shipped"
[purpose]
ja = "目的"
en = "Purpose"
[[steps]]
key = "one"
day = {day}
role = "owner"
channel = "internal"
[steps.name]
ja = "一つ目"
en = "One"
[steps.text]
ja = "する"
en = "Do"
[steps.done]
ja = "した"
en = "Done"
"""


def ship(folder: Path, version: int, day: int = 0) -> Playbook:
    text = SHIPPED.format(key="shipped-one", version=version, day=day)
    (folder / "shipped-one.toml").write_text(text, encoding="utf-8")
    load_shipped(folder)
    return Playbook.objects.select_related("in_use").get(key="shipped-one")


@pytest.fixture
def client(organisation: Organisation) -> Client:
    return browser(organisation.operations)


@pytest.fixture
def playbook(organisation: Organisation) -> Playbook:
    return a_playbook(organisation.operations, a_step("one"), a_step("two", day=3))


def typed(*keys: str, **changed: Any) -> dict[str, Any]:
    """What the editor's form sends for steps with these keys."""
    data: dict[str, Any] = {
        "base": 1,
        "count": len(keys),
        "name_ja": "直した手順",
        "purpose_ja": "目的",
        "causes": ["any"],
    }
    for n, key in enumerate(keys):
        fields = {"key": key, "day": n, "role": "owner", "channel": "internal", "gate": ""}
        fields |= {"condition": "always", "approval": "none", "done_by": ""}
        fields |= {"name_ja": f"手順 {key}", "text_ja": "する"}
        data |= {f"step-{n}-{name}": value for name, value in fields.items()}
    return {**data, **changed}


def test_what_ships_is_loaded_by_the_migration(db: None) -> None:
    assert Playbook.objects.filter(in_use__shipped__isnull=False).exists()
    assert load_shipped() == 0


def test_a_newer_shipped_version_is_used_where_nobody_edited(db: None, tmp_path: Path) -> None:
    ship(tmp_path, 1)

    found = ship(tmp_path, 2, day=4)

    assert found.in_use is not None
    assert found.in_use.parsed.steps[0].day == 4


def test_a_newer_shipped_version_is_only_offered_where_people_edited(
    organisation: Organisation, client: Client, tmp_path: Path
) -> None:
    first = ship(tmp_path, 1)
    client.post(f"/playbooks/{first.pk}/edit/", {**typed("one", "mine"), "do": "publish"})

    found = ship(tmp_path, 2, day=4)

    assert found.in_use is not None
    assert found.in_use.made_by == organisation.operations
    newest = found.versions.order_by("-number")[0]
    page = client.get(f"/playbooks/{found.pk}/").content.decode()
    assert "つなぐ標準の新しい版があります" in page
    assert "手順 mine" in page.partition("newer")[2]
    client.post(f"/playbooks/versions/{newest.pk}/restore/")
    found.refresh_from_db()
    assert found.in_use is not None
    assert found.in_use.parsed.steps[0].day == 4
    assert (
        "つなぐ標準の新しい版があります"
        not in client.get(f"/playbooks/{found.pk}/").content.decode()
    )


def test_publishing_makes_a_version_that_tells_what_changed(
    client: Client, playbook: Playbook
) -> None:
    answer = client.post(
        f"/playbooks/{playbook.pk}/edit/",
        {**typed("two", "one"), "do": "publish", "note": "順番を変えた"},
    )

    assert answer.status_code == 302
    page = client.get(f"/playbooks/{playbook.pk}/").content.decode()
    assert "順番を変えた" in page
    assert "順序の変更" in page
    playbook.refresh_from_db()
    assert playbook.in_use is not None
    assert [s.key for s in playbook.in_use.parsed.steps] == ["two", "one"]


@pytest.mark.parametrize(
    ("do", "keys"),
    [
        ("add", ["one", "two", "step-1"]),
        ("up:1", ["two", "one"]),
        ("up:0", ["one", "two"]),
        ("down:0", ["two", "one"]),
        ("remove:0", ["two"]),
        ("remove:9", ["one", "two"]),
        ("stay", ["one", "two"]),
    ],
)
def test_steps_are_added_moved_and_removed_and_what_was_typed_stays(
    client: Client, playbook: Playbook, do: str, keys: list[str]
) -> None:
    answer = client.post(f"/playbooks/{playbook.pk}/edit/", {**typed("one", "two"), "do": do})

    page = answer.content.decode()
    shown = [page.index(f'-key" value="{key}"') for key in keys]
    assert shown == sorted(shown)
    assert page.count('-key" value="') == len(keys)
    assert "直した手順" in page
    assert playbook.versions.count() == 1


def test_what_is_wrong_is_said_at_its_place_and_nothing_is_published(
    client: Client, playbook: Playbook
) -> None:
    wrong = {"step-1-channel": "telephone", "step-1-script_ja": "{contct}様", "step-0-day": "x"}

    answer = client.post(
        f"/playbooks/{playbook.pk}/edit/", {**typed("one", "two"), **wrong, "do": "publish"}
    )

    assert answer.status_code == 422
    page = answer.content.decode()
    assert "直す箇所が2か所" in page
    second = page.partition('aria-label="ステップ2"')[2]
    assert "「{contct}」という変数はありません" in second
    assert playbook.versions.count() == 1


def test_the_preview_follows_the_draft_and_marks_nothing_wrong(
    client: Client, playbook: Playbook
) -> None:
    script = {"step-0-channel": "telephone", "step-0-script_ja": "<i>{customer}</i> 御中"}

    page = client.post(f"/playbooks/{playbook.pk}/preview/", {**typed("one"), **script})
    broken = client.post(f"/playbooks/{playbook.pk}/preview/", typed("one", name_ja=""))

    assert '&lt;i&gt;<span class="filled">株式会社サンプル</span>' in page.content.decode()
    assert "先に直す箇所" in broken.content.decode()


def test_a_draft_begun_before_anothers_version_is_refused(
    organisation: Organisation, client: Client, playbook: Playbook
) -> None:
    actions.publish(organisation.administrator, playbook, content(a_step("three")), base=1)

    answer = client.post(
        f"/playbooks/{playbook.pk}/edit/", {**typed("one", "two"), "do": "publish"}
    )

    assert answer.status_code == 422
    assert "第2版" in answer.content.decode()


def test_an_earlier_version_is_taken_up_again(
    organisation: Organisation, client: Client, playbook: Playbook
) -> None:
    first = playbook.versions.get()
    actions.publish(organisation.operations, playbook, content(a_step("three")), base=1)

    client.post(f"/playbooks/versions/{first.pk}/restore/")

    playbook.refresh_from_db()
    assert playbook.in_use is not None
    assert playbook.in_use.number == 3
    assert playbook.in_use.parsed.steps == first.parsed.steps


def test_a_copy_and_an_archived_one(client: Client, playbook: Playbook) -> None:
    answer = client.post("/playbooks/add/", {"copy": playbook.pk})
    client.post(f"/playbooks/{playbook.pk}/change/", {"do": "archive"})

    assert answer.headers["Location"].endswith("/edit/")
    page = client.get("/playbooks/").content.decode()
    assert "試験の手順（コピー）" in page
    assert f'href="/playbooks/{playbook.pk}/"' not in page
    assert "試験の手順" in client.get("/playbooks/?archived=1").content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("cause=customer.contact_left", True),
        ("cause=customer", True),
        ("cause=any", False),
        ("cause=environment", False),
        ("q=異動", True),
        ("q=contact+person", True),
        ("q=nothing", False),
    ],
)
def test_the_list_is_narrowed_by_cause_and_name(client: Client, query: str, found: bool) -> None:
    page = client.get(f"/playbooks/?{query}").content.decode()

    pk = Playbook.objects.get(key="contact-left").pk
    assert (f'href="/playbooks/{pk}/"' in page) == found


def test_the_list_asks_as_often_for_many_as_for_few(
    organisation: Organisation, client: Client
) -> None:
    few = asked(client)
    for n in range(20):
        a_playbook(organisation.operations, key=f"more-{n}", name=said(f"手順{n}"))

    assert asked(client) == few


def asked(client: Client) -> int:
    client.get("/playbooks/")
    with CaptureQueriesContext(connection) as seen:
        client.get("/playbooks/")
    return len(seen)


def test_an_erased_users_words_about_tasks_are_gone(organisation: Organisation) -> None:
    from tests.app.playbooks.making import a_case, task_of

    user = organisation.colleague
    case = a_case(user, organisation.unshared)
    run = actions.start_run(user, case, a_playbook(organisation.operations))
    actions.skip(user, task_of(run, "first"), "部長と話した")
    user.is_active = False
    user.save(update_fields=["is_active"])

    erase(organisation.administrator, Subject.of(user))

    task = task_of(run, "first")
    assert "部長" not in task.skipped_reason + task.notes.get().text
