"""``tsunagu import`` on an installation of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.installation import Installation, installation

HEADER = "案件番号,案件名,取引先名,担当者,作成日,フェーズ\n"
GOOD = "A-1,更新,青葉商事,佐藤,2026-04-01,提案\n"
BAD = "A-2,日付なし,青葉商事,佐藤,,提案\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation(tmp_path_factory.mktemp("installation")) as there:
        assert there.tsunagu("migrate").returncode == 0
        made = there.tsunagu(
            "createadmin",
            "--email",
            "a@example.jp",
            "--name",
            "管理者",
            TSUNAGU_PASSWORD="tabi-no-michi-7",  # noqa: S106
        )
        assert made.returncode == 0, made.stderr
        yield there


def test_files_come_in_and_rows_that_cannot_be_are_named(here: Installation) -> None:
    (here.home / "deals.csv").write_text(HEADER + GOOD + BAD, encoding="cp932")

    dry = here.tsunagu("import", "deals.csv", "--dry-run", "--json")
    done = here.tsunagu("import", "deals.csv", "--json")
    again = here.tsunagu("import", "deals.csv", "--lang", "en")

    assert (dry.returncode, done.returncode, again.returncode) == (3, 3, 3), done.stderr
    assert json.loads(dry.stdout)[0]["state"] == "checked"
    found = json.loads(done.stdout)[0]
    assert (found["state"], found["new"], found["rejected"]) == ("done", 1, 1)
    assert "0 new, 0 changed, 1 unchanged, 1 left out" in again.stdout
    assert "3" in again.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("missing.csv",),
        ("deals.csv", "--preset", "no-such-system"),
        ("deals.csv", "--column", "nothing"),
        ("deals.csv", "--column", "id=無い列"),
        ("deals.csv", "--kind", "spaceships"),
        ("deals.csv", "--user", "nobody@example.jp"),
    ],
)
def test_mistakes_are_said_without_a_traceback(
    here: Installation, arguments: tuple[str, ...]
) -> None:
    (here.home / "deals.csv").write_text(HEADER + GOOD, encoding="utf-8")

    done = here.tsunagu("import", *arguments)

    assert done.returncode == 1
    assert "✗" in done.stderr
    assert "Traceback" not in done.stderr
