"""What can be done to people and teams: each with its permission, transaction and audit entry."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, ProtectedError, Q, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from tsunagu.app.people import audit
from tsunagu.app.people.models import Role, Team, User
from tsunagu.app.people.permissions import require


def create_user(  # noqa: PLR0913
    actor: User | None,
    *,
    name: str,
    email: str | None = None,
    role: str = Role.REPRESENTATIVE,
    team: Team | None = None,
    password: str | None = None,
    external_id: str | None = None,
    language: str = "ja",
) -> User:
    """Create a person.

    Without a password nobody can log in yet: the person sets one through "forgot password".

    Args:
        actor: an administrator; None for the system itself (command line, import).
        external_id: name in source files; by default the e-mail, or else the name.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: e-mail or external id is taken or malformed.
    """
    if actor is not None:
        require(actor, "people.manage")
    email = email.strip().lower() if email else None
    user = User(
        name=name,
        email=email,
        role=role,
        team=team,
        language=language,
        external_id=external_id or _free_key(email or name),
    )
    user.set_password(password)
    _clean(user)
    with transaction.atomic():
        user.save()
        audit.record(actor, "create_user", user, after={"role": role, "team": team})
    return user


def change_role(actor: User, user: User, role: str) -> None:
    """Give ``user`` another role.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: nobody would be left as administrator.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        user = _locked(user)
        before, user.role = user.role, role
        _save(user)
        audit.record(actor, "change_role", user, before={"role": before}, after={"role": role})


def deactivate_user(actor: User, user: User) -> None:
    """Take away the log-in; what the person did stays.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: it is oneself, or nobody would be left as administrator.
    """
    require(actor, "people.manage")
    if actor.pk == user.pk:
        raise ValidationError(_("Nobody can deactivate themself. Ask another administrator."))
    with transaction.atomic():
        user = _locked(user)
        user.is_active = False
        _save(user)
        audit.record(actor, "deactivate_user", user)


def reactivate_user(actor: User, user: User) -> None:
    """Give the log-in back, with the password of before.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        user = _locked(user)
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(actor, "reactivate_user", user)


def edit_user(actor: User, user: User, *, name: str, email: str | None) -> None:
    """Change name and e-mail. The name in facts (``external_id``) stays.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: the e-mail is taken or malformed.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        user = _locked(user)
        before = {"name": user.name, "email": user.email}
        user.name, user.email = name, (email or "").strip().lower() or None
        _save(user)
        after = {"name": user.name, "email": user.email}
        audit.record(actor, "edit_user", user, before=before, after=after)


def change_profile(user: User, *, name: str, language: str) -> None:
    """What people may change of themselves.

    Raises:
        ValidationError: the name is empty or too long, or there is no such language.
    """
    with transaction.atomic():
        found = _locked(user)
        before = {"name": found.name, "language": found.language}
        found.name, found.language = name, language
        _save(found)
        after = {"name": name, "language": language}
        audit.record(user, "change_profile", found, before=before, after=after)


def change_team(actor: User, user: User, team: Team | None) -> None:
    """Move ``user`` to another team. The deals stay with the team that answers for them.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        user = _locked(user)
        before, user.team = user.team_id, team
        user.save(update_fields=["team"])
        audit.record(actor, "change_team", user, before={"team": before}, after={"team": team})


def change_language(user: User, language: str) -> None:
    """Let ``user`` read the screens in ``language``. A taste, so nothing is audited."""
    user.language = language
    user.clean_fields(exclude=[f.name for f in User._meta.fields if f.name != "language"])
    user.save(update_fields=["language"])


def create_team(actor: User | None, *, name: str, parent: Team | None = None) -> Team:
    """Create a team below ``parent``; None for ``actor`` is the system itself.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
    """
    if actor is not None:
        require(actor, "people.manage")
    with transaction.atomic():
        team = Team.objects.create(name=name, parent=parent)
        team.path = f"{parent.path if parent else '/'}{team.pk}/"
        team.save(update_fields=["path"])
        audit.record(actor, "create_team", team, after={"name": name, "parent": parent})
    return team


def rename_team(actor: User, team: Team, name: str) -> None:
    """Give ``team`` another name.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: the name is empty or too long.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team.pk)
        before, team.name = team.name, name
        team.full_clean()
        team.save(update_fields=["name"])
        audit.record(actor, "rename_team", team, before={"name": before}, after={"name": name})


def remove_team(actor: User, team: Team) -> None:
    """Remove a team that nothing belongs to.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: people, deals or other teams belong to it.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team.pk)
        audit.record(actor, "remove_team", team, before={"name": team.name, "parent": team.parent})
        try:
            team.delete()
        except ProtectedError as used:
            raise ValidationError(
                _("People, deals or other teams still belong to this team. Move them first.")
            ) from used


def move_team(actor: User, team: Team, parent: Team | None) -> None:
    """Move ``team`` with all teams below it.

    Raises:
        PermissionDenied: ``actor`` is no administrator.
        ValidationError: ``parent`` stands below ``team``.
    """
    require(actor, "people.manage")
    with transaction.atomic():
        paths = dict(Team.objects.select_for_update().values_list("pk", "path"))
        old, above = paths[team.pk] or "", (paths[parent.pk] or "") if parent else "/"
        if above.startswith(old):
            raise ValidationError(_("A team cannot stand below itself."))
        before = Team.objects.values_list("parent_id", flat=True).get(pk=team.pk)
        Team.objects.filter(pk=team.pk).update(parent=parent)
        Team.objects.filter(path__startswith=old).update(
            path=Concat(Value(f"{above}{team.pk}/"), Substr(F("path"), len(old) + 1))
        )
        audit.record(actor, "move_team", team, before={"parent": before}, after={"parent": parent})


def _locked(user: User) -> User:
    """The person, locked, with the administrators: two of them cannot take each other away."""
    concerned = User.objects.filter(Q(pk=user.pk) | Q(role=Role.ADMINISTRATOR)).order_by("pk")
    return next(found for found in concerned.select_for_update() if found.pk == user.pk)


def _free_key(wanted: str) -> str:
    """``wanted``, or one like it where a namesake, or the address's former owner, has it."""
    taken = User.objects.filter(external_id=wanted).exists()
    return f"{wanted} {uuid.uuid4().hex[:8]}" if taken else wanted


def _clean(user: User) -> None:
    """Check the fields; only who logs in needs an e-mail."""
    user.full_clean(exclude=None if user.email else {"email"})


def _save(user: User) -> None:
    _clean(user)
    user.save()
    if not User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        raise ValidationError(_("At least one active administrator must remain."))
