"""A whole organisation leaves as one file and comes back the same, or not at all."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import Error, connection, transaction
from django.db.models import QuerySet
from tests.app.conftest import browser
from tests.app.exports.rows import fill_every_table
from tests.app.factories import Organisation, make_user

from tsunagu.app.deals.models import Event
from tsunagu.app.exports import actions, store, tasks
from tsunagu.app.exports.archive import packing, tables, unpacking
from tsunagu.app.exports.archive.unpacking import ArchiveError
from tsunagu.app.exports.models import Export, State
from tsunagu.app.organisation import erasure
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry, Role, User

SECRET_SOUNDING = re.compile(r"password|secret|token|hash|credential|api_?key")
NO_SECRETS = {
    "exchange.import.token": "which worker holds it",
    "knowledge.caseprofile.tokens": "words to be found by",
    "knowledge.lesson.tokens": "likewise",
    "knowledge.improvement.tokens": "likewise",
}


@pytest.fixture(autouse=True)
def files_of_its_own(settings: Any, tmp_path: Path) -> None:
    """An installation where no other test has put a file."""
    there = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": there}


def silent(*_said: Any) -> None:
    return None


def pack(path: Path, *, passwords: bool = True) -> dict[str, Any]:
    return packing.pack(path, passwords=passwords, tell=silent)


def contents() -> dict[str, list[Any]]:
    """Every row of every table."""
    return {
        tables.label(model): [json.loads(line) for line in tables.lines(model, secrets=True)]
        for model in tables.kept()
    }


def empty_everything() -> None:
    """What a new installation begins with."""
    with connection.cursor() as cursor:
        for model in reversed(tables.kept()):
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608
    for name in list(files()):
        default_storage.delete(name)


def files(folder: str = "") -> Iterator[str]:
    folders, names = default_storage.listdir(folder)
    yield from (f"{folder}/{name}".lstrip("/") for name in names)
    for each in folders:
        yield from files(f"{folder}/{each}".lstrip("/"))


@contextmanager
def taken_apart(archive: Path) -> Iterator[dict[str, bytes]]:
    """The archive's parts, to be tampered with."""
    with zipfile.ZipFile(archive) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    yield parts
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)


@pytest.fixture
def archive(organisation: Organisation, tmp_path: Path) -> Path:
    fill_every_table()
    path = tmp_path / "all.zip"
    pack(path)
    return path


def test_every_table_comes_back_as_it_was(archive: Path) -> None:
    before, kept = contents(), set(files())
    assert [name for name, rows in before.items() if not rows] == []

    empty_everything()
    unpacking.restore(archive, silent)

    after = contents()
    [entry] = after["people.auditentry"][len(before["people.auditentry"]) :]
    after["people.auditentry"].remove(entry)
    assert after == before
    assert set(files()) == kept
    assert default_storage.open("rooms/1/file").read() == b"\x00PNG\xff"


def test_a_restore_leaves_an_audit_entry_in_what_it_restored(archive: Path) -> None:
    empty_everything()
    manifest = unpacking.restore(archive, silent)

    entry = AuditEntry.objects.get(action="restore")
    assert entry.actor is None
    assert (entry.through or "").startswith("command line: ")
    assert entry.after["file"] == "all.zip"
    assert entry.after["made_at"] == manifest["made_at"]


def test_life_goes_on_after_a_restore(archive: Path) -> None:
    """Keys are counted on, people log in, and facts are refused as ever."""
    highest = User.objects.order_by("-pk")[0].pk
    empty_everything()
    unpacking.restore(archive, silent)

    assert make_user().pk > highest
    assert User.objects.filter(role=Role.ADMINISTRATOR)[0].check_password("tabi-no-michi-7")
    with pytest.raises(Error), transaction.atomic():
        QuerySet(Event).update(value="x")


def test_what_is_left_out_says_why_and_is_there() -> None:
    labels = {tables.label(model) for model in apps.get_models(include_auto_created=True)}

    assert set(tables.LEFT_OUT) <= labels
    assert all(tables.LEFT_OUT.values())


def test_every_column_that_sounds_like_a_secret_was_thought_about() -> None:
    """A new one goes to SECRETS (and is blanked on the web), or here with its reason."""
    sounding = {
        f"{tables.label(model)}.{field.attname}"
        for model in tables.kept()
        for field in tables.fields(model)
        if SECRET_SOUNDING.search(field.attname)
    }
    blanked = {f"{name}.{column}" for name, found in tables.SECRETS.items() for column in found}

    assert sounding - blanked == set(NO_SECRETS)


@pytest.mark.django_db
def test_a_new_installation_holds_nothing_but_what_is_seeded() -> None:
    filled = {tables.label(m) for m in tables.kept() if QuerySet(m).exists()}

    assert filled <= tables.SEEDED


