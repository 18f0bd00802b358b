"""What people do in the team room of a case. Each: permission, one transaction, an audit entry.

Every action takes the acting ``user`` first and may raise ``PermissionDenied``, or
``ValidationError`` with words for the person; nothing is written then.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.deals.changed import after_commit
from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import has_permission, require
from tsunagu.app.rooms import files, keeping, mentions, notices
from tsunagu.app.rooms.models import Attachment, Comment, Told
from tsunagu.app.rooms.watching import watchers

MOST_TEXT = 4_000
CORRECT = "correct_comment"
"""The audit trail's name for a correction; its words go when the author is erased."""


def write(
    user: User,
    case: Interruption,
    text: str,
    *,
    uploads: Sequence[UploadedFile[bytes]] = (),
    decision: bool = False,
) -> list[User]:
    """Say something on the case, keep files there, or both; returns whom the text mentions.

    Args:
        decision: it is a decision of the team; only who decides on the case may say so.
    """
    said = text.strip()[:MOST_TEXT]
    require(user, "deals.log", case.deal)
    if decision:
        require(user, "interruptions.decide", case.deal)
    if not said and (decision or not uploads):
        raise ValidationError(_("Write something, or choose a file."))
    kinds = _checked(uploads)
    named = mentions.mentioned(case.deal, said)
    with transaction.atomic():
        if said:
            _comment(user, case, said, named, decision)
        kept = [_keep(user, case, u, kind) for u, kind in zip(uploads, kinds, strict=True)]
        if kept and not said:
            notices.tell(Told.FILE, f"file:{kept[0].pk}", user, watchers(case), case=case)
    return [person for person in named if person.pk != user.pk]


def _checked(uploads: Sequence[UploadedFile[bytes]]) -> list[str]:
    if len(uploads) > files.MOST_FILES:
        raise ValidationError(
            _("Send at most %(most)d files at once.") % {"most": files.MOST_FILES}
        )
    return [files.check(upload) for upload in uploads]


def _comment(user: User, case: Interruption, text: str, named: list[User], decision: bool) -> None:
    now = timezone.now()
    by = {"decided_at": now, "decided_by": user} if decision else {}
    comment = Comment.objects.create(case=case, by=user, at=now, text=text, **by)
    comment.mentioned.set(named)
    after = {"comment": comment, "decision": decision}
    audit.record(user, "write_comment", case, after=after)
    key, about = f"comment:{comment.pk}", {"case": case, "comment": comment}
    # A mention comes first: who is named and watches is told once, as the one who is named.
    notices.tell(Told.MENTION, key, user, named, **about)
    kind = Told.DECISION if decision else Told.COMMENT
    others = [w for w in watchers(case) if w not in named]
    notices.tell(kind, key, user, others, **about)
    for name in settings.COMMENTED:
        after_commit(name, case.deal_id)


def _keep(user: User, case: Interruption, upload: UploadedFile[bytes], kind: str) -> Attachment:
    name = files.safe_name(upload.name or "")
    kept = Attachment.objects.create(
        case=case, by=user, name=name, kind=kind, size=upload.size or 0, file=upload
    )
    audit.record(user, "keep_file", case, after={"attachment": kept, "size": kept.size})
    return kept


def may_correct(user: User, comment: Comment) -> bool:
    """Whether it is for ``user`` to correct the comment now."""
    return comment.is_correctable_by(user) and has_permission(user, "deals.log", comment.case.deal)


def correct(user: User, comment: Comment, text: str) -> list[User]:
    """Put right what one said a moment ago; returns who is named now and was not before.

    What it said before is kept in the audit trail.
    """
    said = text.strip()[:MOST_TEXT]
    if not said:
        raise ValidationError(_("Write something."))
    with transaction.atomic():
        rows = Comment.objects.select_related("case__deal__team")
        found = rows.select_for_update(of=("self",)).get(pk=comment.pk)
        if not may_correct(user, found):
            raise PermissionDenied(_("A comment is its author's to correct, for 15 minutes."))
        if said == found.text:
            return []
        before, found.text, found.corrected_at = found.text, said, timezone.now()
        found.save(update_fields=["text", "corrected_at"])
        changed = {"before": {"text": before}, "after": {"text": said}}
        audit.record(user, CORRECT, found, **changed)
        return _name_anew(user, found)


def _name_anew(user: User, comment: Comment) -> list[User]:
    """Let ``mentioned`` follow the text, and tell those who were not named before."""
    known = set(comment.mentioned.all())
    named = mentions.mentioned(comment.case.deal, comment.text)
    comment.mentioned.set(named)
    fresh = [person for person in named if person not in known and person.pk != user.pk]
    key, about = f"mention:{comment.pk}", {"case": comment.case, "comment": comment}
    notices.tell(Told.MENTION, key, user, fresh, **about)
    return fresh


def mark_decision(user: User, comment: Comment, *, marked: bool) -> None:
    """Call the comment a decision of the team, or take that back."""
    require(user, "interruptions.decide", comment.case.deal)
    with transaction.atomic():
        found = Comment.objects.select_for_update().get(pk=comment.pk)
        if marked == (found.decided_at is not None):
            return
        found.decided_at = timezone.now() if marked else None
        found.decided_by = user if marked else None
        found.save(update_fields=["decided_at", "decided_by"])
        after = {"comment": found, "decision": marked}
        audit.record(user, "mark_decision", comment.case, after=after)
        if marked:
            key, about = f"decision:{found.pk}", {"case": comment.case, "comment": found}
            notices.tell(Told.DECISION, key, user, watchers(comment.case), **about)


def may_remove(user: User, attachment: Attachment) -> bool:
    """Whether it is for ``user`` to remove the file: one's own, or as the one who decides."""
    own = attachment.by_id == user.pk and has_permission(user, "deals.log", attachment.case.deal)
    return own or has_permission(user, "interruptions.decide", attachment.case.deal)


def remove_file(user: User, attachment: Attachment) -> None:
    """Take a file off the case for good."""
    if not may_remove(user, attachment):
        raise PermissionDenied(_("Only who sent the file or decides on the case may remove it."))
    with transaction.atomic():
        before = {"attachment": attachment, "by": attachment.by_id, "size": attachment.size}
        audit.record(user, "remove_file", attachment.case, before=before)
        keeping.drop([attachment])
