"""Lists of imports and of the rows that they leave out, as they are exported."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tsunagu.app.deals.queries import number
from tsunagu.app.exchange.models import FileKind, Import, ImportProblem
from tsunagu.app.exchange.queries import import_list
from tsunagu.app.exchange.wording import words_of
from tsunagu.app.listing import Listed, column, labels, told
from tsunagu.app.people.models import User


def _imports(user: User, query: QueryDict) -> QuerySet[Import]:
    return import_list()


def _problems(user: User, query: QueryDict) -> QuerySet[ImportProblem]:
    return ImportProblem.objects.filter(source=number(query.get("of")) or 0)


IMPORTS = Listed(
    "imports",
    _("Imports"),
    _imports,
    (
        column(_("File"), "file_name"),
        column(_("Its rows are"), "kind", teller=labels(FileKind)),
        column(_("Rows"), "rows"),
        column(_("Uploaded"), "created_at"),
        column(_("By"), "user__name"),
        column(_("Done"), "finished_at"),
        column(_("Undone"), "undone_at"),
    ),
    permission="exchange.run",
)

PROBLEMS = Listed(
    "import-problems",
    _("Rows left out"),
    _problems,
    (
        column(_("File"), "file"),
        column(_("Row"), "row"),
        column(_("Column"), "column"),
        column(_("Value"), "value"),
        column(_("Problem"), "message", teller=told(words_of)),
        column(_("Remedy"), "remedy", teller=told(words_of)),
    ),
    permission="exchange.run",
)
