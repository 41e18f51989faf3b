"""Predictions for new rows, from one checkpoint and nothing else."""

import math
from pathlib import Path

import polars as pl
import torch

from litmus.config import RunConfig
from litmus.config.command_words import path_of
from litmus.data.rows import Rows
from litmus.disk import replacing
from litmus.errors import ConfigError, RunError, quote
from litmus.report.terminal import Terminal
from litmus.run.loaded import rows_to_predict
from litmus.run.new_rows import drift_lines, drift_of, has_drifted
from litmus.run.predictor import Predictor
from litmus.scoring.conformal import fewest_rows, reach
from litmus.sweeps.places import find_checkpoint

SUFFIXES = (".csv", ".parquet")


def main(
    *,
    checkpoint: str,
    input: str,  # noqa: A002  # the key's name
    output: str,
    interval: str | None = None,
    drift: str = "report",
    output_dir: str = "outputs",
) -> None:
    """Writes `row,pred,prob_<label>...` for every row of `input`, in its order.

    Args:
        checkpoint: File, run directory or last.
        input: File or folder like the one trained on, or what `rows_to_predict` takes instead; a target in it is
            ignored.
        output: .csv or .parquet file; written whole or not at all.
        interval: Coverage of `low` and `high`, or of the labels in `set`, which are added to each row.
        drift: What follows where rows are of another kind than those trained on: report or error.
        output_dir: Where `last` is looked for.

    Raises:
        InputError: A file that cannot be read or written, or a row that cannot be predicted.
        RunError: The model's outputs are not finite; or rows drifted and `drift=error`, when all is written.
    """
    level = None if interval is None else coverage(interval)
    if drift not in {"report", "error"}:
        raise ConfigError(f"drift={quote(drift)}: must be report or error")
    target = writable(output, {"input": input, "checkpoint": checkpoint})
    terminal = Terminal()
    file = find_checkpoint(checkpoint, output_dir=output_dir, tell=terminal.line)
    predictor = Predictor.restore(file)
    rows = rows_to_predict(predictor, input)
    made = predictions(predictor, rows)
    if level is not None:
        made = with_interval(predictor, made, level)
    write(made, target)
    found = drift_of(predictor, rows)
    lines = [*rows.notes, *drift_lines(found), *([] if level is None else _promise(predictor, level))]
    terminal.opening([f"model: {file}", f"input: {input}, {len(rows)} rows", *lines])
    terminal.line(f"output: {output}, {len(rows)} predictions of {predictor.spec.target}")
    if drift == "error" and has_drifted(found):
        raise RunError(f"{input}: its rows are of another kind than those trained on (see above); {output} is written")


def coverage(text: str) -> float:
    """The share that `interval` asks for.

    Raises:
        ConfigError: It is no number between 0 and 1.
    """
    try:
        level = float(text)
    except ValueError:
        level = math.nan
    if not 0 < level < 1:
        raise ConfigError(f"interval={quote(text)}: must be a share between 0 and 1, such as .9")
    return level


def with_interval(predictor: Predictor, made: pl.DataFrame, level: float) -> pl.DataFrame:
    """The predictions with `low` and `high`, or of classes with `set`, the labels joined by `|`.

    Raises:
        ConfigError: The checkpoint knows too few validation rows for this coverage.
    """
    scores = predictor.conformity
    if scores is None:
        raise ConfigError(f"interval={level:g}: the checkpoint is of before intervals; train it again")
    far = reach(scores, level)
    if far is None:
        least = fewest_rows(level)
        raise ConfigError(
            f"interval={level:g}: needs {least} validation rows, and the run had {len(scores)}; ask for less"
        )
    if predictor.task.numeric:
        return made.with_columns((pl.col("pred") - far).alias("low"), (pl.col("pred") + far).alias("high"))
    labels = predictor.spec.classes
    inside = [pl.when(pl.col(f"prob_{label}") >= 1 - far - 1e-12).then(pl.lit(label)) for label in labels]
    return made.with_columns(pl.concat_str(inside, separator="|", ignore_nulls=True).alias("set"))


def _promise(predictor: Predictor, level: float) -> list[str]:
    """What the intervals hold, and where they promise nothing."""
    what = "low to high" if predictor.task.numeric else "set"
    rule = RunConfig(predictor.config).data.split
    lines = [f"interval: {what} holds the true value for about {level:.0%} of rows like the validation rows"]
    if rule in {"group", "stratified_group", "time", "column"}:
        lines.append(f"interval: with data.split={rule} new rows may be of another kind, so that nothing is promised")
    return lines


def predictions(predictor: Predictor, rows: Rows) -> pl.DataFrame:
    """One row for each of `rows`, in their order.

    Returns:
        row (int64, the source's row number), pred (a label as text, or a number in the target's unit),
        prob_<label> for each class in code order, and name where rows are files.

    Raises:
        RunError: The model's output for a row is not finite.
    """
    pred, prob = predictor.predict_rows(rows)
    predicted = pred.unsqueeze(1) if prob is None else prob
    broken = (~predicted.isfinite().all(1)).nonzero()
    if len(broken):
        row = int(rows.numbers[int(broken[0])])
        raise RunError(f"row {row}: the model's output is not finite; its training diverged, use another checkpoint")
    columns = {"row": pl.Series(rows.numbers, dtype=pl.Int64), "pred": _answers(predictor, pred)}
    for code, label in enumerate(predictor.spec.classes if prob is not None else ()):
        columns[f"prob_{label}"] = pl.Series(predicted[:, code].numpy())
    if rows.names is not None:
        columns["name"] = pl.Series(rows.names, dtype=pl.String)
    return pl.DataFrame(columns)


def _answers(predictor: Predictor, pred: torch.Tensor) -> pl.Series:
    if predictor.spec.numeric:
        return pl.Series(pred.numpy(), dtype=pl.Float64)
    return pl.Series(predictor.coder.decode(pred), dtype=pl.String)


def writable(output: str, sources: dict[str, str]) -> Path:
    """The path to write to.

    Raises:
        ConfigError: Its suffix is unknown, it is a folder or in none, or it is one of `sources` (by key).
    """
    path = path_of(output)
    if path.is_dir():
        raise ConfigError(f"output={output}: is a folder; name a file in it")
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"output={output}: the suffix says the format; end it in .csv or .parquet")
    if path.parent.is_file():
        raise ConfigError(f"output={output}: {quote(str(path.parent))} is a file, not a folder; name another")
    if not path.parent.is_dir():
        raise ConfigError(f"output={output}: the folder {quote(str(path.parent))} does not exist; make it first")
    for key, source in sources.items():
        if path.resolve() == path_of(source).resolve():
            raise ConfigError(f"output={output}: is the {key} itself, which would be lost; name another file")
    return path


def write(frame: pl.DataFrame, path: Path) -> None:
    """Writes the table in the format of the path's suffix, whole or not at all.

    Raises:
        ConfigError: The file cannot be written.
    """
    try:
        with replacing(path) as part:
            if path.suffix.lower() == ".parquet":
                frame.write_parquet(part)
            else:
                frame.write_csv(part)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"output={path}: cannot be written ({reason}); name another") from error
