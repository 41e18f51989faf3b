"""Litmus from Python: the same steps as on the command line, with frames in and out, and a verdict that can be read."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from omegaconf import OmegaConf
from torch import Tensor

from litmus.cli.directory import make_directory
from litmus.cli.job import beginning
from litmus.cli.plugins import join
from litmus.commands.judge import stored_evidence
from litmus.commands.predict import predictions
from litmus.commands.train import train as run_training
from litmus.config import RunConfig, check, compose, make, read, saved, to_plain, trust
from litmus.config.command_words import values, words_of
from litmus.data.encoding.features import TablePreprocess
from litmus.data.encoding.given import GivenPreprocess
from litmus.data.rows import Rows
from litmus.data.sources.frame import table_of
from litmus.disk import locked, replacing
from litmus.errors import ConfigError, DataError, InputError, Problem, RunError, quote
from litmus.evidence import Evidence
from litmus.report.figures import figures
from litmus.report.html import fragment
from litmus.report.markdown import verdict_text
from litmus.report.scene import Scene
from litmus.report.stored import stored_scene
from litmus.report.terminal import Terminal
from litmus.run import Paths
from litmus.run.loaded import rows_of, rows_to_predict
from litmus.run.predictor import Predictor
from litmus.sweeps.places import find_checkpoint
from litmus.task.spec import DataSpec
from litmus.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 100
Allowed = str | Sequence[str]


@final
class Answer:
    """A verdict that a notebook shows; its attributes are those of verdict.json.

    Args:
        verdict: What was judged.
        evidence: What it rests on.
    """

    def __init__(self, verdict: Verdict, evidence: Evidence) -> None:
        self._verdict, self._evidence = verdict, evidence

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._verdict, name)

    def __eq__(self, other: object) -> bool:
        """Equal to another answer with the same verdict, or to the verdict's word."""
        return other == (self._verdict.verdict if isinstance(other, str) else getattr(other, "_verdict", other))

    def __hash__(self) -> int:
        return hash(self._verdict.verdict)

    def __repr__(self) -> str:
        stream = StringIO()
        Terminal(stream, width=WIDTH, plain=True).verdict(self._verdict, self._evidence)
        return stream.getvalue().strip("\n")

    def _repr_markdown_(self) -> str:
        return verdict_text(self._verdict, self._evidence)

    def _repr_html_(self) -> str:
        return self.html()

    @staticmethod
    def stored(directory: Path) -> "Answer":
        """The verdict that a run has left; raises CheckpointError if it did not finish."""
        paths = Paths(directory)
        return Answer(Verdict.from_json(paths.verdict.read_text(encoding="utf-8")), stored_evidence(paths))

    def html(self, directory: str = "") -> str:
        """What a notebook shows, with all that comes from data escaped; `directory` is named below."""
        return fragment(self._verdict, self._evidence, directory=directory)


@final
class Model:
    """A trained model with its preprocessing, classes and threshold, from one checkpoint.

    Args:
        checkpoint: File, run directory or last.
        output_dir: Where `last` is looked for.
    """

    def __init__(self, checkpoint: str | Path = "last", *, output_dir: str | Path = "outputs") -> None:
        self.path = find_checkpoint(str(checkpoint), output_dir=str(output_dir))
        self._predictor = Predictor.restore(self.path)

    @property
    def spec(self) -> DataSpec:
        """Target, classes and features that it was trained on."""
        return self._predictor.spec

    @property
    def threshold(self) -> float | None:
        """Decision threshold on the positive class's probability; None outside binary tasks."""
        return self._predictor.threshold

    def predict(self, data: Any) -> Any:
        """Predictions for a polars or pandas frame, a mapping of columns, or a file or folder; a target is ignored.

        A model of a data module takes inputs as its loaders give them, or the name of one of these: predict, test.

        Returns:
            A frame with row, pred and prob_<label>... in the order given: pandas, with its index, for pandas, and
            polars otherwise.

        Raises:
            DataError: A column is missing, or a cell cannot be read.
        """
        made = predictions(self._predictor, self._rows(data))
        return _as_pandas(made, data) if _is_pandas(data) else made

    def predict_proba(self, data: Any) -> NDArray[np.float64]:
        """Probabilities `(n, classes)` in the order of `spec.classes`, for the same rows as `predict`.

        Raises:
            DataError: The target is a number, a column is missing, or a cell cannot be read.
        """
        if not self.spec.classes:
            raise DataError(f"{quote(self.spec.target)} is a number and has no probabilities; use predict")
        made = predictions(self._predictor, self._rows(data))
        return made.select(f"prob_{label}" for label in self.spec.classes).to_numpy()

    def encode(self, data: Any) -> Tensor:
        """The tensor `(n, *in_shape)` that the model takes: the input of an ONNX file without preprocessing inside."""
        preprocess = self._predictor.preprocess
        return preprocess.finish(preprocess.encode(self._rows(data)))

    def __repr__(self) -> str:
        spec = self.spec
        classes = f" of {', '.join(map(quote, spec.classes[:6]))}" if spec.classes else ""
        return (
            f"Model({str(self.path)!r}): {type(self._predictor.model).__name__}, {spec.task} {spec.target!r}{classes}"
        )

    def _rows(self, data: Any) -> Rows:
        preprocess = self._predictor.preprocess
        if isinstance(data, str | Path):
            return rows_to_predict(self._predictor, str(data))
        if isinstance(preprocess, GivenPreprocess) and isinstance(data, np.ndarray | Tensor):
            return rows_of(self._predictor, np.asarray(data))
        if not isinstance(preprocess, TablePreprocess):
            raise DataError(f"this model takes {preprocess.input}s; give the path of a file or folder")
        return preprocess.rows_of(table_of(data), labelled=False)


