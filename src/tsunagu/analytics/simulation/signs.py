"""Signs that the process leaves: checkpoints, surveys asked and unanswered, mails that come back.

They have a stream of chance of their own, so that the rest of a simulated organisation is the same
with and without them.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tsunagu.analytics.contracts import Kind
from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.contacts import OUT
from tsunagu.analytics.simulation.trail import Trail

_CARE = 0.85
_ASKED = 0.12
_BOUNCES = 0.25


def add_signs(trail: Trail) -> None:
    """Add them all."""
    rng = trail.branch.rng.spawn(1)[0]
    _add_checkpoints(trail, rng)
    _add_surveys(trail, rng)
    _add_bounces(trail, rng)


def _add_checkpoints(trail: Trail, rng: Generator) -> None:
    """On leaving a stage; skilled people skip fewer, and a fifth of the skipped are made good."""
    stages, skill = trail.lives.ends.stages, trail.lives.starts.skill
    care = 1 / (1 + np.exp(-(np.log(_CARE / (1 - _CARE)) + 0.5 * skill)))
    for order in range(len(words.CHECKPOINTS)):
        deal = np.flatnonzero(np.isfinite(stages[:, order + 1]))
        left = stages[deal, order + 1]
        met = rng.random(len(deal)) < care[deal]
        value = trail.codes.of("checkpoint", np.full(len(deal), order))
        time = np.where(met, left - 0.02, left + 0.02)
        trail.add(Kind.CHECKPOINT, deal, time, value=value, amount=met.astype(np.float64))
        later = ~met & (rng.random(len(deal)) < 0.2)
        again = np.where(later, left + rng.uniform(1, 10, len(deal)), np.inf)
        trail.add(Kind.CHECKPOINT, deal, again, value=value, amount=np.ones(len(deal)))


def _add_surveys(trail: Trail, rng: Generator) -> None:
    """Asked after the proposal; answered unless contact has cooled, lower where it has begun to."""
    begun = trail.lives.ends.stages[:, 2]
    deal = np.flatnonzero(np.isfinite(begun) & (rng.random(len(begun)) < _ASKED))
    asked = begun[deal] + rng.uniform(3, 15, len(deal))
    trail.add(Kind.SURVEY, deal, asked, direction=np.full(len(deal), OUT))
    cold = trail.lives.cooling(asked, deal)
    answers = rng.random(len(deal)) < 0.6 * (1 - cold)
    time = np.where(answers, asked + rng.gamma(2, 1.5, len(deal)), np.inf)
    mood = 7.2 - 2.2 * cold + rng.normal(0, 1.5, len(deal))
    trail.add_answers(deal, time, np.clip(np.round(mood), 0, 10))


def _add_bounces(trail: Trail, rng: Generator) -> None:
    """Some mails to a contact who left come back."""
    left = trail.lives.shocks.contact_left
    happens = rng.random(len(left)) < _BOUNCES
    time = np.where(happens, left + rng.uniform(0.5, 6, len(left)), np.inf)
    value = trail.codes.of("bounced", np.zeros(len(left), np.int64))
    trail.add(Kind.EMAIL, np.arange(len(left)), time, value=value)
