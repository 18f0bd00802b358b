"""How will it be decided?  Outcome prediction as the field measures it, beside the field's methods.

    python -m benchmarks.foresight.outcome --bpi ../shared/data/bpic2012/BPI_Challenge_2012.xes.gz \
        --school ../shared/data/school_crm/deals.csv ../shared/data/school_crm/calls.csv.gz

``--validate`` never opens the test part: the training part is parted once more in the same way.
``--ablate`` fits our model again without each part of it.  Needs the dependency group
``benchmarks``: ``uv sync --group benchmarks``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
from benchmarks.foresight import printing, published, resampling, rivals, tasks
from benchmarks.foresight.reliability import draw
from benchmarks.foresight.tasks import Task

from tsunagu.analytics.evaluation.arrays import Flags, Floats, Integers
from tsunagu.analytics.evaluation.resampling import Sample
from tsunagu.analytics.outcomes import OutcomeModel, Settings, sized
from tsunagu.analytics.outcomes.decisions import place
from tsunagu.analytics.outcomes.encoding import encode
from tsunagu.analytics.outcomes.view import View
from tsunagu.analytics.outcomes.vocabulary import learn

OURS = "tsunagu"
PARTS: Mapping[str, tuple[str, ...]] = {
    "time between steps": ("gaps", "length"),
    "time since each step, time after it": ("recency", "waiting"),
    "transitions": ("transitions",),
    "people": ("hands", "busy", "rates_people"),
    "amount and attributes": ("attributes", "amounts", "rates_attributes"),
    "how deals were decided lately": (
        "rates_lately",
        "rates_steps",
        "rates_people",
        "rates_attributes",
    ),
}
"""Groups of features that the ablations leave out together."""

OTHERS: Mapping[str, Mapping[str, Any]] = {
    "trees alone, blended by nobody": {"penalties": (), "chain": ()},
    "trees and two regressions, weighed by a chain": {
        "penalties": (0.1, 1.0),
        "chain": (0.6, 0.8),
    },
    "freer trees (15 leaves of 50, 100 rounds)": {"leaves": 15, "leaf_rows": 50, "rounds": 100},
}
"""Other choices than ours."""

Told = dict[str, Floats]
"""What each method says of the test moments."""


@dataclass(frozen=True)
class Judge:
    """The test moments of one task.

    Attributes:
        deal: (t,) from 0.
        place: (t,) prefix length or week.
        weights: (1 + replicates, deals).
        completing: (deals,) how many deals each stands for, see :func:`tasks.completing`.
    """

    deal: Integers
    place: Integers
    weights: Floats
    completing: Floats

    @classmethod
    def of(cls, task: Task, replicates: int) -> Judge:
        """For the test moments of ``task``."""
        deals, deal = np.unique(task.moments.deal[task.test], return_inverse=True)
        weights = resampling.weights(len(deals), replicates)
        completing = tasks.completing(task)[deals]
        return cls(deal.astype(np.int64), task.place[task.test], weights, completing)

    def samples(self, told: Floats, positive: Flags, *, probability: bool) -> Sample:
        """AUC by place and over all, and errors of probabilities."""
        by_place = resampling.grouped_aucs(told, positive, self.deal, self.place, self.weights)
        rows = {p: int((self.place == p).sum()) for p in by_place}
        figures = {f"auc_{p}": f for p, f in by_place.items()}
        figures["auc"] = resampling.averaged(by_place, rows)
        if probability:
            about = (told, positive, self.deal, self.weights)
            figures |= {"ece": resampling.eces(*about), "brier": resampling.briers(*about)}
            figures["ece_completed"] = resampling.eces(*about[:3], self.completed)
        return resampling.sample(figures)

    @property
    def completed(self) -> Floats:
        """``weights`` with the deals that were still undecided at the end stood for."""
        return self.weights * self.completing

    def curve(self, told: Floats, positive: Flags) -> tuple[Floats, Floats, Floats]:
        """Of reliability, of the completed deals."""
        return resampling.curve(told, positive, self.deal, self.completed)


def ours(task: Task, settings: Settings) -> dict[str, Floats]:
    """Our model's probability of each answer for the test moments."""
    model = OutcomeModel.fit(
        task.log.until(task.cut), task.table(task.train), task.taught(), settings
    )
    scores = model.score(task.log, task.table(task.test), task.decisions)
    return {answer: scores[answer].to_numpy() for answer in model.answers}


