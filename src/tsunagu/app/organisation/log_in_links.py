"""The link with which a person sets a password: by mail, or to be handed over by hand."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _

from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

NOT_SENT = ("console", "dummy", "filebased")
"""Django's mail back ends that reach nobody."""


def mail_is_set_up() -> bool:
    """Whether mails leave this machine."""
    return settings.EMAIL_BACKEND.split(".")[-2] not in NOT_SENT


def give_link(actor: User, user: User, request: HttpRequest) -> str | None:
    """Mail ``user`` a link that is valid once; where no mail is set up, return it to be shown.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: ``user`` is not active or has no e-mail address, or the mail server
            did not take the mail.
    """
    require(actor, "people.manage")
    if not (user.email and user.is_active):
        raise ValidationError(_("Only an active person with an e-mail address can log in."))
    audit.record(actor, "give_log_in_link", user)
    if mail_is_set_up():
        _mail(user, request)
        return None
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    return str(get_adapter(request).get_reset_password_from_key_url(key))


def _mail(user: User, request: HttpRequest) -> None:
    form = ResetPasswordForm({"email": user.email})
    try:
        with translation.override(user.language):
            if form.is_valid():
                form.save(request)
    except OSError as failure:  # smtplib's errors are such too
        raise ValidationError(
            _("The mail server did not take the mail. Check the mail settings and send it again.")
        ) from failure
