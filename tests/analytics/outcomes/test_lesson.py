"""How much each deal counts when learning."""

from __future__ import annotations

import numpy as np
import pytest

from tsunagu.analytics.outcomes.encoding import Encoded
from tsunagu.analytics.outcomes.lesson import Lesson
from tsunagu.analytics.outcomes.settings import Settings


def test_a_deal_counts_for_the_root_of_its_moments_that_are_learned() -> None:
    deal, zeros = np.array([0, 0, 0, 0, 1, 1]), np.zeros(6)
    nothing = Encoded((), (), (), np.zeros((6, 0), dtype=np.float32))
    lesson = Lesson(nothing, deal, deal, zeros, zeros, 2, Settings(), 0)
    assert lesson.weight(np.arange(6))[:4].sum() == pytest.approx(2.0)
    assert lesson.weight(np.array([0, 4, 5]))[0] == 1.0
