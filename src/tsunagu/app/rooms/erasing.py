"""What becomes of a person's words and files in team rooms when the person is erased."""

from __future__ import annotations

from django.db.models import QuerySet

from tsunagu.app.customers.models import Contact
from tsunagu.app.people.models import AuditEntry, User
from tsunagu.app.rooms import keeping
from tsunagu.app.rooms.actions import CORRECT
from tsunagu.app.rooms.models import Advice, Adviser, Attachment, Comment


def forget_user(user: User, words: str) -> None:
    """``words`` in the place of all that ``user`` wrote; the files that ``user`` sent go."""
    Comment.objects.filter(by=user).update(text=words)
    Advice.objects.filter(by=user).update(text=words)
    Adviser.objects.filter(user=user).exclude(answer="").update(answer=words)
    corrections: QuerySet[AuditEntry] = QuerySet(AuditEntry).filter(actor=user, action=CORRECT)
    corrections.update(before={}, after={})
    keeping.drop(Attachment.objects.filter(by=user))


def forget_contact(contact: Contact) -> None:
    """Files on cases of the contact's customer may name the person: none is left."""
    keeping.drop(Attachment.objects.filter(case__deal__customer=contact.customer_id))
