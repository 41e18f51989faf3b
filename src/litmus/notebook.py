"""Litmus from Python: the same steps as on the command line, with frames in and out, and a verdict that can be read."""

import json
from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any, cast, final

import polars as pl
from torch import Tensor

from litmus.cli.directory import leftovers, make_directory
from litmus.config import check, compose, make, saved, to_plain
from litmus.config.words import values
from litmus.data.base import DataSpec, Rows
from litmus.data.frame import table_of
from litmus.data.preprocess import TablePreprocess
from litmus.errors import ConfigError, DataError, InputError, RunError, quote
from litmus.evidence import Evidence
from litmus.predict import predictions
from litmus.report.markdown import verdict_text
from litmus.report.terminal import Terminal
from litmus.run.paths import find_checkpoint
from litmus.run.predictor import Predictor
from litmus.train import train as run_training
from litmus.verdict import Verdict

WIDTH = 100


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
        Terminal(stream, width=WIDTH).verdict(self._verdict, self._evidence)
        return stream.getvalue().strip("\n")

    def _repr_markdown_(self) -> str:
        return verdict_text(self._verdict, self._evidence)

    def _repr_html_(self) -> str:
        first, *rest = repr(self).split("\n")
        return f"<pre><b>{escape(first)}</b>\n{escape(chr(10).join(rest))}</pre>"


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

        Returns:
            A frame with row, pred and prob_<label>... in the order given: pandas, with its index, for pandas, and
            polars otherwise.

        Raises:
            DataError: A column is missing, or a cell cannot be read.
        """
        made = predictions(self._predictor, self._rows(data))
        return _as_pandas(made, data) if _is_pandas(data) else made

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
            return preprocess.read(str(data), labelled=False)
        if not isinstance(preprocess, TablePreprocess):
            raise DataError(f"this model takes {preprocess.input}s; give the path of a file or folder")
        return preprocess.rows_of(table_of(data), labelled=False)


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

    @property
    def metrics(self) -> dict[str, Any]:
        """As metrics.json: `metrics["test"]["accuracy"]["value"]`."""
        content: dict[str, Any] = json.loads((self.directory / "metrics.json").read_text(encoding="utf-8"))
        return content

    @property
    def model(self) -> Model:
        """The trained model, from best.ckpt."""
        if self._model is None:
            self._model = Model(self.directory)
        return self._model

    def predict(self, data: Any) -> Any:
        """As `Model.predict`."""
        return self.model.predict(data)

    def __repr__(self) -> str:
        return f"{self.verdict!r}\n\nrun: {self.directory}"

    def _repr_markdown_(self) -> str:
        return self.verdict._repr_markdown_()

    def _repr_html_(self) -> str:
        return f"{self.verdict._repr_html_()}<p>run: {escape(str(self.directory))}</p>"


def load(checkpoint: str | Path = "last", *, output_dir: str | Path = "outputs") -> Model:
    """The model of a checkpoint file, a run directory, or the last run.

    Raises:
        CheckpointError: There is none, or it cannot be read.
    """
    return Model(checkpoint, output_dir=output_dir)


def train(data: Any = None, target: str | None = None, *, overrides: Sequence[str] = ()) -> Trained:
    """Trains one run, as `litmus train` does.

    Args:
        data: A polars or pandas frame, a mapping of columns, or a path; None: what the overrides say. A frame is kept
            as Parquet below output_dir, so that the run can be made again.
        target: Column to predict.
        overrides: `key=value` words as on the command line.

    Raises:
        LitmusError: With the same message as on the command line; what was refused leaves nothing behind.
    """
    made: list[Path] = []
    words: list[str] = []
    try:
        words += [*_data_words(data, overrides, made), *_target_words(target), *overrides]
        return _train(words)
    except InputError as error:
        for path in made:
            path.unlink() if path.is_file() else path.rmdir()
        kept = values(words).get("data.path", "")
        if kept and isinstance(error, DataError) and not isinstance(data, str | Path | None):  # the frame is wrong
            raise DataError(str(error).replace(kept, "frame")) from error
        raise


def _train(words: Sequence[str]) -> Trained:
    cfg = compose(words)
    problems = check(cfg) or make(cfg.verdict, "verdict").problems()
    if problems:
        raise ConfigError(problems)
    directory = make_directory(cfg.output_dir, cfg.name)
    try:
        outcome = run_training(to_plain(cfg), directory.path, stored=_stored(cfg), command=("train", *words))
    except InputError:
        if not any(leftovers(directory.path)):
            directory.remove()
        raise
    broken = outcome.run.non_finite
    if broken is not None:
        raise RunError(f"{directory.path}: the loss is not finite from epoch {broken.epoch} on; its verdict says why")
    return Trained(directory.path, Answer(outcome.verdict, outcome.evidence))


def _stored(cfg: Any) -> dict[str, Any]:
    return to_plain(saved(cfg), resolve=False)


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
            raise table.place.error(message, column=series.name)
    path = folder / f"{table.origin.sha256[:16]}.parquet"
    if not path.is_file():
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        frame.write_parquet(part)
        part.replace(path)
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
