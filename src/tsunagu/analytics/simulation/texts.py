"""Notes and reasons in Japanese, composed in columns from parts of sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from tsunagu.analytics.simulation import vocabulary as words
from tsunagu.analytics.simulation.workdays import Ints


def compose(rng: Generator, topics: Ints, competitors: Ints) -> pa.StringArray:
    """One text a row.

    Args:
        topics: index into ``vocabulary.TOPICS`` of each row.
        competitors: index of the competitor that a row's deal has, for notes that name one.
    """
    order = np.argsort(topics, kind="stable")
    pieces = []
    for code in np.unique(topics):
        rows = order[topics[order] == code]
        pieces.append(_about(rng, words.TOPICS[code], competitors[rows]))
    texts = pa.concat_arrays(pieces) if pieces else pa.array([], pa.string())
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return texts.take(pa.array(back))


def _about(rng: Generator, topic: str, competitors: Ints) -> pa.StringArray:
    templates, slots = words.CORES[topic]
    count = len(competitors)
    slot = competitors if slots is words.COMPETITORS else rng.integers(len(slots), size=count)
    core = _fill(templates, rng.integers(len(templates), size=count), slots, slot)
    if topic in words.REASONS:
        return core
    silent = topic == "unanswered"
    openings = words.UNANSWERED_OPENINGS if silent else words.OPENINGS
    closings = words.UNANSWERED_CLOSINGS if silent else words.CLOSINGS
    opening = _any(rng, count, openings, words.PEOPLE)
    closing = _any(rng, count, closings, words.WHEN)
    return pc.binary_join_element_wise(opening, core, closing, "")


def _any(
    rng: Generator, count: int, templates: Sequence[str], slots: Sequence[str]
) -> pa.StringArray:
    template = rng.integers(len(templates), size=count)
    return _fill(templates, template, slots, rng.integers(len(slots), size=count))


def _fill(
    templates: Sequence[str], template: Ints, slots: Sequence[str], slot: Ints
) -> pa.StringArray:
    """Template by template with its slot filled; one without a slot stays as it is."""
    before, _, after = zip(*(text.partition("{}") for text in templates), strict=True)
    filled = np.array(["{}" in text for text in templates])[template]
    middle = np.where(filled, slot, len(slots))
    index = pa.array(template)
    return pc.binary_join_element_wise(
        pa.array(before).take(index),
        pa.array([*slots, ""]).take(pa.array(middle)),
        pa.array(after).take(index),
        "",
    )
