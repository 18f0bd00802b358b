"""The readers' messages in the person's language.

The analytical library speaks English. What it says about cells and files stands here once more,
marked for translation; a test compares the messages about cells.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

PLAIN = (
    _("this is not a number."),
    _("Write digits, such as 1234567, ¥1,234,567, 123万円 or △500."),
    _("this is neither yes nor no."),
    _("Write true or false."),
    _("this is not a duration."),
    _("Write seconds, 12:34:56 or “4 days, 22:47:14”."),
    _("this is not a date that is understood."),
    _("Write it as 2024-04-01, 2024/4/1, 2024年4月1日 or 令和6年4月1日, with 13:05 for a time."),
    _("this date does not exist."),
    _("Correct the year, month or day."),
    _("this time of day does not exist."),
    _("Correct the hour or minute."),
    _("this day does not lie within the named era."),
    _("Correct the era or its year, or write the year as 2024."),
    _("it is not clear which number is the day and which the month."),
    _("this time was skipped when the clocks went forward."),
    _("Correct the hour, or write the offset from UTC, such as +02:00."),
    _("the year is not plausible (1900 to 2199)."),
    _("Correct the year, or leave the cell empty."),
    _("the spreadsheet's formula ended in an error."),
    _("Mend the formula, or write the value itself."),
    _("the row has another number of cells than the header."),
    _("Put cells that hold the separator into quotes, and give each row all its cells."),
    _("a cell's closing quote is missing, or the cell is too long."),
    _("the quotes of this row do not match."),
    _("Put each cell that holds quotes into quotes, and double the quotes inside."),
    _("the cell holds bytes that are no text."),
    _("Write the cell again; the unreadable places show as �."),
    _("the file is empty."),
    _("the sheet is empty."),
    _("Export it again with its header and rows."),
    _("the header is empty."),
    _("Write a name above each column."),
    _("the workbook needs a password."),
    _("Save it again without a password."),
    _("Open it in Excel and save it again as .xlsx or CSV UTF-8."),
    _("Mend its quotes."),
    _("Is this a CSV file? Export it again with line breaks between the rows."),
    _("it is not clear of which file these rows are."),
    _("Leave the reject file's own columns (tsunagu_…) as they were written."),
)

SHAPED = (
    (
        r"Put date_format = .* into the mapping\.",
        _("Say on the page of columns how dates such as 03/04/2024 are written."),
    ),
    (
        r"the file is no Excel workbook, or is damaged \(.*\)\.",
        _("the file is no Excel workbook, or is damaged."),
    ),
    (r"the header is broken \(.*\)\.", _("the header is broken.")),
    (r"line [\d,]+ is longer than [\d,]+ bytes\.", _("a line is too long.")),
    (
        r"the text is in no encoding that is understood \(byte [\d,]+\)\.",
        _("the text is in no encoding that is understood."),
    ),
    (
        r".*: totals and remarks are no records and were left out: row (?P<rows>.*)",
        _("Totals and remarks are no records and were left out: row %(rows)s."),
    ),
    (
        r".*: the encoding was guessed to be .*",
        _("The encoding of the text was guessed; if names look wrong, save the file as CSV UTF-8."),
    ),
)
"""Messages with file-specific parts; only the parts that are named stand in the translation."""


def words_of(message: str) -> str:
    """The message in the present language."""
    for pattern, plain in SHAPED:
        if found := re.fullmatch(pattern, message):
            return gettext(plain) % found.groupdict()
    return gettext(message) if message else ""