def field_methods(task: Task, positive: Flags) -> Told:
    """The published encodings and learners."""
    columns = published.columns(task.steps, "amount_requested")
    wide = published.aggregation(columns, task.moments)
    last = published.last_state(columns, task.moments)
    return {
        "aggregation, XGBoost": rivals.tuned(rivals.xgboosts(1), wide, positive, task),
        "aggregation, logistic regression": rivals.tuned(rivals.logistics(), wide, positive, task),
        "last state, XGBoost": rivals.tuned(rivals.xgboosts(2), last, positive, task),
    }


def floor_methods(task: Task, positive: Flags) -> Told:
    """Silence, age, the source's prior, and a plain LightGBM on counts of calls."""
    view = _view(task)
    found = encode(view, ("length", "counts", "attributes", "amounts"))
    column = dict(zip(found.names, found.matrix.T, strict=True))
    counts = np.column_stack([*_named(column, "count["), task.place]).astype(np.float32)
    longer = np.column_stack([counts, *_named(column, "amount_")])
    seen = np.column_stack([longer, *_named(column, "level[")])
    test = task.test
    return {
        "silence (days since the last call)": column["silence"][test].astype(np.float64),
        "source's prior": _prior(task, positive),
        "call counts, LightGBM": _plain(counts, positive, task),
        "call counts and seconds, LightGBM": _plain(longer, positive, task),
        "call counts, LightGBM tuned": rivals.tuned(rivals.lightgbms(1), counts, positive, task),
        "all of these, source and owner, LightGBM tuned": rivals.tuned(
            rivals.lightgbms(2), seen, positive, task
        ),
    }


def _named(column: Mapping[str, np.ndarray], start: str) -> list[np.ndarray]:
    return [values for name, values in column.items() if name.startswith(start)]


def _plain(matrix: np.ndarray, positive: Flags, task: Task) -> Floats:
    train, test = task.train, task.test
    return rivals.lightgbm(matrix[train], positive[train], matrix[test])


def _view(task: Task) -> View:
    decided = place(task.decisions, task.steps.deal_ids, None)
    return View(task.steps, task.moments, learn(task.steps), decided)


def _prior(task: Task, positive: Flags) -> Floats:
    """Share of each source's training moments, pulled towards that of all by 20."""
    source = task.steps.attributes["source"].fill_null("").dictionary_encode()
    code = source.indices.to_numpy()[task.moments.deal]
    size = len(source.dictionary)
    rows = np.bincount(code[task.train], minlength=size)
    true = np.bincount(code[task.train], positive[task.train], size)
    share = (true + 20 * positive[task.train].mean()) / (rows + 20)
    found: Floats = share[code[task.test]]
    return found


NO_PROBABILITY = ("silence (days since the last call)",)


def judge(told: Told, positive: Flags, about: Judge) -> dict[str, Sample]:
    """Figures of every method."""
    return {
        name: about.samples(p, positive, probability=name not in NO_PROBABILITY)
        for name, p in told.items()
    }


def print_methods(samples: Mapping[str, Sample], keys: tuple[str, ...]) -> None:
    """One line a method, ours first, with our lead over it."""
    head = ["method", "AUC, weighted", "ours less this", "Brier", "ECE", "ECE, completed"]
    head += [f"AUC at {key.removeprefix('auc_')}" for key in keys]
    rows = []
    for name, found in samples.items():
        lead = "" if name == OURS else printing.difference(samples[OURS].minus(found, "auc"))
        errors = [
            printing.figure(found.figure(k)) if k in found.point else "–"
            for k in ("brier", "ece", "ece_completed")
        ]
        by_place = [f"{found.point[key]:.3f}" if key in found.point else "–" for key in keys]
        rows.append([name, printing.figure(found.figure("auc")), lead, *errors, *by_place])
    print(printing.table(head, rows), flush=True)


