"""What the timeline of a case tells of its playbooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from tsunagu.app.interruptions.models import Interruption
from tsunagu.app.playbooks.models import Act, TaskNote
from tsunagu.app.rooms.timeline import Entry, Source


def _notes(case: Interruption) -> QuerySet[TaskNote]:
    rows = TaskNote.objects.filter(task__run__case=case)
    return rows.select_related("by", "to", "task__run__version", "task__run__playbook")


def _tell(case: Interruption, rows: Sequence[TaskNote]) -> Iterator[Entry]:
    for row in rows:
        words = [row.task.step.name.words, row.get_act_display(), row.to.name if row.to else ""]
        who = row.by.name if row.by else ""
        # Where a fact did it, the text is the fact's key, for programs: the fact tells itself.
        text = "" if row.act == Act.FACT else row.text
        yield Entry("list", " · ".join(filter(None, words)), who, text, link="#playbook")


STEPS = Source("steps", gettext_lazy("Steps of playbooks"), _notes, _tell)
