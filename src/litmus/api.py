"""The commands as functions: what `litmus <command>` does, with frames in and values out; nothing is printed."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, cast, final

import numpy as np
import polars as pl

from litmus.cli import launch
from litmus.commands import check as checking
from litmus.commands.evaluate import Evaluated, evaluated
from litmus.commands.judge import asked, external_evidence, stored_evidence, without_references
from litmus.config import check as problems_of
from litmus.config import compose as composed
from litmus.config import hydra_text, read, to_plain
from litmus.config.command_words import values, words_of
from litmus.config.keys import TEXT_KEYS
from litmus.data.sources.frame import table_of
from litmus.errors import ConfigError, DataError
from litmus.notebook import WIDTH, Allowed, Answer, Model, Trained, kept, trust_packages
from litmus.report.tables import Table
from litmus.report.terminal import Terminal
from litmus.run import Paths
from litmus.scoring.external import external_of
from litmus.sweeps.leaderboard import rank, rows
from litmus.sweeps.places import find_checkpoint, find_place, find_run, winner
from litmus.sweeps.records import find_runs, last, read_run
from litmus.verdict import Finding
from litmus.verdict.judge import judge as judged

Overrides = Mapping[str, Any] | Sequence[str] | None


@final
class Evaluation:
    """What labelled rows show of a trained model.

    Args:
        found: As `litmus evaluate` has it.
    """

    def __init__(self, found: Evaluated) -> None:
        self._found = found
        self.verdict = Answer(found.verdict, found.evidence)

    @property
    def metrics(self) -> dict[str, Any]:
        """By name, each with value, interval, rows and baseline, as in evaluation.json."""
        scores: dict[str, Any] = self.document["test"]
        return scores

    @property
    def document(self) -> dict[str, Any]:
        """The content of evaluation.json."""
        return self._found.document()

    @property
    def against(self) -> dict[str, Any] | None:
        """The paired difference from the other model; None if none was named."""
        return self._found.against

    def __repr__(self) -> str:
        return repr(self.verdict)

    def _repr_html_(self) -> str:
        return self.verdict.html()


@final
class Checked:
    """What `litmus check` says of data and config.

    Args:
        text: All of it, as the command prints it.
        found: What it says.
    """

    def __init__(self, text: str, found: checking.Checked) -> None:
        self.text, self._found = text, found

    @property
    def task(self) -> str:
        """Kind of target."""
        return self._found.run.data.spec.task

    @property
    def columns(self) -> pl.DataFrame | None:
        """A row a column: kind, share missing, an example, and what it is used as; None where rows are no table."""
        return None if self._found.columns is None else _frame(self._found.columns)

    @property
    def splits(self) -> pl.DataFrame:
        """A row a split: its rows, and those of each class; in regression how the target is distributed."""
        return _frame(self._found.splits)

    @property
    def findings(self) -> tuple[Finding, ...] | None:
        """Leaks, shift and doubtful labels, each with name, severity, summary and overrides; None: checks are off."""
        return self._found.findings

    def __repr__(self) -> str:
        return self.text


@final
class Swept:
    """A finished sweep.

    Args:
        directory: With its leaderboard and its jobs' directories.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def leaderboard(self) -> pl.DataFrame:
        """As leaderboard.csv."""
        return compare(self.directory)

    @property
    def best(self) -> Trained:
        """The winner's run."""
        run = winner(self.directory)
        return Trained(run, Answer.stored(run))

    def __repr__(self) -> str:
        return f"{self.leaderboard}\n\nsweep: {self.directory}"


def compose(
    overrides: Overrides = None, *, config_dir: str | Path | None = None, allow: Allowed = ()
) -> dict[str, Any]:
    """The config that `litmus train` would run, checked, as plain values.

    Args:
        overrides: A mapping of keys to values, or words as on the command line.
        config_dir: A folder with config groups of one's own.
        allow: Packages of one's own whose classes the config may name.

    Raises:
        ConfigError: With every problem of it.

    Example:
        >>> compose({"optimizer.lr": 0.5})["optimizer"]["lr"]
        0.5
    """
    trust_packages(allow)
    cfg = composed(words_of(overrides), config_dir=config_dir)
    if problems := problems_of(cfg):
        raise ConfigError(problems)
    return to_plain(cfg)


