"""Brings the playbooks that ship with the software into the database.

People's own versions stay in use whatever ships later; the editor shows that a newer one exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from tsunagu.app.playbooks.models import Playbook, PlaybookVersion
from tsunagu.app.playbooks.steps import Content, as_json, load

FOLDER = Path(__file__).with_name("shipped")


def shipped(folder: Path = FOLDER) -> Iterator[Content]:
    """Every shipped playbook, by key.

    Raises:
        SchemaError: a file breaks the schema.
    """
    for path in sorted(folder.glob("*.toml")):
        yield load(path)


def load_where_migrated() -> None:
    """:func:`load_shipped`, unless the migration left this application's tables out."""
    if PlaybookVersion._meta.db_table in connection.introspection.table_names():
        load_shipped()


def load_shipped(folder: Path = FOLDER) -> int:
    """Add what the database does not hold yet; returns how many versions were new."""
    held = set(
        PlaybookVersion.objects.filter(shipped__isnull=False).values_list(
            "playbook__key", "shipped"
        )
    )
    new = [content for content in shipped(folder) if (content.key, content.version) not in held]
    for content in new:
        _add(content)
    return len(new)


def _add(content: Content) -> None:
    with transaction.atomic():
        playbook, _made = Playbook.objects.get_or_create(key=content.key)
        found = Playbook.objects.select_for_update().get(pk=playbook.pk)
        version, _made = PlaybookVersion.objects.get_or_create(
            playbook=found,
            shipped=content.version,
            defaults={"number": next_number(found), "content": as_json(content)},
        )
        if found.in_use is None or found.in_use.made_by_id is None:
            put_in_use(found, version)


def next_number(playbook: Playbook) -> int:
    """The number of the playbook's next version; who calls holds its lock."""
    last = playbook.versions.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def put_in_use(playbook: Playbook, version: PlaybookVersion) -> None:
    """Let new runs take ``version``."""
    playbook.in_use, playbook.causes = version, version.content["causes"]
    playbook.save(update_fields=["in_use", "causes"])
