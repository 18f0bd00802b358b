"""What ranks of confidence mean: the organisation's own map, or the shipped one until edited."""

from __future__ import annotations

from collections.abc import Mapping
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tsunagu.app.exchange import fields, reading
from tsunagu.app.exchange.models import RankMeaning
from tsunagu.app.people import audit
from tsunagu.app.people.models import User
from tsunagu.app.people.permissions import require

MOST = 200
"""Words of one map; some companies have a rank for each of their products."""


def plain(word: str) -> str:
    """A word as it is compared: Ａ, ａ and A are the same rank."""
    return reading.folded(word).strip()


def meaning(ranks: Mapping[str, int], word: str) -> str:
    """The percentage of ``word`` by the map ``ranks`` of plain words, or as it says itself.

    The map goes first: for a company whose ranks are 1 to 5, 1 is no percentage. "": unknown.
    """
    bare = plain(word)
    return str(ranks[bare]) if bare in ranks else _percentage(bare)


def _percentage(word: str) -> str:
    try:
        number = float(word.removesuffix("%"))
    except ValueError:
        return ""
    share = number * 100 if 0 < number < 1 else number
    return f"{share:g}" if 0 <= share <= 100 else ""


def shipped() -> dict[str, int]:
    """Percentage by word, as it comes with Tsunagu."""
    listed = fields.known()["words"]["confidence"].items()
    return {word: int(percent) for percent, words in listed for word in words}


def current() -> dict[str, int]:
    """Percentage by word, the surest first."""
    own = dict(RankMeaning.objects.values_list("word", "percent"))
    return dict(sorted((own or shipped()).items(), key=lambda item: (-item[1], item[0])))


def by_plain_word() -> dict[str, int]:
    """:func:`current` by words as they are compared."""
    return {plain(word): percent for word, percent in current().items()}


def is_own() -> bool:
    """Whether somebody edited the map."""
    return RankMeaning.objects.exists()


def save(user: User, ranks: Mapping[str, int]) -> None:
    """Make ``ranks`` the map; imports whose columns are assigned already keep theirs.

    Raises:
        PermissionDenied: ``user`` may not.
        ValidationError: there is no word, the same one twice, or too many.
    """
    require(user, "deals.configure")
    shown = {normalize("NFKC", word).strip(): percent for word, percent in ranks.items()}
    _check(ranks)
    with transaction.atomic():
        before = current()
        _replace(shown)
        audit.record(user, "save_ranks", RankMeaning(), before=before, after=shown)


def restore(user: User) -> None:
    """Go back to the shipped map.

    Raises:
        PermissionDenied: ``user`` may not.
    """
    require(user, "deals.configure")
    with transaction.atomic():
        before = current()
        RankMeaning.objects.all().delete()
        audit.record(user, "restore_ranks", RankMeaning(), before=before, after=shipped())


def _check(ranks: Mapping[str, int]) -> None:
    folded = {plain(word) for word in ranks}
    if not folded or "" in folded:
        raise ValidationError(_("At least one rank must remain."))
    if len(folded) < len(ranks):
        raise ValidationError(_("A rank stands twice. Ａ, ａ and A are the same."))
    if len(folded) > MOST:
        raise ValidationError(_("There are too many ranks (at most %(most)d).") % {"most": MOST})


def _replace(ranks: Mapping[str, int]) -> None:
    # The lock makes two people who save at once follow one another; the later map is kept whole.
    list(RankMeaning.objects.select_for_update())
    RankMeaning.objects.all().delete()
    RankMeaning.objects.bulk_create(RankMeaning(word=w, percent=p) for w, p in ranks.items())
