"""Files on a case: taken by content, given to those who see the case, gone with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_contact
from tests.app.rooms.conftest import PDF, office, upload

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.organisation import erasure
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people.models import AuditEntry, User
from tsunagu.app.rooms import actions, files, keeping
from tsunagu.app.rooms.models import Attachment, Comment

MAIL = "From: a@example.jp\nSubject: =?utf-8?q?x?=\nDate: Mon, 2 Nov 2026 10:00:00 +0900\n\nhello"
TAKEN = {
    "a.pdf": PDF,
    "a.PNG": b"\x89PNG\r\n\x1a\n....",
    "a.jpeg": b"\xff\xd8\xff\xe0....",
    "a.webp": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
    "a.xlsx": office("xl/workbook.xml"),
    "a.docx": office("word/document.xml"),
    "a.pptx": office("ppt/presentation.xml"),
    "a.txt": "打ち合わせのメモ、髙﨑様".encode("cp932"),
    "a.csv": "案件,金額\nA,1\n".encode("utf-8-sig"),
    "a.eml": MAIL.encode(),
}
REFUSED = {
    "page.html": b"<html>",
    "run.exe": b"MZ\x90\x00",
    "page.pdf": b"<html><script>",
    "run.png": b"MZ\x90\x00",
    "zip.docx": office("xl/workbook.xml"),
    "broken.xlsx": b"PK\x03\x04nothing",
    "macro.docx": office("word/document.xml", "word/vbaProject.bin"),
    "bytes.txt": b"a\x00b\x01",
    "words.eml": "件名もない".encode(),
    "empty.pdf": b"",
    "noending": PDF,
    "old.xls": b"\xd0\xcf\x11\xe0",
    "picture.svg": b"<svg onload='x'>",
}


@pytest.mark.parametrize("name", TAKEN)
def test_common_files_are_taken(name: str) -> None:
    assert name.lower().endswith(files.KINDS[files.check(upload(name, TAKEN[name]))].endings)


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_with_their_name(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        files.check(upload(name, REFUSED[name]))


def test_a_file_that_is_too_big_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_BYTES", 10)

    with pytest.raises(ValidationError, match="MB"):
        files.check(upload())


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\秘密\\見積書 v2.pdf", "見積書 v2.pdf"),
        ("evil\u202efdp.txt", "evilfdp.txt"),
        ('a"b\r\nX-Evil: 1.pdf', "a_bX-Evil_ 1.pdf"),
        ("あ" * 300 + ".pdf", "あ" * 116 + ".pdf"),
        ("...", "file"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert files.safe_name(name) == safe


@pytest.fixture
def after_commit(django_capture_on_commit_callbacks: Any) -> Any:
    return django_capture_on_commit_callbacks


@pytest.fixture
def kept(organisation: Organisation, case: Interruption) -> Attachment:
    actions.write(organisation.representative, case, "", uploads=[upload()])
    return Attachment.objects.get()


def test_words_and_files_are_sent_together(organisation: Organisation, case: Interruption) -> None:
    sent: dict[str, Any] = {"text": "見積です", "uploads": [upload(), upload("a.csv", b"a,b\n1,2")]}

    browser(organisation.representative).post(f"/room/{case.pk}/comment/", sent)

    assert Comment.objects.get().text == "見積です"
    assert {a.name: a.kind for a in Attachment.objects.all()} == {
        "見積書.pdf": "pdf",
        "a.csv": "csv",
    }


def test_one_bad_file_keeps_all_out(organisation: Organisation, case: Interruption) -> None:
    sent: dict[str, Any] = {"text": "見積です", "uploads": [upload(), upload("x.pdf", b"MZ")]}

    answer = browser(organisation.representative).post(f"/room/{case.pk}/comment/", sent)

    assert answer.status_code == 422
    assert not Comment.objects.exists()
    assert not Attachment.objects.exists()


def test_a_file_is_saved_never_opened(organisation: Organisation, kept: Attachment) -> None:
    answer = browser(organisation.manager).get(f"/room/files/{kept.pk}/")

    assert answer.getvalue() == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "見積書" not in (kept.file.name or "")


def test_a_stranger_gets_no_file(organisation: Organisation, kept: Attachment) -> None:
    stranger = browser(organisation.stranger)

    assert stranger.get(f"/room/files/{kept.pk}/").status_code == 404
    assert stranger.post(f"/room/files/{kept.pk}/remove/").status_code == 404
    with pytest.raises(PermissionDenied):
        actions.remove_file(organisation.stranger, kept)


def exists(name: str) -> bool:
    return default_storage.exists(name)


def test_a_removed_file_is_gone_from_the_disk(
    organisation: Organisation, kept: Attachment, after_commit: Any
) -> None:
    name = str(kept.file.name)

    with after_commit(execute=True):
        actions.remove_file(organisation.manager, kept)

    assert not exists(name)
    assert not Attachment.objects.exists()


def test_files_of_a_case_that_is_gone_are_swept(
    kept: Attachment, case: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = default_storage.save("rooms/0/left-over", ContentFile(b"x"))
    young = keeping.sweep()
    monkeypatch.setattr(keeping, "YOUNG", timedelta(seconds=-1))

    swept = keeping.sweep()

    assert (young, exists(gone), exists(str(kept.file.name))) == (0, False, True)
    assert swept >= 1


def test_erasing_a_contact_removes_the_files_on_that_customers_cases(
    organisation: Organisation, kept: Attachment, after_commit: Any
) -> None:
    contact = make_contact(organisation.own.customer, "神崎 由紀子")
    actions.write(organisation.representative, kept.case, "神崎由紀子様に電話")

    with after_commit(execute=True):
        erasure.erase(organisation.administrator, Subject.of(contact))

    assert not exists(str(kept.file.name))
    assert not Attachment.objects.exists()
    assert "神崎" not in Comment.objects.get().text


def test_erasing_a_user_removes_words_and_files(
    organisation: Organisation, kept: Attachment, after_commit: Any
) -> None:
    actions.write(organisation.representative, kept.case, "社長は辛党")
    actions.correct(organisation.representative, Comment.objects.get(), "社長は甘党")
    User.objects.filter(pk=organisation.representative.pk).update(is_active=False)
    gone = User.objects.get(pk=organisation.representative.pk)

    with after_commit(execute=True):
        erasure.erase(organisation.administrator, Subject.of(gone))

    assert "甘党" not in Comment.objects.get().text
    corrected = AuditEntry.objects.get(action="correct_comment")
    assert corrected.before == corrected.after == {}
    assert not exists(str(kept.file.name))
