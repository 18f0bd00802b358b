"""Users, teams, and the audit trail."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tsunagu.app.append_only import AppendOnly


class Role(models.TextChoices):
    """What a person does in the sales organisation."""

    REPRESENTATIVE = "representative", _("Representative")
    MANAGER = "manager", _("Manager")
    OPERATIONS = "operations", _("Sales operations")
    ADMINISTRATOR = "administrator", _("Administrator")


class Language(models.TextChoices):
    """Languages of the screens."""

    JA = "ja", "日本語"
    EN = "en", "English"


class TeamQuerySet(models.QuerySet["Team"]):
    """Teams by their place in the tree."""

    def subtree(self, team: Team) -> TeamQuerySet:
        """``team`` and all teams below it: one comparison of prefixes."""
        return self.filter(path__startswith=team.path) if team.path else self.none()


class Team(models.Model):
    """A team in the tree of teams.

    ``path`` holds the ids from the root to this team, as in ``/1/4/``: the subtree is what begins
    with it. Only :mod:`tsunagu.app.people.actions` writes it.
    """

    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    path = models.CharField(max_length=255, unique=True, null=True, editable=False)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name

    @property
    def lineage(self) -> list[int]:
        """The keys of the teams from the root down to this one."""
        return [int(key) for key in (self.path or "").split("/") if key]

    @cached_property
    def subtree(self) -> list[int]:
        """The keys of this team and of all below it, read once for this object."""
        return list(Team.objects.subtree(self).values_list("pk", flat=True))

    @property
    def depth(self) -> int:
        """How many teams stand above it."""
        return max(0, (self.path or "//").count("/") - 2)


class UserManager(BaseUserManager["User"]):
    """Finds users by e-mail in any case of letters."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user whose e-mail is ``username``."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person. Who has no e-mail cannot log in, but can own imported deals.

    ``external_id`` is the person's name in facts (owner, actor) and in source files. It never
    changes.
    """

    external_id = models.CharField(max_length=254, unique=True)
    email = models.EmailField(_("e-mail"), unique=True, null=True)
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(
        _("role"), max_length=20, choices=Role.choices, default=Role.REPRESENTATIVE
    )
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="members")
    language = models.CharField(
        _("language"), max_length=5, choices=Language.choices, default=Language.JA
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        """Django's question, answered by :mod:`tsunagu.app.people.permissions`."""
        from tsunagu.app.people.permissions import has_permission

        return has_permission(self, permission, obj)


class AuditEntry(AppendOnly):
    """Who did what to which object, when, and what changed. Never holds a secret.

    ``through`` names the token or app that acted for the person, where it was one, or the command
    line; entries of commands are about no single object.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=50)
    object_type = models.CharField(max_length=50)
    object_id = models.CharField(max_length=64)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # It may be null: SQLite would build the table anew otherwise, without its trigger.
    through = models.CharField(max_length=200, null=True)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"])]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.object_id}"