def print_calibration(told: Floats, positive: Flags, groups: Mapping[str, Flags], j: Judge) -> None:
    """Told and observed shares and calibration error, by group; completed in the last columns."""
    rows = []
    for name, chosen in groups.items():
        if chosen.sum() < 50:
            continue
        row = [name, f"{chosen.sum():,}"]
        for weights in (j.weights, j.completed):
            row += _calibration(told[chosen], positive[chosen], j.deal[chosen], weights)
        rows.append(row)
    head = ["group", "moments", "told", "observed", "ECE"]
    head += ["told, completed", "observed, completed", "ECE, completed"]
    print(printing.table(head, rows), flush=True)


def _calibration(told: Floats, positive: Flags, deal: Integers, weights: Floats) -> list[str]:
    error = resampling.sample({"ece": resampling.eces(told, positive, deal, weights)}).figure("ece")
    shares = (np.average(values, weights=weights[0, deal]) for values in (told, positive))
    return [*(f"{share:.3f}" for share in shares), printing.figure(error)]


def ablations(task: Task, settings: Settings) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Our model without each part."""
    for name, dropped in PARTS.items():
        groups = tuple(g for g in settings.groups if g not in dropped)
        if groups == settings.groups:
            continue
        yield f"without {name}", ours(task, replace(settings, groups=groups))
    for name, other in OTHERS.items():
        yield name, ours(task, replace(settings, **other))


def print_ablations(task: Task, settings: Settings, answers: tuple[str, ...], j: Judge) -> None:
    """Weighted AUC of our model less that without each part; one seed, to be quick."""
    settings = replace(settings, seeds=1)
    truth = {a: task.answer[task.test] == a for a in answers}
    whole = ours(task, settings)
    full = {a: j.samples(whole[a], truth[a], probability=False) for a in answers}
    rows = []
    for name, told in ablations(task, settings):
        less = {a: j.samples(told[a], truth[a], probability=False) for a in answers}
        rows.append([name, *(printing.difference(full[a].minus(less[a], "auc")) for a in answers)])
        print(*rows[-1], sep=" | ", flush=True)
    print(printing.table(["the model less itself", *answers], rows), flush=True)


def bpi(log_file: Path, folder: Path, asked: argparse.Namespace) -> None:
    """BPI Challenge 2012, published and leak-free."""
    log = tasks.read([log_file], "bpic2012_offers.toml", folder)
    task, undecided = tasks.bpi2012(log, validate=asked.validate)
    for title, one in (("as published", task), ("leak-free", task.where(undecided))):
        if title in asked.variants:
            _bpi_variant(one, title, asked)


def _bpi_variant(task: Task, title: str, asked: argparse.Namespace) -> None:
    settings = Settings(known_only=False)
    about = Judge.of(task, asked.replicates)
    _describe(f"BPI Challenge 2012, {title}", task, about)
    if asked.ablate:
        print_ablations(task, settings, ("accepted", "cancelled"), about)
        return
    own = ours(task, settings)
    groups = _bpi_groups(task, about)
    for answer in asked.answers:
        positive = task.answer == answer
        told = {OURS: own[answer], **field_methods(task, positive)}
        print(f"### {answer}, {title} ({positive[task.test].mean():.0%} of the prefixes)\n")
        samples = judge(told, positive[task.test], about)
        print_methods(samples, ("auc_1", "auc_5", "auc_10", "auc_20", "auc_30", "auc_40"))
        print_calibration(own[answer], positive[task.test], groups, about)
        if asked.plots:
            curve = about.curve(own[answer], positive[task.test])
            draw(asked.plots / f"bpi-{title.replace(' ', '-')}-{answer}.svg", answer, curve)


def _bpi_groups(task: Task, about: Judge) -> dict[str, Flags]:
    """Test moments by amount, by number of events, and by who worked on the case last."""
    s, moments = task.steps, task.some(task.test)
    amount = s.attributes["amount_requested"].fill_null(0).to_numpy()
    size = np.digitize(amount, np.quantile(amount, [1 / 3, 2 / 3]))[moments.deal]
    groups = {"all": np.ones(len(size), dtype=bool)}
    groups |= {n: size == i for i, n in enumerate(("small amounts", "middle", "large"))}
    bands = ((1, 10), (11, 20), (21, 40))
    groups |= {f"{a}-{b} events": (about.place >= a) & (about.place <= b) for a, b in bands}
    who = np.array(s.actor.fill_null("unknown").take(pa.array(moments.last)).to_pylist())
    return groups | _commonest("person", who, 4)


def _commonest(kind: str, names: np.ndarray, most: int) -> dict[str, Flags]:
    found, counts = np.unique(names, return_counts=True)
    return {f"{kind} {n}": names == n for n in found[np.argsort(-counts, kind="stable")][:most]}


def school(files: list[Path], folder: Path, asked: argparse.Namespace) -> None:
    """The school's CRM: weeks after the first real talk."""
    log = tasks.read(files, "school_calls.toml", folder)
    task = tasks.school(log, validate=asked.validate)
    about, settings = Judge.of(task, asked.replicates), sized(len(task.taught()))
    _describe("The school's CRM", task, about)
    if asked.ablate:
        print_ablations(task, settings, ("broken_off",), about)
        return
    own = ours(task, settings)
    positive = task.answer == "broken_off"
    told = {OURS: own["broken_off"], **floor_methods(task, positive)}
    samples = judge(told, positive[task.test], about)
    print(f"### broken off, against lost or won ({positive[task.test].mean():.0%})\n")
    print_methods(samples, ("auc_1", "auc_2", "auc_4", "auc_8", "auc_12"))
    print_calibration(own["broken_off"], positive[task.test], _school_groups(task), about)
    if asked.plots:
        curve = about.curve(own["broken_off"], positive[task.test])
        draw(asked.plots / "school-broken-off.svg", "broken off", curve)


