"""Time to break-off, early warning and calibration on public logs, beside survival analysis's own.

    python -m benchmarks.foresight.survival ../shared/data
    python -m benchmarks.foresight.survival ../shared/data --log school_crm --validate
    python -m benchmarks.foresight.survival ../shared/data --plots docs/reference/foresight \\
        --into docs/reference/foresight.md

Ours, the rules of today's systems, Aalen-Johansen and Kaplan-Meier by stage, two Cox models, a
random survival forest and a plain LightGBM learn from the log as it stood at the cut and are judged
on the weeks after it.  Lists of these models are ordered by the window that served them best in
training, as ours are.  Nothing is tuned on the test part; ``--validate`` does not open it.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.foresight.printing import heading
from benchmarks.foresight.survival_logs import SOURCES
from benchmarks.foresight.survival_predictors import default_cache, default_rivals, rivals_python
from benchmarks.foresight.survival_tables import (
    against_the_best,
    calibration,
    early_warning,
    part_words,
    time_to_break_off,
)

from tsunagu.analytics.contracts import EventLog, Progress
from tsunagu.analytics.evaluation import Evaluation, default_predictors, evaluate
from tsunagu.analytics.evaluation.plots import reliability_svg
from tsunagu.analytics.evaluation.splitting import default_cut

TRAIN_SHARE = 0.7

SECTIONS = {
    "Against the best rival": against_the_best,
    "Time to break-off": time_to_break_off,
    "Early warning": early_warning,
    "Calibration": calibration,
}


def main() -> None:
    """Evaluate each log, then print the sections."""
    options = _options()
    python = rivals_python(options.cache)
    found: dict[str, Evaluation] = {}
    for name in options.log or SOURCES:
        with tempfile.TemporaryDirectory(prefix="tsunagu-") as folder:
            found[name] = judge(SOURCES[name].read(options.data, Path(folder)), python, options)
        _say(f"{name}: done")
    files = [path for name in found for path in SOURCES[name].paths(options.data)]
    head = f"#{heading(_TITLES[options.validate], files)}"
    text = "\n".join([head, *_sections(found), *_drawn(found, options.plots)])
    print(text)
    if options.into is not None:
        options.into.write_text(spliced(options.into.read_text("utf-8"), text), "utf-8")


_TITLES = {False: "Figures", True: "Figures on a validation cut inside the training part"}
START, END = "<!-- survival: printed by its command, do not edit -->", "<!-- /survival -->"


def spliced(page: str, text: str) -> str:
    """The page with ``text`` between its two marks.

    Raises:
        ValueError: if it does not have both, in this order.
    """
    before, start, rest = page.partition(f"{START}\n")
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the page has no lines {START} and {END}; add them where the tables go")
    return f"{before}{start}{text.rstrip()}\n{end}{after}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder of the data sets")
    parser.add_argument("--log", choices=SOURCES, action="append", help="default: all")
    parser.add_argument(
        "--validate", action="store_true", help="cut within the training part; never open the test"
    )
    parser.add_argument("--bootstrap", type=int, default=200)
    parser.add_argument("--plots", type=Path, help="folder for reliability plots")
    parser.add_argument("--into", type=Path, help="page whose marked part the tables replace")
    cache = default_cache()
    parser.add_argument("--cache", type=Path, default=cache, help=f"default {cache}")
    return parser.parse_args()


def judge(log: EventLog, python: Path, options: argparse.Namespace) -> Evaluation:
    """Evaluate ours and all rivals; to validate, on the training part as if it were all."""
    known = log.until(default_cut(log, TRAIN_SHARE)) if options.validate else log
    return evaluate(
        known,
        train_share=TRAIN_SHARE,
        predictors=(*default_predictors(), *default_rivals(python)),
        bootstrap=options.bootstrap,
        progress=_steps(),
    )


def _steps() -> Progress:
    """Says each step once, however often it goes on."""
    said: set[str] = set()

    def tell(step: str, _share: float) -> None:
        if step not in said:
            said.add(step)
            _say(step)

    return tell


def _say(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {step}", file=sys.stderr, flush=True)


def _drawn(found: dict[str, Evaluation], plots: Path | None) -> Iterator[str]:
    """Draws the model's reliability curves, and links to them."""
    if plots is None:
        return
    plots.mkdir(parents=True, exist_ok=True)
    for name, evaluation in found.items():
        # The repository keeps no trailing blanks.
        svg = re.sub(r"[ \t]+$", "", reliability_svg(evaluation, "en"), flags=re.MULTILINE)
        path = plots / f"reliability-{name}.svg"
        path.write_text(svg, "utf-8")
        yield f"- [Our reliability curves on {name}]({plots.name}/{path.name})"


def _sections(found: dict[str, Evaluation]) -> Iterator[str]:
    for title, tell in SECTIONS.items():
        yield f"### {title}\n"
        for name, evaluation in found.items():
            yield f"#### {SOURCES[name].title}\n\n{part_words(evaluation)}\n{tell(evaluation)}"


if __name__ == "__main__":
    main()
