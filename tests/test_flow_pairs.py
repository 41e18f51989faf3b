"""Main keys of all groups in pairs: each pair trains, or is refused in one line that says what to change."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from litmus.config.keys import TEXT_KEYS

sys.path.insert(0, str(Path(__file__).resolve().parent / "pairs"))

from covering import Row, covering_array, tuples_of
from settings import CONFLICTS, neutral, refused_rows, values_of, words_of
from warm_process import Answer, WarmProcess

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent / "pairs"
CLASHES = [conflict for _, conflict in CONFLICTS]
FILES = {
    *("config.yaml", "status.json", "log.txt", "checkpoints/best.ckpt", "checkpoints/last.ckpt", "history.csv"),
    *("metrics.json", "evidence.json", "report.html", "predictions.csv", "provenance.json", "verdict.json"),
}
WORDS = {"adequate", "limited", "inadequate", "undetermined"}
# what only a library or the interpreter says
RAW = re.compile(r"Traceback|Warning|\w+Error\b|Exception|torch\.|lightning|dataloader|NoneType|object has no|\.py:\d+")
LONGEST = len("error: ") + 300
PARTS = 12  # of the rows, a test each; CI runs the first
EVERY = 6  # of so many runs one draws its figures, and is gone on with
in_parts = pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[pytest.mark.verify] if part else []) for part in range(PARTS)]
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs") / "files"
    script = "import sys, pathlib, sources; sources.write_sources(pathlib.Path(sys.argv[1]))"
    # polars' threads would not live on in the children of this process
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True, cwd=HERE)
    return folder


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess() as process:
        yield process


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return covering_array(values_of(), CLASHES)


@pytest.fixture
def each(files: Path, tmp_path: Path) -> Callable[[Sequence[Any], Callable[[Any, Path], None]], list[str]]:
    """Calls a check for each item, in an empty directory with the files beside it; gives what the checks found."""

    def call(items: Sequence[Any], check: Callable[[Any, Path], None]) -> list[str]:
        found = []
        for number, item in enumerate(items):
            place = tmp_path / str(number)
            place.mkdir()
            (place / "files").symlink_to(files)
            try:
                check(item, place)
            except (AssertionError, ValueError) as error:
                found.append(f"{item}\n{error}")
        return found

    return call


def refused(answer: Answer, place: Path) -> str:
    """The lines of a refusal, which leaves nothing behind."""
    lines = answer.err.splitlines()
    assert answer.status == 2, answer
    assert 1 <= len(lines) <= 6, answer
    assert all(line.startswith("error: ") and len(line) <= LONGEST for line in lines), answer.err
    assert RAW.search(answer.err) is None, answer.err
    assert answer.out == "", answer.out
    assert [path.name for path in place.iterdir()] == ["files"]
    return answer.err


def finished(answer: Answer, row: Row, place: Path) -> Path:
    """The directory of a run that went as asked; what it left is whole, and it says nothing but what is ours.

    A loss that does not stay finite (a target in large units under gradient descent) ends in its verdict and status 1.
    """
    failing, broken = answer.status == 3 and row["fail_on"], answer.status == 1 and "is not finite" in answer.err
    assert answer.status == 0 or failing or broken, answer
    assert re.fullmatch(r"(error: .{1,300}\n)?", answer.err), answer.err
    assert bool(answer.err) == bool(failing or broken), answer
    assert RAW.search(spoken(answer)) is None, answer.out
    [run] = (place / "outputs").glob("*/*/")
    found = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert found >= FILES - ({"checkpoints/last.ckpt"} if broken else set()), FILES - found
    assert json.loads((run / "status.json").read_text())["status"] == ("failed" if broken else "finished")
    verdict = json.loads((run / "verdict.json").read_text())
    assert verdict["verdict"] in WORDS
    assert broken == any(finding["name"] == "non_finite" for finding in verdict["findings"])
    assert answer.status or "Traceback" not in (run / "log.txt").read_text()
    return run


def spoken(answer: Answer) -> str:
    """What a run says, without the profiler's table, which was asked for."""
    return "\n".join(line for line in answer.out.splitlines() if not line.startswith("|"))


