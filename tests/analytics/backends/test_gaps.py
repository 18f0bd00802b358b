"""What differs between the engines is told in one place."""

from __future__ import annotations

from pathlib import Path

from tsunagu.analytics.backends import spark
from tsunagu.analytics.backends.gaps import GAPS, as_markdown

SCALE = Path(__file__).parents[3] / "docs" / "reference" / "scale.md"


def test_the_documentation_prints_the_gaps() -> None:
    assert as_markdown() in SCALE.read_text(encoding="utf-8")
    assert len({gap.name for gap in GAPS}) == len(GAPS)


def test_of_a_page_of_java_the_line_that_says_why_is_shown() -> None:
    page = """Job aborted due to stage failure: Lost task 1.3 in stage 0.0 (192.0.2.2 executor 1):
Traceback (most recent call last):
  File "/usr/lib/python3/worker.py", line 2028, in main
    func = read_udfs(infile)
ModuleNotFoundError: No module named 'tsunagu'
    at org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:581)"""
    assert (
        spark.what_went_wrong(Exception(page)) == "ModuleNotFoundError: No module named 'tsunagu'"
    )