def _school_groups(task: Task) -> dict[str, Flags]:
    """Test moments by source, and by owner."""
    s, deal = task.steps, task.moments.deal[task.test]
    groups = {"all": np.ones(len(deal), dtype=bool)}
    for kind, values in (("source", s.attributes["source"]), ("owner", s.owner)):
        groups |= _commonest(kind, np.array(values.fill_null("unknown").to_pylist())[deal], 6)
    return groups


def _describe(title: str, task: Task, about: Judge) -> None:
    deals = len(np.unique(task.moments.deal[task.train]))
    print(f"## {title}\n")
    print(
        f"Cut {task.cut:%Y-%m-%d %H:%M} UTC. Learnt from {deals:,} deals ({task.train.sum():,} "
        f"moments), judged on {about.weights.shape[1]:,} ({task.test.sum():,} moments); "
        f"{len(about.weights) - 1} resamples of deals.\n",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bpi", type=Path, help="BPI_Challenge_2012.xes.gz")
    parser.add_argument("--school", type=Path, nargs=2, help="deals.csv and calls.csv.gz")
    parser.add_argument("--validate", action="store_true", help="within the training part only")
    parser.add_argument("--ablate", action="store_true", help="our model without each part")
    parser.add_argument("--replicates", type=int, default=500, help="resamples of the deals")
    parser.add_argument("--plots", type=Path, help="folder for reliability plots")
    variants = ("as published", "leak-free")
    parser.add_argument("--variants", nargs="+", default=variants, choices=variants)
    answers = ("cancelled", "accepted", "declined")
    parser.add_argument("--answers", nargs="+", default=answers, choices=answers)
    asked = parser.parse_args()
    files = [path for path in (asked.bpi, *(asked.school or ())) if path]
    print(printing.heading("Outcome prediction", files, ("xgboost-cpu",)), flush=True)
    with TemporaryDirectory(prefix="tsunagu-outcome-") as folder:
        if asked.bpi:
            bpi(asked.bpi, Path(folder), asked)
        if asked.school:
            school(asked.school, Path(folder), asked)
    print(f"Took {time.process_time():.0f} s of CPU time.")


if __name__ == "__main__":
    main()
