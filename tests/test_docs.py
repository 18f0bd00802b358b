"""Documents say what is: links lead somewhere, commands exist, words are defined once."""

import re
import shlex
from pathlib import Path

import pytest
import typer.cli
import typer.main
from click import Command, Context, Group

from tsunagu.cli.main import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CLI_REFERENCE = ROOT / "docs" / "reference" / "cli.md"


def command_line() -> Group:
    command = typer.main.get_command(app)
    assert isinstance(command, Group)
    return command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    local = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    missing = [t for t in local if not (document.parent / t).exists()]
    assert missing == []


def documented_commands() -> list[str]:
    found = []
    for document in set(DOCUMENTS) - {CLI_REFERENCE}:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        found += re.findall(r"^\$ (?:\.venv/bin/)?tsunagu (.+)$", text, re.MULTILINE)
    return sorted(set(found))


@pytest.mark.parametrize("line", documented_commands())
def test_a_documented_command_line_is_understood(line: str) -> None:
    name, *arguments = shlex.split(line, comments=True)
    if name.startswith("-"):
        return
    command = command_line().commands[name]
    assert isinstance(command, Command)
    command.make_parser(Context(command)).parse_args(args=arguments)


def test_the_command_reference_is_in_step() -> None:
    expected = typer.cli.get_docs_for_click(
        obj=command_line(), ctx=Context(command_line(), info_name="tsunagu"), name="tsunagu"
    )
    shown = CLI_REFERENCE.read_text(encoding="utf-8")
    assert shown.strip() == expected.strip(), "run `make docs`"


def test_each_word_of_the_glossary_is_defined_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)
    words = [row.strip().lower() for row in rows]
    assert len(words) == len(set(words))
