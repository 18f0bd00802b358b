"""Our own files come back in as they were before the export guarded their cells."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.app.exchange.files import imported
from tests.app.factories import Organisation, make_contact, make_customer

from tsunagu.analytics.eventlog.rejects import as_written
from tsunagu.app.customers.models import Contact
from tsunagu.app.exchange.reading import FileTable
from tsunagu.app.exports import actions, lists, store, writing
from tsunagu.app.exports.models import Format
from tsunagu.app.spreadsheets import safe

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
GUARDED = st.builds(
    lambda marks, sign, rest: "'" * marks + sign + rest,
    st.integers(0, 3),
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", ""]),
    TEXTS,
)


@given(TEXTS | GUARDED)
@example("'+81-3-1234-5678")
@example("''=1")
def test_a_guarded_cell_means_what_it_was(text: str) -> None:
    assert as_written(safe(text)) == text


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXTS | GUARDED, min_size=1, max_size=5))
@example(["+81-3-1234-5678", "'+81", "''+81", "'引用'", "=HYPERLINK(0)", "a,b\t;c", '"', "\n-1"])
def test_an_exported_list_is_read_as_it_was(texts: list[str]) -> None:
    headings = lists.every()["contacts"].headings
    rows = [[f"P-{number}", *[text] * (len(headings) - 1)] for number, text in enumerate(texts)]
    with TemporaryDirectory() as name:
        path = Path(name) / "contacts.csv"
        writing.write_utf8(path, headings, rows)
        read = FileTable.open(path).source.table.to_pylist()

    assert [[row[h] or "" for h in headings] for row in read] == rows


def test_another_systems_apostrophes_stay(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("氏名,電話番号\n山田,'+81-3\n", encoding="utf-8")

    assert FileTable.open(path).source.table.to_pylist()[0]["電話番号"] == "'+81-3"


@pytest.mark.parametrize("form", [Format.UTF8, Format.CP932])
def test_contacts_come_back_unchanged(organisation: Organisation, form: str) -> None:
    user = organisation.administrator
    customer = make_customer("'=という名の会社")
    contact = make_contact(customer, name="-山田", phone="+81-3-1234-5678", role="'@決裁者")
    before = Contact.objects.values().get(pk=contact.pk)
    export = actions.export_list(user, "contacts", form, "")

    source = imported(user, store.file_of(export).read_bytes(), "contacts")

    assert source.written["rejected"] == 0
    assert source.written["new"] == 0
    assert Contact.objects.values().get(pk=contact.pk) == before
