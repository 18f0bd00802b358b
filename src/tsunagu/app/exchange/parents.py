"""People, stages and customers that a file names: found, or made as the dry run listed them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tsunagu.app.customers.models import Customer
from tsunagu.app.deals.models import Process, Stage
from tsunagu.app.exchange.models import Import
from tsunagu.app.people.actions import create_user
from tsunagu.app.people.models import Team, User

NO_CUSTOMER = "unknown"
"""External id of the customer of deals whose file names none."""

UNIQUE = 1


@dataclass
class Parents:
    """Owners by the word in the file, stages by the word; what is missing."""

    owners: dict[str, User]
    stages: dict[str, Stage]
    missing_owners: list[str]
    missing_stages: list[str]


def find_owners(words: Iterable[str]) -> dict[str, User]:
    """People by external id, e-mail, or a name that only one of them has."""
    users = list(User.objects.all())
    names = Counter(user.name for user in users)
    known = {user.name: user for user in users if names[user.name] == UNIQUE}
    known |= {user.email: user for user in users if user.email}
    known |= {user.external_id: user for user in users}
    return {w: known.get(w) or known[w.lower()] for w in words if w in known or w.lower() in known}


def find_stages(words: Iterable[str]) -> dict[str, Stage]:
    """Stages of the process for imports, by key or name."""
    process = Process.objects.first()
    known: dict[str, Stage] = {}
    if process is not None:
        stages = list(process.stages.all())
        known = {s.name: s for s in stages} | {s.key: s for s in stages}
    return {word: known[word] for word in words if word in known}


def find(owners: Iterable[str], stages: Iterable[str]) -> Parents:
    """Who and what of these words is known; in their order, what is not."""
    people, steps = list(dict.fromkeys(owners)), list(dict.fromkeys(stages))
    found, found_stages = find_owners(people), find_stages(steps)
    return Parents(
        found,
        found_stages,
        [word for word in people if word not in found],
        [word for word in steps if word not in found_stages],
    )


def make_missing(source: Import, parents: Parents, team: int | None) -> None:
    """Create the missing people (without a log-in) and stages; call it inside a transaction.

    They are the system's doing: whoever may import need not be an administrator. What another
    import has made since ``parents`` were looked for is taken from there.
    """
    since = find(parents.missing_owners, parents.missing_stages)
    parents.owners |= since.owners
    parents.stages |= since.stages
    known_team = Team.objects.filter(pk=team).first() if team else None
    made = {key: list(source.made.get(key, [])) for key in ("users", "stages")}
    for word in since.missing_owners:
        user = create_user(None, name=word[:100], external_id=word, team=known_team)
        parents.owners[word] = user
        made["users"].append(user.pk)
    for word in since.missing_stages:
        parents.stages[word] = stage = _make_stage(word)
        made["stages"].append(stage.pk)
    source.made = made


def default_process() -> Process:
    """The process of imported deals: the default one, the first, or a new one."""
    found = Process.objects.first()
    return found or Process.objects.create(name=_("Standard"), is_default=True)


def _make_stage(word: str) -> Stage:
    process = default_process()
    last = process.stages.last()
    return Stage.objects.create(
        process=process,
        key=word[:100],
        name=word[:100],
        position=0 if last is None else last.position + 1,
    )


def find_customers(names: Mapping[str, str]) -> dict[str, Customer]:
    """Customers by their key in the file, or by a name that only one of them has.

    Args:
        names: name by key.
    """
    found = Customer.objects.in_bulk(list(names), field_name="external_id")
    rest = {key: name for key, name in names.items() if key not in found}
    named: dict[str, list[Customer]] = {}
    for customer in Customer.objects.filter(name__in=set(rest.values())):
        named.setdefault(customer.name, []).append(customer)
    # A key that is a number of its own stands for another customer than one of the same name.
    same = {k: named[n][0] for k, n in rest.items() if k == n and len(named.get(n, ())) == UNIQUE}
    return {**found, **same}


def make_customers(source: Import, names: Mapping[str, str]) -> dict[str, Customer]:
    """The customers with these keys, created where they are missing."""
    found = find_customers(names)
    missing = [
        Customer(external_id=key, name=name, source=source.pk)
        for key, name in names.items()
        if key not in found
    ]
    Customer.objects.bulk_create(missing, batch_size=500)
    return {**found, **{customer.external_id: customer for customer in missing}}


def unknown_customer() -> str:
    """The name of the customer of deals whose file names none."""
    return _("Customer unknown")
