"""Erases a person: facts stay, but no longer say who it was.

This is the one exception to the rule that facts and audit entries are never rewritten
(:func:`tsunagu.app.append_only.rewritable`): the right to erasure goes before it. What happened,
when, in which deal and of which kind is untouched, so risks and figures stay what they were; the
person's name, addresses and key become one pseudonym, the same everywhere.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils import translation
from django.utils.translation import gettext as _

from tsunagu.app.append_only import AppendOnly, rewritable
from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Event, Kind
from tsunagu.app.exchange import store
from tsunagu.app.exchange.models import BUSY, Import
from tsunagu.app.exports.actions import forget_all
from tsunagu.app.followup.models import Mail, Status
from tsunagu.app.interruptions.models import Decision, Finding, Reply
from tsunagu.app.knowledge import erasing as knowledge_erasing
from tsunagu.app.knowledge import profiles
from tsunagu.app.organisation import traces
from tsunagu.app.organisation.subjects import Subject
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require
from tsunagu.app.playbooks.models import Run, Task, TaskNote
from tsunagu.app.rooms import erasing
from tsunagu.app.scoring import keeping

AT_ONCE = 500


def erase(actor: User, subject: Subject, *, notes: bool = True) -> int:
    """Erase ``subject`` for good; returns how many rows were rewritten.

    Args:
        notes: of a user, also replace every free text that this person wrote.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: the person is still active, or an import is at work; nothing is done then.
    """
    require(actor, "people.manage")
    _refuse_where_it_is_too_early(subject)
    with transaction.atomic():
        with ExitStack() as guards:
            for model in _append_only():
                guards.enter_context(rewritable(model))
            count = _rewrite_facts(subject, notes) + _rewrite_mentions(subject)
        _take_off(subject)
        audit.record(actor, "erase_person", subject.row, after={"rows": count})
        if not subject.is_user:
            subject.row.delete()
        transaction.on_commit(_drop_files)
    return count


def _append_only() -> list[type[AppendOnly]]:
    """Whatever is never rewritten otherwise; words about the person may stand in any of it."""
    return [model for model in apps.get_models() if issubclass(model, AppendOnly)]


def _refuse_where_it_is_too_early(subject: Subject) -> None:
    if isinstance(subject.row, User) and subject.row.is_active:
        raise ValidationError(_("Deactivate the person first."))
    imports = Import.objects.defer("columns", "mapping", "parents", "made")
    if any(source.state in BUSY for source in imports):
        raise ValidationError(_("An import is at work. Wait until it is done."))


def _rewrite_facts(subject: Subject, notes: bool) -> int:
    """Facts that name the person by the key, and the person's own words; one statement each."""
    facts: QuerySet[Event] = QuerySet(Event).filter(traces.facts_about(subject))
    about = list(facts.values_list("pk", flat=True))
    profiles.forget(facts.values_list("deal", flat=True).distinct())
    if subject.is_user:
        if notes:
            written = facts.filter(actor=subject.key).exclude(text=None).exclude(text="")
            written.update(text=erased_text())
            _blank_said_of_cases(subject)
            _blank_mails(Mail.objects.filter(made_by=subject.row.pk))
            knowledge_erasing.blank_written(subject.row.pk, erased_text())
        facts.filter(kind=Kind.OWNER, value=subject.key).update(value=subject.pseudonym)
        QuerySet(Event).filter(actor=subject.key).update(actor=subject.pseudonym)
    else:
        facts.exclude(text=None).update(text=erased_text())
        QuerySet(Event).filter(pk__in=about).update(value=subject.pseudonym)
        _blank_answers(subject)
        _blank_mails(Mail.objects.filter(contact=subject.row.pk))
    return len(about)


def _blank_said_of_cases(subject: Subject) -> None:
    """What the user wrote about interruptions."""
    for model in (Decision, Finding, TaskNote):
        own: QuerySet[Decision | Finding | TaskNote] = QuerySet(model).filter(by=subject.row.pk)
        own.exclude(text="").update(text=erased_text())
    stopped = Run.objects.filter(stopped_by=subject.row.pk).exclude(reason="")
    stopped.update(reason=erased_text())
    skipped = Task.objects.filter(closed_by=subject.row.pk).exclude(skipped_reason="")
    skipped.update(skipped_reason=erased_text())
    if isinstance(subject.row, User):
        erasing.forget_user(subject.row, erased_text())


