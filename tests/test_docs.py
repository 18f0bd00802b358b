"""Documents say what is: links lead somewhere, commands exist, words are defined once."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from tsunagu.cli.main import app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CLI_REFERENCE = ROOT / "docs" / "reference" / "cli.md"


def command_line() -> TyperGroup:
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    return command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    local = [t for t in targets if "://" not in t and not t.startswith("mailto:")]
    missing = [t for t in local if not (document.parent / t).exists()]
    assert missing == []


SCREENSHOTS = ROOT / "docs" / "screenshots"
PICTURE = re.compile(r"""!\[[^\]]*\]\(([^)\s]+)\)|<img src="([^"]+)\"""")


def test_every_picture_is_there_and_shown_and_described() -> None:
    shown = set()
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        pictures = [markdown or html for markdown, html in PICTURE.findall(text)]
        shown |= {(document.parent / picture).resolve() for picture in pictures}
        assert "![](" not in text
        assert all(' alt="' in tag for tag in re.findall(r"<img [^>]*>", text))
    there = set(SCREENSHOTS.glob("*.webp"))
    assert shown == there, "run scripts/screenshots, or mend the documents"
    assert sum(picture.stat().st_size for picture in there) < 3_000_000


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
    command_line().commands[name].make_context(name, arguments, resilient_parsing=True)


def test_the_command_reference_is_in_step() -> None:
    command = [sys.executable, "-m", "typer", "tsunagu.cli.main", "utils", "docs"]
    done = subprocess.run(  # noqa: S603
        [*command, "--name", "tsunagu"], capture_output=True, text=True, check=True
    )
    shown = CLI_REFERENCE.read_text(encoding="utf-8")
    assert shown.strip() == done.stdout.strip(), "run `make docs`"


def test_each_word_of_the_glossary_is_defined_once() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M)
    words = [row.strip().lower() for row in rows]
    assert len(words) == len(set(words))