def test_passwords_stay_behind_where_asked(organisation: Organisation, tmp_path: Path) -> None:
    manifest = pack(tmp_path / "all.zip", passwords=False)

    users = zipfile.ZipFile(tmp_path / "all.zip").read("tables/people.user.ndjson").splitlines()
    assert manifest["passwords"] is False
    assert {json.loads(line)["password"] for line in users} == {"!"}
    empty_everything()
    unpacking.restore(tmp_path / "all.zip", silent)
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_the_erased_stay_erased(organisation: Organisation, tmp_path: Path) -> None:
    person, administrator = organisation.colleague, organisation.administrator
    name, address = person.name, person.email or ""
    waiting = actions.export_list(administrator, "people", "csv", f"q={name}")
    assert name in store.file_of(waiting).read_text(encoding="utf-8-sig")
    User.objects.filter(pk=person.pk).update(is_active=False)
    person.refresh_from_db()

    erasure.erase(administrator, Subject.of(person))
    for step in connection.run_on_commit:  # the test's own transaction never commits
        step[1]()

    pack(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        text = "".join(packed.read(n).decode() for n in packed.namelist() if n.endswith("json"))
    assert name not in text
    assert address not in text
    waiting.refresh_from_db()
    assert waiting.state == State.GONE
    assert not store.folder_of(waiting).exists()


class TestRefusals:
    """Each is said in words, and nothing is written."""

    @pytest.fixture(autouse=True)
    def _nothing_written(self, archive: Path) -> Iterator[None]:
        assert archive.exists()
        empty_everything()
        yield
        assert [tables.label(m) for m in tables.kept() if QuerySet(m).exists()] == []
        assert list(files()) == []

    def refused(self, archive: Path, words: str) -> None:
        with pytest.raises(ArchiveError, match=words) as refused:
            unpacking.restore(archive, silent)
        assert refused.value.remedy

    def test_a_missing_or_foreign_file(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "none.zip", "does not exist")
        (tmp_path / "text.zip").write_text("no zip")
        self.refused(tmp_path / "text.zip", "damaged")
        with zipfile.ZipFile(tmp_path / "other.zip", "w") as packed:
            packed.writestr("a", "b")
        self.refused(tmp_path / "other.zip", "no archive of Tsunagu")

    def test_a_half_file(self, archive: Path) -> None:
        archive.write_bytes(archive.read_bytes()[:-1_000])
        self.refused(archive, "damaged")

    def test_a_byte_that_fell_over(self, archive: Path) -> None:
        content = bytearray(archive.read_bytes())
        for place in range(2_000, len(content) // 2, 997):
            content[place] ^= 0xFF
        archive.write_bytes(content)
        self.refused(archive, "damaged")

    def test_another_format_or_version(self, archive: Path) -> None:
        with taken_apart(archive) as parts:
            manifest = json.loads(parts["manifest.json"])
            parts["manifest.json"] = json.dumps({**manifest, "format": 99}).encode()
        self.refused(archive, "format 99")
        with taken_apart(archive) as parts:
            changed = {**manifest, "migrations": manifest["migrations"][1:]}
            parts["manifest.json"] = json.dumps(changed).encode()
        self.refused(archive, "whose tables differ")

    def test_a_changed_cell(self, archive: Path) -> None:
        with taken_apart(archive) as parts:
            name = "tables/people.user.ndjson"
            parts[name] = parts[name].replace(b"representative", b"administrator")
        self.refused(archive, "is not as it was written")

    def test_a_lost_row_file_or_table(self, archive: Path) -> None:
        with taken_apart(archive) as parts:
            whole = dict(parts)
            parts["tables/deals.event.ndjson"] = b""
        self.refused(archive, "is not as it was written|not as many")
        with taken_apart(archive) as parts:
            parts.update(whole)
            del parts["files/1"]
        self.refused(archive, "files/1 is missing")
        with taken_apart(archive) as parts:
            parts.update(whole)
            del parts["tables/deals.deal.ndjson"]
        self.refused(archive, "deals.deal.ndjson is missing")

    def test_a_row_that_points_nowhere(self, archive: Path) -> None:
        """The sums are right, so only the database can see it: all is rolled back, files too."""
        with taken_apart(archive) as parts:
            manifest = json.loads(parts["manifest.json"])
            packed = manifest["tables"]["deals.deal"]
            name = packed["file"]
            line = json.loads(parts[name].splitlines()[0]) | {"customer_id": 987_654}
            rest = parts[name].splitlines(keepends=True)[1:]
            parts[name] = json.dumps(line).encode() + b"\n" + b"".join(rest)
            packed["sha256"] = packing.hashlib.sha256(parts[name]).hexdigest()
            parts["manifest.json"] = json.dumps(manifest).encode()
        self.refused(archive, "refused the archive")

    def test_a_cell_that_is_no_value(self, archive: Path) -> None:
        with taken_apart(archive) as parts:
            name = "tables/deals.deal.ndjson"
            parts[name] = re.sub(rb'"created_at": "[^"]+"', b'"created_at": "soon"', parts[name])
        self.refused(archive, "deals.deal, row 1, created_at")


def test_an_installation_in_use_is_left_alone(archive: Path) -> None:
    before = contents()

    with pytest.raises(ArchiveError, match="not empty"):
        unpacking.restore(archive, silent)

    assert contents() == before


class TestPage:
    def test_only_administrators_take_everything_along(self, organisation: Organisation) -> None:
        with pytest.raises(PermissionDenied):
            actions.export_archive(organisation.operations)
        page = browser(organisation.operations).get("/exports/").content.decode()
        assert "/exports/archive/" not in page

    def test_an_administrator_makes_and_fetches_one(
        self, organisation: Organisation, tmp_path: Path
    ) -> None:
        client = browser(organisation.administrator)

        client.post("/exports/archive/")

        [export] = Export.objects.all()
        assert export.state == State.READY
        (tmp_path / "all.zip").write_bytes(client.get(f"/exports/{export.pk}/file/").getvalue())
        with zipfile.ZipFile(tmp_path / "all.zip") as packed:
            manifest = json.loads(packed.read("manifest.json"))
        assert manifest["passwords"] is False
        assert manifest["tables"]["deals.deal"]["rows"] == 4

    def test_who_is_no_administrator_any_more_gets_nothing(
        self, organisation: Organisation
    ) -> None:
        export = actions.export_archive(organisation.administrator)
        User.objects.filter(pk=organisation.administrator.pk).update(role=Role.OPERATIONS)

        answer = browser(organisation.administrator).get(f"/exports/{export.pk}/file/")

        assert answer.status_code == 403
        assert tasks.tidy_up.call() == 0