def _blank_answers(subject: Subject) -> None:
    """What the contact person answered to question forms, on the case and among the facts."""
    replies: QuerySet[Reply] = QuerySet(Reply).filter(inquiry__contact=subject.row.pk)
    _blank_facts("deal__interruptions__inquiries__reply", "reply:", replies)
    replies.update(text=erased_text(), needs="", contact_when="")
    if isinstance(subject.row, Contact):
        erasing.forget_contact(subject.row)


def _blank_mails(mails: QuerySet[Mail]) -> None:
    """Words and address of what was written to or by the person; what was not sent goes away."""
    for begins in ("mail:", "answer:"):
        _blank_facts("deal__interruptions__mails", begins, mails)
    mails.exclude(status__in=(Status.SENT, Status.UNSURE)).delete()
    mails.update(subject=erased_text(), body=erased_text(), to="")


def _blank_facts(path: str, begins: str, rows: QuerySet[Any]) -> None:
    """Words of the facts that ``rows``, found from a fact by ``path``, left on their deals.

    One statement, however many there are: the key of such a fact is the row's with ``begins``
    before it (``Mail.fact_key``, ``Reply.fact_key``), and more after a colon (``record_answer``).
    """
    ours = Concat(Value(begins), Cast(f"{path}__pk", CharField()), Value(":"))
    whole = QuerySet(Event).annotate(key=Concat("natural_key", Value(":")))
    left = whole.filter(**{f"{path}__in": rows}, key__startswith=ours)
    QuerySet(Event).filter(pk__in=left.values("pk")).update(text=erased_text())


def erased_text() -> str:
    """What stands in the place of a free text, in the organisation's language."""
    with translation.override(settings.LANGUAGE_CODE):
        return _("[erased]")


def _rewrite_mentions(subject: Subject) -> int:
    return sum(_rewrite(subject, place) for place in traces.places())


def _rewrite(subject: Subject, place: traces.Place) -> int:
    ids = list(traces.rows_that_name(subject, place).values_list("pk", flat=True))
    plain: QuerySet[Model] = QuerySet(place.model)
    count = 0
    for start in range(0, len(ids), AT_ONCE):
        found = plain.filter(pk__in=ids[start : start + AT_ONCE])
        changed = {row: traces.rewritten(subject, place, row) for row in found}
        rows = [row for row, names in changed.items() if names]
        if rows:
            _save(place.model, rows, sorted(set().union(*changed.values())))
        count += len(rows)
    return count


def _save(model: type[Model], rows: list[Model], names: list[str]) -> None:
    """The named columns of ``rows``. The ORM's ``bulk_update`` takes five times as long."""
    columns = [field for field in model._meta.concrete_fields if field.name in names]
    put = ", ".join(f"{_quoted(field.column)} = %s" for field in columns)
    table, key = _quoted(model._meta.db_table), _quoted(model._meta.pk.column)

    def values(row: Model) -> list[Any]:
        fields = (*columns, model._meta.pk)
        return [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]

    with connection.cursor() as cursor:
        statement = f"UPDATE {table} SET {put} WHERE {key} = %s"  # noqa: S608
        cursor.executemany(statement, [values(row) for row in rows])


def _quoted(name: str | None) -> str:
    return str(connection.ops.quote_name(name or ""))


def _take_off(subject: Subject) -> None:
    """The person's own row and all that lets the person in."""
    if not isinstance(subject.row, User):
        return
    EmailAddress.objects.filter(user=subject.row).delete()
    user = User.objects.select_for_update().get(pk=subject.row.pk)
    user.name = user.external_id = subject.pseudonym
    user.email, user.last_login = None, None
    user.set_unusable_password()
    user.save()
    _end_sessions(user)


def _end_sessions(user: User) -> None:
    theirs = [
        session.pk
        for session in Session.objects.iterator(AT_ONCE)
        if session.get_decoded().get("_auth_user_id") == str(user.pk)
    ]
    Session.objects.filter(pk__in=theirs).delete()


def _drop_files() -> None:
    """Files that came in or wait to go out may name anybody; neither is needed any more."""
    for source in Import.objects.only("folder"):
        store.drop(source)
    forget_all()
    keeping.forget()