@final
class Figures:
    """The figures of a run: `run.figures.roc()` draws one, as a matplotlib Figure; tab completion lists what there is.

    Args:
        directory: Of the run.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @cached_property
    def _scene(self) -> tuple[Scene, str]:
        return stored_scene(self._directory, stored_evidence(Paths(self._directory)))

    def __dir__(self) -> list[str]:
        scene, _ = self._scene
        return [name for name, plot in figures().items() if plot.applies(scene)]

    def __getattr__(self, name: str) -> "Callable[[], Figure]":
        if name.startswith("_"):
            raise AttributeError(name)
        from litmus.commands.plot import applicable  # draws, which takes long to import

        plot = applicable(name, *self._scene)
        return partial(plot.draw, self._scene[0])

    def __repr__(self) -> str:
        scene, _ = self._scene
        return "\n".join(f"{name}: {figures()[name].takeaway(scene)}" for name in dir(self))


@final
class Trained:
    """A finished run.

    Args:
        directory: With its checkpoint, report and all other files.
        verdict: What it came to.
    """

    def __init__(self, directory: Path, verdict: Answer) -> None:
        self.directory = directory
        self.verdict = verdict
        self._model: Model | None = None
        self._figures: Figures | None = None

    @property
    def metrics(self) -> dict[str, Any]:
        """As metrics.json: `metrics["test"]["accuracy"]["value"]`."""
        content: dict[str, Any] = json.loads((self.directory / "metrics.json").read_text(encoding="utf-8"))
        return content

    @property
    def history(self) -> pl.DataFrame:
        """As history.csv: one row an epoch."""
        return pl.read_csv(self.directory / "history.csv")

    @property
    def config(self) -> dict[str, Any]:
        """As config.yaml: what was run."""
        return to_plain(read(self.directory / "config.yaml"), resolve=False)

    @property
    def figures(self) -> Figures:
        """Each figure by its name: `run.figures.roc()`."""
        if self._figures is None:
            self._figures = Figures(self.directory)
        return self._figures

    @property
    def report(self) -> Path:
        """The page with verdict, criteria, findings and figures."""
        return self.directory / "report.html"

    @property
    def model(self) -> Model:
        """The trained model, from best.ckpt."""
        if self._model is None:
            self._model = Model(self.directory)
        return self._model

    def predict(self, data: Any) -> Any:
        """As `Model.predict`."""
        return self.model.predict(data)

    def predict_proba(self, data: Any) -> NDArray[np.float64]:
        """As `Model.predict_proba`."""
        return self.model.predict_proba(data)

    def __repr__(self) -> str:
        return f"{self.verdict!r}\n\nrun: {self.directory}"

    def _repr_markdown_(self) -> str:
        return self.verdict._repr_markdown_()

    def _repr_html_(self) -> str:
        return self.verdict.html(str(self.directory))


def trust_packages(allow: Allowed) -> None:
    """Lets configs name the classes of these packages from here on, as `--allow` does; raises ConfigError."""
    packages = (allow,) if isinstance(allow, str) else tuple(allow)
    trust(packages)
    join(packages)


def load(checkpoint: str | Path = "last", *, output_dir: str | Path = "outputs", allow: Allowed = ()) -> Model:
    """The model of a checkpoint file, a run directory, or the last run.

    Args:
        checkpoint: File, run directory or last.
        output_dir: Where `last` is looked for.
        allow: Packages of one's own whose classes its config may name.

    Raises:
        CheckpointError: There is none, or it cannot be read.
    """
    trust_packages(allow)
    return Model(checkpoint, output_dir=output_dir)


def train(
    data: Any = None,
    target: str | None = None,
    *,
    overrides: Mapping[str, Any] | Sequence[str] | None = None,
    allow: Allowed = (),
) -> Trained:
    """Trains one run, as `litmus train` does.

    Args:
        data: A polars or pandas frame, a mapping of columns, or a path; None: what the overrides say. A frame is kept
            as Parquet below output_dir, so that the run can be made again.
        target: Column to predict.
        overrides: A mapping of keys to values, or `key=value` words as on the command line.
        allow: Packages of one's own whose classes the config may name, as `--allow` on the command line.

    Raises:
        LitmusError: With the same message as on the command line; what was refused leaves nothing behind.
    """
    trust_packages(allow)
    with kept(data, target, overrides) as words:
        return _train(words)


@contextmanager
def kept(data: Any, target: object, overrides: Mapping[str, Any] | Sequence[str] | None) -> Iterator[list[str]]:
    """The words for data, target and overrides; a frame is kept below output_dir unless it is refused."""
    made: list[Path] = []
    given, words = words_of(overrides), []
    try:
        words += [*_data_words(data, given, made), *_target_words(target), *given]
        yield words
    except InputError as error:
        for path in made:
            path.unlink() if path.is_file() else path.rmdir()
        file = values(words).get("data.path", "")
        if file and isinstance(error, DataError) and not isinstance(data, str | Path | None):  # the frame is wrong
            raise DataError(str(error).replace(file, "frame")) from error
        raise


def _train(words: Sequence[str]) -> Trained:
    if stray := [key for key in values(words) if key.startswith("hydra.")]:
        raise ConfigError(
            [Problem(stray[0], "is for the command line; here, output_dir and name say where a run goes")]
        )
    cfg = compose(words)
    if OmegaConf.select(cfg, "trainer.fast_dev_run"):
        message = "keeps and judges nothing, so that there is nothing to return; it is for the command line"
        raise ConfigError([Problem("trainer.fast_dev_run", message)])
    problems = check(cfg) or make(cfg.verdict, "verdict").problems()
    if problems:
        raise ConfigError(problems)
    directory = make_directory(cfg.output_dir, cfg.name, files=beginning(cfg))
    try:
        with locked(directory.path):
            outcome = run_training(
                RunConfig(to_plain(cfg)), directory.path, stored=_stored(cfg), command=("train", *words)
            )
    except InputError:
        if not directory.begun:
            directory.remove()
        raise
    broken = outcome.run.non_finite
    if broken is not None:
        raise RunError(f"{directory.path}: the loss is not finite from epoch {broken.epoch} on; its verdict says why")
    return Trained(directory.path, Answer(outcome.verdict, outcome.evidence))


def _stored(cfg: Any) -> dict[str, Any]:
    return saved(cfg)


def _data_words(data: Any, overrides: Sequence[str], made: list[Path]) -> list[str]:
    if data is None:
        return []
    if isinstance(data, str | Path):
        return [f"data.path={data}"]
    folder = Path(values(overrides).get("output_dir", "outputs")) / "frames"
    return [f"data.path={_keep(data, folder, made)}"]


def _keep(data: Any, folder: Path, made: list[Path]) -> Path:
    """The frame as a Parquet file named by its content, written unless it is there.

    What is new is noted in `made`, the innermost first.
    """
    table = table_of(data)
    frame = cast("pl.DataFrame", table.frame)
    for series in frame:
        if series.dtype == pl.Object:
            kind = quote(type(series.drop_nulls()[0]).__name__)
            message = f"cells of type {kind}; turn them into numbers, text or dates, or drop the column"
            raise table.location.error(message, column=series.name)
    path = folder / f"{table.origin.sha256[:16]}.parquet"
    if not path.is_file():
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            frame.write_parquet(part)
        made += [path, *missing]
    return path


def _target_words(target: object) -> list[str]:
    """The target's override; names in a frame may be numbers or tuples, and are text with us."""
    return [] if target is None else [f"data.target={str(target).strip()}"]


def _is_pandas(data: Any) -> bool:
    return hasattr(data, "iloc") and hasattr(data, "columns")


def _as_pandas(made: pl.DataFrame, data: Any) -> Any:
    """The predictions as the library and with the index that the rows came in."""
    return type(data)({name: made[name].to_list() for name in made.columns}, index=data.index)