def kept(row: Row, run: Path) -> None:
    """What was asked for stands in the stored config, and where it is easily seen it was done."""
    config = OmegaConf.load(run / "config.yaml")
    for key, value in asked(row).items():
        assert OmegaConf.select(config, key) == value, key
    metrics = json.loads((run / "metrics.json").read_text())
    fixed = row["data"] == "pictures_split" or row["split"] == "column"
    tested = row["test"] != "no" and (row["fractions"] != "no_test" or fixed or row["folds"] != "")
    tested &= row["lightning"] != "overfit"  # asks whether a batch can be learnt by heart, and nothing else
    assert bool(metrics.get("test")) == tested, "test"
    assert any(run.glob("events.out*")) == (row["logger"] == "tensorboard"), "logger"
    assert (run.parent.name == "my-run.1") == (row["name"] != ""), "name"
    if json.loads((run / "status.json").read_text())["status"] == "finished":
        assert ("folds" in metrics) == (row["folds"] != "" and tested), "folds"
        assert ("seeds" in metrics) == (row["seeds"] != ""), "seeds"
    epochs = len((run / "history.csv").read_text().splitlines()) - 1
    assert epochs <= {"one": 1, "only_steps": 3, "least": 3}.get(row["length"], 2), "epochs"


def asked(row: Row) -> dict[str, Any]:
    """The values of the line by key, but for groups and for paths, which are stored in full; the last one counts."""
    parser = OverridesParser.create()
    pairs = [word.partition("=")[::2] for word in words_of(row)]
    text = {key: value for key, value in pairs if key in TEXT_KEYS and not key.endswith("path")}
    rest = [parser.parse_override(f"{key}={value}") for key, value in pairs if "." in key and key not in TEXT_KEYS]
    return text | {override.key_or_group: override.value() for override in rest}


def used_further(row: Row, run: Path, warm: WarmProcess, place: Path) -> None:
    """The commands that take a run take this one; without test rows there is nothing to evaluate."""
    path = next((word.partition("=")[2] for word in words_of(row) if word.startswith("data.path=")), None)
    lines = [["judge", str(run), "criteria=strict"], ["evaluate", f"checkpoint={run}"]]
    if path is not None:
        lines += [["predict", f"checkpoint={run}", f"input={path}", "output=p.csv"]]
        lines += [["evaluate", f"checkpoint={run}", f"data.path={path}"]]
    for line in lines:
        answer = warm.run(line, place)
        assert RAW.search(answer.out + answer.err) is None, (line, answer)
        if answer.status != 0:
            assert answer.status == 2, (line, answer)
            assert re.fullmatch(r"error: .{1,300}no test rows.*\n", answer.err), (line, answer)
    assert path is None or (place / "p.csv").is_file()


def left_to_chance(row: Row, answer: Answer) -> bool:
    """Whether a random split of a few rows of each class left one of the classes without a training row."""
    return row["split"] == "random" and row["max_rows"] == "sixty" and "has no row in train" in answer.err


@in_parts
def test_settings_that_go_together_train(part: int, rows: list[Row], warm: WarmProcess, each) -> None:
    sampled = rows[part :: PARTS * EVERY]

    def check(row: Row, place: Path) -> None:
        answer = warm.run(["train", *words_of(row)], place, figures=row in sampled)
        if row["checks"] == "stop" and answer.status == 2:
            assert "data.checks=report" in refused(answer, place) or left_to_chance(row, answer)
            return
        if answer.status == 2 and left_to_chance(row, answer):
            refused(answer, place)
            return
        run = finished(answer, row, place)
        kept(row, run)
        if row in sampled:
            used_further(row, run, warm, place)

    assert each(rows[part::PARTS], check) == []


@in_parts
def test_settings_that_do_not_go_together_are_refused_in_a_line(part: int, warm: WarmProcess, each) -> None:
    def check(item: tuple[Row, str], place: Path) -> None:
        pair, named = item
        answer = warm.run(["train", *words_of(neutral(**pair))], place)
        assert named in refused(answer, place), answer.err

    assert each(refused_rows()[part::PARTS], check) == []


def test_a_loss_that_is_not_finite_ends_in_its_verdict(warm: WarmProcess, each) -> None:
    values = {**values_of(), "lr": [""], "fail_on": [""], "checks": [""]}
    # trainer.detect_anomaly ends a run at its first undefined gradient, in torch's words: that is what it is asked for
    values["lightning"] = [value for value in values["lightning"] if value != "anomaly"]

    def check(row: Row, place: Path) -> None:
        answer = warm.run(["train", *words_of(row), "optimizer.lr=1e30"], place, figures=False)
        assert RAW.search(spoken(answer) + answer.err) is None, answer
        [run] = (place / "outputs").glob("*/*/")
        verdict = json.loads((run / "verdict.json").read_text())
        broken = any(finding["name"] == "non_finite" for finding in verdict["findings"])
        assert answer.status == int(broken), answer
        assert len(answer.err.splitlines()) == int(broken), answer

    assert each(covering_array(values, CLASHES, wanted=list(tuples_of(values, 1))), check) == []
