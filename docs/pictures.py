"""The figures in the documentation, all from real runs: `make pictures` draws them anew.

A finding's page shows a run that has it beside the same run mended: a planted fault of benchmarks/cases, and what mends
it. The words below the pictures are the figures' own takeaways.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

import litmus
from litmus.errors import LitmusError

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))

from cases.case import Case, Fix, Maker  # noqa: E402
from cases.data_faults import data_faults  # noqa: E402
from cases.faults import setting_faults  # noqa: E402

# Of each finding: the case that has it, and the figure that shows it best.
FINDINGS = {
    "lr_too_high": ("lr_too_high/sgd_blobs", "loss"),
    "lr_too_low": ("lr_too_low/sgd_moons", "loss"),
    "too_few_epochs": ("too_few_epochs/sgd_quantiles", "loss"),
    "not_shuffled": ("not_shuffled/sorted_blobs", "metric"),
    "model_is_linear": ("model_is_linear/friedman", "predicted"),
    "vanishing_gradients": ("vanishing_gradients/sigmoid_blobs", "gradients"),
    "dead_relu": ("dead_relu/bias_moons", "metric"),
    "bad_init": ("bad_init/zeros_moons", "loss"),
    "over_regularised": ("over_regularised/decay_moons", "loss"),
    "wrong_loss": ("wrong_loss/bounded_wave", "predicted"),
    "unnormalised_inputs": ("unnormalised_inputs/offset_moons", "loss"),
    "unnormalised_target": ("unnormalised_target/diabetes", "predicted"),
    "underfitting": ("underfitting/one_friedman", "predicted"),
    "overfitting": ("overfitting/plane", "loss"),
    "class_imbalance": ("class_imbalance", "confusion"),
    "bad_threshold": ("bad_threshold/high", "threshold"),
    "target_leakage": ("target_leakage/copy", "importance"),
    "split_shift": ("split_shift/units", "columns"),
    "label_noise": ("label_noise/moons", "loss"),
    "miscalibrated": ("miscalibrated/memorised", "calibration"),
}
GOAL = ("task.threshold=tuned", "task.threshold_goal=recall@0.8")
OWN = [Case(name="class_imbalance", generator="", words=("experiment=fraud",), fix=Fix(words=GOAL))]
INDEX = HERE / "pictures" / "pictures.json"
COLOURS = 48
GAP = 12  # pixels between two pictures
ALARMS = {"warning", "error", "question"}
UNTRIED = ("verdict.probes=off", "logger=csv")


def main() -> int:
    """Draws what is asked for; 1 if a run did not show what it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="findings, and tutorial; none: all")
    names = parser.parse_args().names or [*FINDINGS, "tutorial"]
    known: dict[str, dict[str, str]] = {}
    if INDEX.is_file():
        known = json.loads(INDEX.read_text(encoding="utf-8"))
    failed = []
    with tempfile.TemporaryDirectory(prefix="litmus-pictures-") as folder:
        for name in names:
            if name == "tutorial":
                tutorial(Path(folder))
                continue
            said = finding(name, Path(folder))
            print(f"{name}: {said}", flush=True)
            if isinstance(said, str):
                failed.append(name)
            else:
                write_index(known | {name: said})
                known[name] = said
    return 1 if failed else 0


def write_index(known: dict[str, dict[str, str]]) -> None:
    """What is to be said of each finding's picture."""
    text = json.dumps(dict(sorted(known.items())), indent=1, ensure_ascii=False)
    INDEX.write_text(text + "\n", encoding="utf-8")


def finding(name: str, folder: Path) -> dict[str, str] | str:
    """Draws a finding's picture; gives its words, or why there is none."""
    wanted, figure = FINDINGS[name]
    case = next(case for case in [*setting_faults(), *data_faults(), *OWN] if case.name == wanted)
    mend = case.fix or Fix()
    mended = replace(case, test=case.test if case.fix else None)  # without a fix, it is the test file that is wrong
    try:
        failing = run(case, case.table, case.words, folder)
        healthy = run(mended, mend.table or case.table, (*case.words, *mend.words), folder)
    except LitmusError as error:
        return f"no picture: {error}"
    least = {"info", *ALARMS} if case.least == "info" else ALARMS
    if name not in found(failing, least) or name in found(healthy, ALARMS):
        return f"no picture: failing {found(failing, least)}, mended {found(healthy, ALARMS)}"
    pictures = [picture(one, figure) for one in (failing, healthy)]
    save(beside(pictures), HERE / "pictures" / f"{name}.png")
    shown = [takeaway(one, figure) for one in (failing, healthy)]
    return {"failing": shown[0], "healthy": shown[1], "planted": planted(case), "mended": " ".join(mend.words)}


def run(case: Case, table: Maker | None, words: Sequence[str], folder: Path) -> litmus.Trained:
    """A case's run, with the rows of one of its tables."""
    if any(word.startswith("callback.early_stopping.") for word in words):
        words = [word for word in words if word != "callback.early_stopping=null"]  # a fix may bring it back
    place = Path(tempfile.mkdtemp(dir=folder))
    data = []
    for key, make in (("path", table), ("test_path", case.test)):
        if make is not None:
            make().write_parquet(place / f"{key}.parquet")
            data.append(f"data.{key}={place / f'{key}.parquet'}")
    if data:
        data += ["data.target=y", *([] if any(word.startswith("data=") for word in words) else ["data=parquet"])]
    return litmus.train(overrides=[*words, *data, *UNTRIED, f"output_dir={place}"])


def found(run: litmus.Trained, severities: set[str]) -> list[str]:
    """Names of the findings of those severities."""
    return [one.name for one in run.verdict.findings if one.severity in severities]


def planted(case: Case) -> str:
    """The words that the mended run does not end with."""
    keys = {word.partition("=")[0] for word in case.fix.words} if case.fix else set()
    said = {word.partition("=")[0]: word for word in case.words}
    return " ".join(word for key, word in said.items() if key in keys)


def takeaway(run: litmus.Trained, figure: str) -> str:
    """What the figure's caption says."""
    lines = dict(line.split(": ", 1) for line in repr(run.figures).splitlines())
    return lines[figure]


def picture(run: litmus.Trained, figure: str) -> Image.Image:
    """The figure as pixels."""
    content = io.BytesIO()
    getattr(run.figures, figure)().savefig(content, format="png", dpi=110)
    return Image.open(content).convert("RGB")


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures in a row, on white."""
    width = sum(one.width for one in pictures) + GAP * (len(pictures) - 1)
    host = Image.new("RGB", (width, max(one.height for one in pictures)), "white")
    left = 0
    for one in pictures:
        host.paste(one, (left, 0))
        left += one.width + GAP
    return host


def save(image: Image.Image, path: Path, colours: int = COLOURS) -> None:
    """A small PNG: figures and pages have few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)


def tutorial(folder: Path) -> None:
    """The circles before and after."""
    for name, changes in (("before", []), ("after", ["model.activation=relu", "optimizer.lr=1"])):
        words = ["experiment=circles_linear_v1", *changes, *UNTRIED, f"output_dir={folder}"]
        save(picture(litmus.train(overrides=words), "boundary"), HERE / "tutorial" / f"{name}.png", 128)


if __name__ == "__main__":
    sys.exit(main())