def check(data: Any = None, target: str | None = None, *, overrides: Overrides = None, allow: Allowed = ()) -> Checked:
    """Data and config looked at in seconds, without training.

    Args:
        data: A frame, a mapping of columns, or a path; None: what the overrides say.
        target: Column to predict.
        overrides: As in `compose`.
        allow: As in `compose`.

    Raises:
        LitmusError: As `litmus check`.
    """
    trust_packages(allow)
    stream = StringIO()
    with _file_of(data) as path, kept(path, target, overrides) as words:
        cfg = composed(words)
        if problems := problems_of(cfg):
            raise ConfigError(problems)
        found = checking.look(cfg)
        found.tell(Terminal(stream, width=WIDTH, plain=True))
    text = stream.getvalue().strip("\n")
    return Checked(text if path is None or data is path else text.replace(str(path), "frame"), found)


def evaluate(
    model: Any = "last",
    data: Any = None,
    *,
    against: Any = None,
    overrides: Overrides = None,
    output_dir: str | Path = "outputs",
    allow: Allowed = (),
) -> Evaluation:
    """Metrics, intervals and verdict of a trained model on labelled rows.

    Args:
        model: A run or model of `litmus.train` or `litmus.load`, a checkpoint file, a run directory or last.
        data: A frame, a mapping of columns, or a path; None: the run's own test split.
        against: Another model: the paired difference between the two.
        overrides: Of `criteria` and `verdict`.
        output_dir: Where `last` is looked for.
        allow: As in `compose`.

    Raises:
        InputError: A model or data that cannot be used.
    """
    trust_packages(allow)
    with _file_of(data) as path:
        other = None if against is None else _checkpoint(against, output_dir)
        place = None if path is None else str(path)
        return Evaluation(evaluated(_checkpoint(model, output_dir), place, other, words_of(overrides)))


def predict(model: Any, data: Any, *, output_dir: str | Path = "outputs") -> Any:
    """Predictions for new rows, as `Model.predict`.

    Args:
        model: As in `evaluate`.
        data: A frame, a mapping of columns, or a path.
        output_dir: Where `last` is looked for.
    """
    found = model if isinstance(model, Model) else Model(_checkpoint(model, output_dir))
    return found.predict(data)


def judge(
    y_true: Any,
    y_pred: Any = None,
    y_score: Any = None,
    *,
    overrides: Overrides = None,
    output_dir: str | Path = "outputs",
) -> Answer:
    """The verdict on any library's predictions, or with one argument a new verdict on a run; nothing is written.

    Args:
        y_true: True labels or numbers `(n,)`, of rows that the model was not trained on; or a run.
        y_pred: Predicted ones `(n,)`.
        y_score: Scores or probabilities of the positive class `(n,)`, or of both classes `(n, 2)`.
        overrides: Of `criteria` and `verdict`.
        output_dir: Where `last` is looked for.

    Raises:
        InputError: Predictions that cannot be judged, or a run that did not finish.

    Example:
        >>> judge([0, 1] * 200, [0, 1] * 200).verdict
        'adequate'
    """
    words = words_of(overrides)
    if y_pred is None:
        run = y_true.directory if isinstance(y_true, Trained) else find_run(str(y_true), output_dir=str(output_dir))
        paths = Paths(run)
        evidence = stored_evidence(paths)
        criteria, settings = asked(to_plain(read(paths.config), resolve=False), words)
        return Answer(judged(evidence, criteria, settings), evidence)
    columns = {"y_true": _column(y_true, "y_true"), "y_pred": _column(y_pred, "y_pred")}
    if y_score is not None:
        columns["y_score"] = _column(y_score, "y_score")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(f"{each} values; give one for each row")
    score = None if y_score is None else "y_score"
    found = external_of(table_of(columns), target="y_true", pred="y_pred", score=score)
    evidence = external_evidence(found, target="y_true", model="y_pred")
    criteria, settings = asked({}, words)
    return Answer(judged(evidence, without_references(criteria, evidence), settings), evidence)


