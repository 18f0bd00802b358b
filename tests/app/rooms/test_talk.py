"""The team writes to each other on a case: words, names, decisions."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from tests.app.conftest import browser
from tests.app.factories import Organisation, make_user

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people.models import AuditEntry, Role, User
from tsunagu.app.people.permissions import people_who_see, visible_deals
from tsunagu.app.rooms import actions
from tsunagu.app.rooms.models import CORRECTABLE, Comment, Notice, Told


def page(user: User, case: Interruption) -> str:
    answer = browser(user).get(f"/interruptions/{case.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def say(user: User, case: Interruption, text: str, **more: Any) -> Any:
    headers = {"HX-Request": "true"}
    return browser(user).post(f"/room/{case.pk}/comment/", {"text": text, **more}, headers=headers)


def test_words_stand_on_the_page_with_line_breaks_and_links_and_nothing_runs(
    organisation: Organisation, case: Interruption
) -> None:
    me = organisation.representative

    answer = say(me, case, "資料は https://example.jp/a?b=1&c=2 です\n<script>alert(1)</script>")

    shown = page(me, case)
    assert answer.status_code == 200
    assert "room-changed" in answer.headers["HX-Trigger"]
    assert '<a href="https://example.jp/a?b=1&amp;c=2" rel="nofollow">' in shown
    assert "です<br>&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_a_link_that_would_run_is_no_link(organisation: Organisation, case: Interruption) -> None:
    say(organisation.representative, case, 'javascript:alert(1) http://x.jp/"onclick="y')

    shown = page(organisation.representative, case)

    assert 'href="javascript' not in shown
    assert '"onclick="' not in shown


@pytest.mark.parametrize(
    "text", ["@佐藤 健 確認お願いします", "了解です。@佐藤健さん", "＠佐藤\u3000健"]
)
def test_who_is_named_is_told_however_the_name_is_written(
    organisation: Organisation, case: Interruption, text: str
) -> None:
    boss = make_user(Role.MANAGER, organisation.north, name="佐藤 健")

    answer = say(organisation.representative, case, text)

    comment = Comment.objects.get()
    assert list(comment.mentioned.all()) == [boss]
    assert "お知らせした人: 佐藤 健" in answer.content.decode()
    assert '<b class="mention">' in page(boss, case)


def test_the_longest_name_is_meant_and_an_address_is_no_name(
    organisation: Organisation, case: Interruption
) -> None:
    long = make_user(Role.MANAGER, organisation.north, name="Ann Smith")
    make_user(Role.MANAGER, organisation.north, name="Ann")

    actions.write(organisation.representative, case, "@ann smith, see x@Ann.jp and @Annabel")

    assert list(Comment.objects.get().mentioned.all()) == [long]


def test_somebody_who_may_not_see_the_case_cannot_be_named(
    organisation: Organisation, case: Interruption
) -> None:
    make_user(team=organisation.south, name="南 太郎")

    answer = say(organisation.representative, case, "@南 太郎 見てください")

    assert answer.status_code == 422
    assert "南 太郎さんはこの中途を閲覧できないため" in answer.content.decode()
    assert "@南 太郎 見てください" in answer.content.decode()  # what was written is not lost
    assert not Comment.objects.exists()


def test_names_are_offered_of_those_who_may_see_the_case(
    organisation: Organisation, case: Interruption
) -> None:
    make_user(Role.MANAGER, organisation.north, name="高橋 北")
    make_user(Role.MANAGER, organisation.south, name="高橋 南")
    make_user(Role.MANAGER, organisation.north, name="高橋 退職").__class__.objects.filter(
        name="高橋 退職"
    ).update(is_active=False)

    offered = browser(organisation.representative).get(f"/room/{case.pk}/people/?q=高橋")

    assert "高橋 北" in offered.content.decode()
    assert "高橋 南" not in offered.content.decode()
    assert "高橋 退職" not in offered.content.decode()


def test_people_who_see_a_deal_are_those_who_find_it(organisation: Organisation) -> None:
    for deal in (organisation.own, organisation.shared, organisation.unshared):
        finding = {u for u in User.objects.all() if visible_deals(u).filter(pk=deal.pk).exists()}

        assert set(people_who_see(deal)) == finding


def test_a_comment_becomes_a_decision_and_says_who_called_it_one(
    organisation: Organisation, case: Interruption
) -> None:
    me, boss = organisation.representative, organisation.manager
    actions.write(me, case, "値引きはしない")
    comment = Comment.objects.get()

    actions.mark_decision(boss, comment, marked=True)

    shown = page(me, case)
    assert "チームの決定" in shown
    assert f"{boss.name}が決定とした" in shown
    assert AuditEntry.objects.filter(action="mark_decision", actor=boss).exists()
    actions.mark_decision(boss, Comment.objects.get(), marked=False)
    assert Comment.objects.get().decided_by is None


def test_who_may_not_decide_calls_nothing_a_decision(
    organisation: Organisation, case: Interruption
) -> None:
    organisation.own.shared = True
    organisation.own.save(update_fields=["shared"])
    case = Interruption.objects.get(pk=case.pk)
    mate = organisation.colleague

    actions.write(mate, case, "同席します")
    with pytest.raises(PermissionDenied):
        actions.write(mate, case, "決めました", decision=True)
    with pytest.raises(PermissionDenied):
        actions.mark_decision(mate, Comment.objects.get(), marked=True)


def test_a_slip_is_corrected_by_its_author_and_the_audit_trail_keeps_what_it_said(
    organisation: Organisation, case: Interruption
) -> None:
    me, boss = organisation.representative, organisation.manager
    actions.write(me, case, "見積は100万円です")
    comment = Comment.objects.get()
    assert f"/room/comments/{comment.pk}/correct/" in page(me, case)
    assert f"/room/comments/{comment.pk}/correct/" not in page(boss, case)

    answer = browser(me).post(
        f"/room/comments/{comment.pk}/correct/",
        {"text": f"見積は10万円です @{boss.name}"},
        headers={"HX-Request": "true"},
    )

    assert "room-changed" in answer.headers["HX-Trigger"]
    assert "見積は10万円" in page(boss, case)
    assert "に修正" in page(boss, case)
    kept = AuditEntry.objects.get(action="correct_comment", actor=me)
    assert kept.before["text"] == "見積は100万円です"
    assert list(Comment.objects.get().mentioned.all()) == [boss]
    assert Notice.objects.filter(user=boss, kind=Told.MENTION).count() == 1


def test_a_correction_tells_nobody_a_second_time(
    organisation: Organisation, case: Interruption
) -> None:
    me, boss = organisation.representative, organisation.manager
    actions.write(me, case, f"@{boss.name} 確認お願いしま")

    assert actions.correct(me, Comment.objects.get(), f"@{boss.name} 確認お願いします") == []

    assert Notice.objects.filter(user=boss, kind=Told.MENTION).count() == 1


def test_neither_others_nor_later_nor_a_decision_is_corrected(
    organisation: Organisation, case: Interruption
) -> None:
    me, boss = organisation.representative, organisation.manager
    actions.write(me, case, "値引きはしない")
    with pytest.raises(PermissionDenied):
        actions.correct(boss, Comment.objects.get(), "値引きする")
    actions.mark_decision(boss, Comment.objects.get(), marked=True)
    with pytest.raises(PermissionDenied):
        actions.correct(me, Comment.objects.get(), "値引きする")
    actions.mark_decision(boss, Comment.objects.get(), marked=False)
    Comment.objects.update(at=timezone.now() - CORRECTABLE)
    with pytest.raises(PermissionDenied):
        actions.correct(me, Comment.objects.get(), "値引きする")

    assert Comment.objects.get().text == "値引きはしない"
    assert "/correct/" not in page(me, case)


def test_a_correction_that_names_who_may_not_see_the_case_changes_nothing(
    organisation: Organisation, case: Interruption
) -> None:
    make_user(team=organisation.south, name="南 太郎")
    me = organisation.representative
    actions.write(me, case, "了解です")

    with pytest.raises(ValidationError):
        actions.correct(me, Comment.objects.get(), "@南 太郎 了解です")
    with pytest.raises(ValidationError):
        actions.correct(me, Comment.objects.get(), "  ")

    assert Comment.objects.get().text == "了解です"


def test_nothing_is_not_a_comment(organisation: Organisation, case: Interruption) -> None:
    with pytest.raises(ValidationError):
        actions.write(organisation.representative, case, "  \n")


def test_a_stranger_writes_nothing(organisation: Organisation, case: Interruption) -> None:
    assert say(organisation.stranger, case, "のぞき見").status_code == 404
    with pytest.raises(PermissionDenied):
        actions.write(organisation.stranger, case, "のぞき見")


def test_without_a_script_the_words_lead_back_to_the_case(
    organisation: Organisation, case: Interruption
) -> None:
    client = browser(organisation.representative)

    kept = client.post(f"/room/{case.pk}/comment/", {"text": "確認します"})
    refused = client.post(f"/room/{case.pk}/comment/", {"text": ""})

    assert kept.headers["Location"] == f"/interruptions/{case.pk}/#room"
    assert refused.status_code == 422
    assert "コメントを書くか、ファイルを選んでください" in refused.content.decode()
