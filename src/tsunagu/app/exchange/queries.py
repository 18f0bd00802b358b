"""What the pages of imports ask."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from tsunagu.app.exchange import fields, mapping
from tsunagu.app.exchange.models import Import, ImportProblem, State
from tsunagu.app.exchange.wording import words_of
from tsunagu.app.people.models import Team

FIRST_PROBLEMS = 10

STEPS = {
    State.UPLOADED: 2,
    State.MAPPED: 2,
    State.CHECKING: 3,
    State.CHECKED: 3,
    State.RUNNING: 4,
}


def import_list() -> QuerySet[Import]:
    """Imports, the newest first, without their long columns."""
    return Import.objects.select_related("user").defer("columns", "mapping", "parents", "made")


def step_of(source: Import) -> int:
    """The step of five at which the import stands."""
    if source.state in {State.FAILED, State.CANCELLED} and not source.has_begun:
        return 3
    return STEPS.get(source.state, 5)


def status_context(source: Import) -> dict[str, Any]:
    """For the part of the page that follows the work."""
    return {
        "source": source,
        "step": step_of(source),
        "error": {key: words_of(text) for key, text in source.error.items()},
        "notices": [words_of(text) for text in source.notices],
        "problems": worded(source.problems.all()[:FIRST_PROBLEMS]) if source.checked_at else [],
        "states": State,
    }


def worded(problems: Any) -> list[ImportProblem]:
    """Problems in the person's language."""
    rows = list(problems)
    for row in rows:
        row.message, row.remedy = words_of(row.message), words_of(row.remedy)
    return rows


def columns_context(source: Import, chosen: mapping.Mapping) -> dict[str, Any]:
    """For the form that says what the columns mean."""
    samples = {column["header"]: column["samples"] for column in source.columns}
    rows = [
        {
            "field": field,
            "chosen": (header := chosen.columns.get(field.key, "")),
            "samples": samples.get(header, []),
            "needed": field.required and field.instead not in chosen.columns,
        }
        for field in fields.FIELDS[source.kind]
    ]
    used = set(chosen.columns.values())
    return {
        "source": source,
        "step": 2,
        "chosen": chosen,
        "rows": rows,
        "headers": list(samples),
        "unused": [header for header in samples if header not in used],
        "word_maps": mapping.word_maps(source, chosen),
        "presets": fields.presets(),
        "teams": Team.objects.all(),
        "has_owner": "owner" in chosen.columns or "actor" in chosen.columns,
        "notices": [words_of(text) for text in source.notices],
    }