def compare(*places: Any, output_dir: str | Path = "outputs") -> pl.DataFrame:
    """The leaderboard over runs, seeds and sweeps, best first; nothing is written.

    Args:
        places: Runs, run and sweep directories, or folders above them; none: the run or sweep begun last.
        output_dir: Where `last` is looked for.

    Raises:
        CheckpointError: There is no such directory, or no run in it.
    """
    words = [str(getattr(place, "directory", place)) for place in places or ("last",)]
    found = [find_place(word, output_dir=str(output_dir)) for word in words]
    header, cells = rows(rank([read_run(run) for run in find_runs(found)]))
    columns = [[row[place] for row in cells] for place in range(len(header))]
    series = [pl.Series(name, _blank(column), strict=False) for name, column in zip(header, columns, strict=True)]
    return pl.DataFrame(series)


def sweep(
    data: Any = None,
    target: str | None = None,
    *,
    grid: Mapping[str, Sequence[Any]],
    overrides: Overrides = None,
    allow: Allowed = (),
) -> Swept:
    """Trains every point of a grid, one after another, as `litmus train -m` does.

    Args:
        data: A frame, a mapping of columns, or a path; None: what the overrides say.
        target: Column to predict.
        grid: Values by key, such as `{"optimizer.lr": [0.1, 0.01]}`.
        overrides: What all points share, as in `compose`.
        allow: As in `compose`.

    Raises:
        LitmusError: As on the command line; RunError if a job failed.
    """
    trust_packages(allow)
    points = [f"{key}={_choice(key, options)}" for key, options in grid.items()]
    with kept(data, target, overrides) as words:
        given = values(words)
        launcher = [] if "hydra/launcher" in given else ["hydra/launcher=basic"]  # a notebook cannot be forked
        with redirect_stdout(StringIO()):
            launch.sweep([*words, *points, *launcher])
    return Swept(last(Path(given.get("output_dir", "outputs"))))


def _choice(key: str, options: Sequence[Any]) -> str:
    texts = [word.partition("=")[2] for option in options for word in words_of({key: option})]
    return f"choice({','.join(hydra_text(text) for text in texts)})" if key in TEXT_KEYS else ",".join(texts)


def _checkpoint(model: Any, output_dir: str | Path) -> Path:
    if isinstance(model, Model):
        return model.path
    return find_checkpoint(str(getattr(model, "directory", model)), output_dir=str(output_dir))


@contextmanager
def _file_of(data: Any) -> Iterator[Any]:
    """A path for data that is read from one: a frame as a file that is removed again."""
    if data is None or isinstance(data, str | Path):
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="litmus_") as folder:
        path = Path(folder) / "frame.parquet"
        cast("pl.DataFrame", table_of(data).frame).write_parquet(path)
        yield path


def _column(values: Any, name: str) -> list[Any]:
    """One value a row; of two columns of probabilities the second, which is the positive class's."""
    array = np.asarray(values)
    if array.ndim == 2 and name == "y_score" and array.shape[1] == 2:
        array = array[:, 1]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        remedy = "leave it out where there are more than two classes" if name == "y_score" else "give one value a row"
        raise DataError(f"{name} has shape {array.shape}; {remedy}")
    found: list[Any] = array.tolist()
    return found


def _frame(table: Table) -> pl.DataFrame:
    """A printed table with numbers as numbers."""
    columns = {name: [row[place] for row in table.rows] for place, name in enumerate(table.header)}
    series = [pl.Series(name, cells, dtype=pl.String) for name, cells in columns.items()]
    return pl.DataFrame([_as_numbers(column) for column in series])


def _as_numbers(cells: pl.Series) -> pl.Series:
    """Counts as whole numbers; anything else as it was printed."""
    plain = cells.str.replace_all(",", "")
    return plain.cast(pl.Int64) if len(cells) and bool(plain.str.contains(r"^\d+$").all()) else cells


def _blank(cells: list[object]) -> list[object]:
    """Empty cells as missing ones."""
    return [None if cell == "" else cell for cell in cells]
