"""A call with an idempotency key acts once, however often it is sent within a day."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from tsunagu.app.exchange.api.models import KeptAnswer
from tsunagu.app.exchange.api.problems import ProblemError, wrong
from tsunagu.app.people.models import User

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
LONGEST = 200
TOLD = ("Content-Type", "Location", "ETag")


def once(request: HttpRequest, user: User, act: Callable[[], HttpResponse]) -> HttpResponse:
    """What ``act`` answers, or answered when the same call came before.

    Call it inside the transaction in which ``act`` writes. The key's row is written first: of two
    calls at once the second waits for the first, and then finds its answer. What fails is not
    kept, since nothing was done.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return act()
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise wrong(HEADER, _("A key is a text of up to 200 letters."))
    fingerprint = _fingerprint(request)
    kept = _begin(user, key, fingerprint)
    if kept is None:
        return _again(KeptAnswer.objects.get(user=user, key=key), fingerprint)
    response = act()
    if response.headers.get("Cache-Control") == "no-store":
        kept.delete()  # a secret is shown anew, and stands nowhere else
    else:
        _keep(kept, response)
    return response


def forget_old() -> int:
    """Remove answers that are no longer given; returns how many."""
    return KeptAnswer.objects.filter(at__lt=timezone.now() - KEPT).delete()[0]


def _fingerprint(request: HttpRequest) -> str:
    """Of method, address and body. An upload is told apart by its fields and its files' sizes."""
    said = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data":
        files = [(name, f.name, f.size) for name, f in _files(request)]
        said.update(repr((sorted(request.POST.items()), files)).encode())
    else:
        said.update(request.body)
    return said.hexdigest()


def _files(request: HttpRequest) -> Iterator[tuple[str, UploadedFile[bytes]]]:
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            assert isinstance(file, UploadedFile)  # noqa: S101  # tells the type checker
            yield name, file


def _begin(user: User, key: str, fingerprint: str) -> KeptAnswer | None:
    """The key's new row; None where it has one."""
    KeptAnswer.objects.filter(user=user, key=key, at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(user=user, key=key, fingerprint=fingerprint)
    except IntegrityError:
        return None


def _keep(kept: KeptAnswer, response: HttpResponse) -> None:
    kept.status = response.status_code
    kept.headers = {name: response.headers[name] for name in TOLD if name in response.headers}
    kept.body = response.content.decode()
    kept.save(update_fields=["status", "headers", "body"])


def _again(kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        raise ProblemError(
            "key-reused", _("Take a new key for a new call; the same key repeats the same call.")
        )
    response = HttpResponse(kept.body, status=kept.status)
    for name, value in kept.headers.items():
        response.headers[name] = value
    response.headers["Idempotent-Replayed"] = "true"
    return response
