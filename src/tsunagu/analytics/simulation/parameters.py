"""What can be set about the simulated organisation, with units and reasons."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tsunagu.analytics.errors import TsunaguError


def _set(default: float, unit: str, why: str, low: float, high: float) -> Any:
    return field(default=default, metadata={"unit": unit, "why": why, "low": low, "high": high})


@dataclass(frozen=True)
class Parameters:
    """Numbers behind the organisation; each field's ``metadata`` has its ``unit`` and ``why``.

    The table in ``docs/reference/simulation.md`` is made from them (:func:`reference_table`).
    A "working day" is a weekday that is no Japanese holiday, Obon or turn-of-the-year day.

    Raises:
        TsunaguError: if a value lies outside its range.
    """

    # fmt: off
    history_days: int = _set(
        820, "calendar days", "Deals are created from this long before the end up to the end: "
        "a good two years, so that every season is seen twice.", 180, 3650)
    branch_deals: int = _set(
        20_000, "deals", "A branch has its own people and customers and is simulated at once; "
        "peak memory follows this number and not the number of deals.", 200, 200_000)
    deals_per_seat: int = _set(
        60, "deals per sales seat over the history", "About seven running deals a representative "
        "at a time.", 5, 1000)
    deals_per_customer: float = _set(
        3.0, "deals per customer over the history", "Customers come back; some often.", 1, 100)
    cycle_days: float = _set(
        68.0, "working days, median from creation to decision", "B2B cycles of about 30 to 180 "
        "calendar days.", 10, 400)
    cycle_spread: float = _set(
        0.45, "standard deviation of the logarithm", "Deals differ in pace.", 0, 1.5)
    break_rate: float = _set(
        0.0075, "breaks per deal and working day, before multipliers", "Sum of all causes that "
        "strike without a visible event; with the events' own shares it interrupts about four "
        "in ten deals.", 0, 0.1)
    shock_share: float = _set(
        1.7, "factor", "Scales the share of visible events (owner change, contact leaving, "
        "competitor, budget review, reorganisation) that lead to a break.", 0, 3)
    frailty: float = _set(
        0.7, "standard deviation of the log rate", "What no record shows and yet decides: keeps "
        "any model from foreseeing everything.", 0, 3)
    sudden_share: float = _set(
        0.25, "share of breaks", "Breaks that come with no cooling before them.", 0, 1)
    lead_days: float = _set(
        18.0, "working days, mean", "How long contact cools before a break.", 1, 90)
    cooling: float = _set(
        0.75, "0 to 1, mean", "How far the customer's answers fall away just before a break.", 0, 1)
    quiet_share: float = _set(
        0.45, "share of deals", "Deals with a harmless quiet spell that looks like cooling.", 0, 1)
    quiet_days: float = _set(
        18.0, "working days, mean", "Length of a harmless quiet spell.", 1, 90)
    win_share: float = _set(
        0.60, "share of decided deals, for a middling case", "The others are decided against.",
        0, 1)
    owner_change_share: float = _set(
        0.06, "share of deals", "Deals given to another seat, beside the transfers of people in "
        "April and October.", 0, 1)
    handover_share: float = _set(
        0.6, "share of owner changes", "The new owner really meets the customer.", 0, 1)
    competitor_share: float = _set(
        0.3, "share of deals", "A competitor becomes known.", 0, 1)
    contact_left_share: float = _set(
        0.1, "share of deals", "The customer's contact leaves or is moved.", 0, 1)
    notice_days: float = _set(
        7.0, "working days, median", "From the true break until the representative sees it.",
        0.5, 90)
    confirm_share: float = _set(
        0.65, "share of interruptions", "Confirmed by a person as such; the others pass unnamed.",
        0, 1)
    right_cause_share: float = _set(
        0.8, "share of confirmed interruptions", "The recorded cause is the true one.", 0, 1)
    close_delay_days: float = _set(
        26.0, "working days, median", "From the true break to the record of it: nobody likes to "
        "close a deal.", 1, 200)
    never_closed_share: float = _set(
        0.05, "share of deals broken off", "Never closed by anybody; they stay open.", 0, 1)
    mislabel_share: float = _set(
        0.08, "share of deals broken off", "Recorded as lost, as if the customer had decided.",
        0, 1)
    recorded_share: float = _set(
        0.88, "share of contacts, mean over representatives", "Not every call is written down.",
        0.05, 1)
    overtime_share: float = _set(
        0.015, "share of the customer's mails", "Sent in the evening or at night.", 0, 1)
    note_share: float = _set(
        0.5, "share of talks", "Talks that get a note.", 0, 1)
    telling_share: float = _set(
        0.35, "share of notes while contact cools", "The note names the true cause.", 0, 1)
    harmless_share: float = _set(
        0.15, "share of other notes", "The note names a competitor, budget, and so on, though "
        "nothing comes of it.", 0, 1)
    # fmt: on

    def __post_init__(self) -> None:
        for name, kind, low, high, value in _ranges(self):
            if not (isinstance(value, kind) and low <= value <= high):
                whole = "whole " if kind is int else ""
                raise TsunaguError(
                    f"The parameter {name} is {value!r}.",
                    remedy=f"Give a {whole}number from {low} to {high}.",
                )

    def as_dict(self) -> dict[str, float]:
        """Names and values, for JSON."""
        return asdict(self)


def _ranges(parameters: Parameters) -> list[tuple[str, Any, float, float, Any]]:
    kinds = {"int": int, "float": int | float}
    return [
        (
            f.name,
            kinds[str(f.type)],
            f.metadata["low"],
            f.metadata["high"],
            getattr(parameters, f.name),
        )
        for f in fields(parameters)
    ]


def reference_table() -> str:
    """The parameters as a Markdown table, as it stands in ``docs/reference/simulation.md``."""
    head = "| parameter | default | unit | why | range |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| `{f.name}` | {f.default} | {f.metadata['unit']} | {f.metadata['why']} "
        f"| {f.metadata['low']} to {f.metadata['high']} |\n"
        for f in fields(Parameters)
    )
