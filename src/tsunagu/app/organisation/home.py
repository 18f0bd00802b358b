"""The cards of the settings' first page: what each is for, and how it stands now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tsunagu.app.customers.models import Contact
from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.exchange import ranks
from tsunagu.app.exchange.models import Import
from tsunagu.app.exports.models import Export
from tsunagu.app.interruptions.models import OwnThreshold
from tsunagu.app.outlook import queries as outlook
from tsunagu.app.people.models import Language, Team, User
from tsunagu.app.people.permissions import has_permission
from tsunagu.app.scoring.models import DriftFinding, RiskModelVersion, State
from tsunagu.app.webhooks import queries as webhooks


@dataclass(frozen=True)
class Section:
    """One part of the settings: where it is, what it is for, who may, and how it stands."""

    name: str
    icon: str
    label: Promise
    purpose: Promise
    permission: str | None
    state: Callable[[User], str]


@dataclass(frozen=True)
class Card:
    """A section as one person sees it."""

    section: Section
    url: str
    state: str


def cards(user: User) -> list[Card]:
    """The sections that ``user``'s role may open."""
    return [
        Card(section, reverse(section.name), section.state(user))
        for section in SECTIONS
        if section.permission is None or has_permission(user, section.permission)
    ]


def _profile(user: User) -> str:
    return f"{user.name} · {Language(user.language).label} · {settings.TIME_ZONE}"


def _thresholds(user: User) -> str:
    count = OwnThreshold.objects.count()
    return ngettext("%(n)d set by you", "%(n)d set by you", count) % {"n": count}


def _people(user: User) -> str:
    count = User.objects.filter(is_active=True).count()
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def _teams(user: User) -> str:
    count = Team.objects.count()
    return ngettext("%(count)d team", "%(count)d teams", count) % {"count": count}


def _targets(user: User) -> str:
    tally = outlook.tally(user, outlook.TargetFilter())
    words = ngettext(
        "This month: %(set)d of %(n)d person",
        "This month: %(set)d of %(n)d people",
        tally["people"],
    )
    return words % {"set": tally["set"], "n": tally["people"]}


def _processes(user: User) -> str:
    processes = Process.objects.filter(archived=False).count()
    stages = Stage.objects.filter(retired=False, process__archived=False).count()
    said = ngettext("%(count)d process", "%(count)d processes", processes) % {"count": processes}
    steps_said = ngettext("%(count)d stage", "%(count)d stages", stages) % {"count": stages}
    return f"{said} · {steps_said}"


def _ranks(user: User) -> str:
    count = len(ranks.current())
    words = ngettext("%(count)d rank", "%(count)d ranks", count) % {"count": count}
    whose = _("your own map") if ranks.is_own() else _("as shipped")
    return f"{words} · {whose}"


def _imports(user: User) -> str:
    last = Import.objects.defer("columns", "mapping", "parents", "made").first()
    return f"{last.file_name} · {last.state.label}" if last else _("Nothing imported yet")


def _exports(user: User) -> str:
    last = Export.objects.filter(user=user).first()
    return f"{last.file_name} · {last.state.label}" if last else _("Nothing exported yet")


def _tokens(user: User) -> str:
    now = timezone.now()
    count = user.api_tokens.filter(revoked_at__isnull=True, expires_at__gt=now).count()
    return ngettext("%(count)d token", "%(count)d tokens", count) % {"count": count}


def _webhooks(user: User) -> str:
    return webhooks.state_words()


def _model(user: User) -> str:
    fitted = RiskModelVersion.objects.filter(state=State.CHAMPION).values_list(
        "created_at", flat=True
    )
    at = fitted.first()
    if at is None:
        return _("Not fitted yet")
    drifting = DriftFinding.objects.filter(until=None, noted_by=None).count()
    if drifting:
        words = ngettext("%(count)d thing drifts", "%(count)d things drift", drifting)
        return words % {"count": drifting}
    return _("Fitted %(day)s") % {"day": date_format(timezone.localtime(at), "SHORT_DATE_FORMAT")}


def _privacy(user: User) -> str:
    count = Contact.objects.count()
    people = ngettext("%(count)d contact person", "%(count)d contact persons", count)
    return people % {"count": count}


SECTIONS = (
    Section(
        "settings:profile",
        "user",
        gettext_lazy("My profile"),
        gettext_lazy("Your name, the language of your screens, your password."),
        None,
        _profile,
    ),
    Section(
        "settings:tokens",
        "lock",
        gettext_lazy("API tokens"),
        gettext_lazy("Let your own programs and apps work with Tsunagu for you."),
        None,
        _tokens,
    ),
    Section(
        "settings:people",
        "users",
        gettext_lazy("People"),
        gettext_lazy("Who works with Tsunagu, in which role, and who may log in."),
        "people.manage",
        _people,
    ),
    Section(
        "settings:teams",
        "users-group",
        gettext_lazy("Teams"),
        gettext_lazy("Who answers for which deals: managers see the teams below theirs."),
        "people.manage",
        _teams,
    ),
    Section(
        "settings:targets",
        "chart-line",
        gettext_lazy("Targets"),
        gettext_lazy("What each person is to win in a month; cases show what it lacks."),
        "outlook.set_targets",
        _targets,
    ),
    Section(
        "settings:processes",
        "columns",
        gettext_lazy("Processes and stages"),
        gettext_lazy("The steps that a deal goes through, and how long each usually takes."),
        "deals.configure",
        _processes,
    ),
    Section(
        "settings:ranks",
        "flag",
        gettext_lazy("Ranks"),
        gettext_lazy("What A, B and C mean in your files, as a probability."),
        "deals.configure",
        _ranks,
    ),
    Section(
        "imports:list",
        "database-import",
        gettext_lazy("Imports"),
        gettext_lazy("Bring deals, activities and customers from files, and take them back."),
        "exchange.run",
        _imports,
    ),
    Section(
        "exports:list",
        "download",
        gettext_lazy("Exports"),
        gettext_lazy("Fetch your exports, the event log, or the whole organisation."),
        None,
        _exports,
    ),
    Section(
        "webhooks:list",
        "send",
        gettext_lazy("Webhooks"),
        gettext_lazy("Tell other programs at once what happens here."),
        "webhooks.configure",
        _webhooks,
    ),
    Section(
        "scoring:model",
        "target",
        gettext_lazy("Risk model"),
        gettext_lazy("What the break risks rest on, and when it was learned."),
        "scoring.configure",
        _model,
    ),
    Section(
        "interruptions:thresholds",
        "adjustments",
        gettext_lazy("Thresholds of signals"),
        gettext_lazy("From when on a deal is suspected to be interrupted, by process."),
        "interruptions.configure",
        _thresholds,
    ),
    Section(
        "settings:privacy",
        "shield",
        gettext_lazy("Data protection"),
        gettext_lazy("Give people what is held about them, or erase it."),
        "people.manage",
        _privacy,
    ),
)
