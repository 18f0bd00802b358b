"""Two workers look at the same deals at the same time, again and again; run by ``test_race``.

In the first round a person registers every third deal by hand meanwhile. Prints how many signals,
different signals, cases, deals with a case, and confirmed cases there are.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsunagu.app.config.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from tests.app.factories import make_deal, make_user  # noqa: E402
from tests.app.interruptions.signs import sign  # noqa: E402

from tsunagu.app.interruptions import gathering, watching  # noqa: E402
from tsunagu.app.interruptions.actions import open_case  # noqa: E402
from tsunagu.app.interruptions.models import Interruption, Signal  # noqa: E402
from tsunagu.app.scoring import detection  # noqa: E402

ROUNDS, DEALS, WORKERS = 6, 30, 2


def main() -> None:
    call_command("migrate", verbosity=0)
    owner = make_user()
    deals = [make_deal(owner) for _ in range(DEALS)]
    for turn in range(ROUNDS):
        race(deals, turn)
    identities = {(s.deal_id, s.kind, s.at) for s in Signal.objects.all()}
    cases = Interruption.objects.count()
    owners = Interruption.objects.values("deal").distinct().count()
    confirmed = Interruption.objects.filter(confirmed_at__isnull=False).count()
    print(Signal.objects.count(), len(identities), cases, owners, confirmed)


def race(deals: list, turn: int) -> None:  # type: ignore[type-arg]
    found = [sign(d, at=timezone.now() - timedelta(days=turn + 1)) for d in deals]

    def look(ids: object, at: object, thresholds: object) -> detection.Look:
        return detection.Look(found, dict.fromkeys((d.pk for d in deals), None))

    detection.look = look  # type: ignore[assignment]

    def work(number: int) -> None:
        for _ in range(4):
            watching.due_now([d.pk for d in deals[number::2]])  # facts come in meanwhile
            gathering.look_at_waiting()

    def register() -> None:
        for deal in deals[::3]:
            open_case(deal.owner, deal)

    everybody: list[Callable[[], None]] = [partial(work, n) for n in range(WORKERS)]
    if turn == 0:
        everybody.append(register)
    barrier, failed = threading.Barrier(len(everybody)), []

    def together(act: Callable[[], None]) -> None:
        barrier.wait()
        try:
            act()
        except Exception as error:
            failed.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=together, args=(act,)) for act in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(str(failed))


main()
