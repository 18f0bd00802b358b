"""Names of companies that mean the same."""

from __future__ import annotations

import pytest

from tsunagu.app.customers.names import can_mean, fold_name


@pytest.mark.parametrize(
    "name",
    [
        "株式会社Ｔｏｈｏ",
        "(株)toho",
        "㈱ TOHO",
        "Toho, Inc.",
        "TOHO Co., Ltd.",
        "Toho K.K.",
        "toho有限会社",
    ],
)
def test_legal_form_width_and_case_say_nothing(name: str) -> None:
    assert fold_name(name) == "toho"


@pytest.mark.parametrize(
    ("one", "other"),
    [("東都精密", "東都精機"), ("Costco", "Costar"), ("Zinc", "Z"), ("サーバー", "サーバ")],
)
def test_other_names_stay_others(one: str, other: str) -> None:
    assert fold_name(one) != fold_name(other)


def test_a_name_of_a_legal_form_only_is_kept() -> None:
    assert fold_name("株式会社") == "株式会社"


def test_a_part_of_a_name_can_mean_it() -> None:
    assert can_mean("株式会社東都精密", "東都")
    assert can_mean("株式会社東都精密", "株式会社")
    assert not can_mean("株式会社東都精密", "北海")
