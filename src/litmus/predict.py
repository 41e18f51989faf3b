"""Predictions for new rows, from one checkpoint and nothing else."""

import os
from contextlib import suppress
from pathlib import Path

import polars as pl
import torch

from litmus.config.words import path_of
from litmus.data.base import Rows
from litmus.errors import ConfigError, RunError, quote
from litmus.report.terminal import Terminal
from litmus.run.paths import find_checkpoint
from litmus.run.predictor import Predictor

SUFFIXES = (".csv", ".parquet")


def main(*, checkpoint: str, input: str, output: str, output_dir: str = "outputs") -> None:  # noqa: A002  # the key's name
    """Writes `row,pred,prob_<label>...` for every row of `input`, in its order.

    Args:
        checkpoint: File, run directory or last.
        input: File or folder like the one trained on; a target in it is ignored.
        output: .csv or .parquet file; written whole or not at all.
        output_dir: Where `last` is looked for.

    Raises:
        InputError: A file that cannot be read or written, or a row that cannot be predicted.
        RunError: The model's outputs are not finite.
    """
    target = writable(output, {"input": input, "checkpoint": checkpoint})
    file = find_checkpoint(checkpoint, output_dir=output_dir)
    predictor = Predictor.restore(file)
    rows = predictor.preprocess.read(input, labelled=False)
    made = predictions(predictor, rows)
    write(made, target)
    terminal = Terminal()
    terminal.opening([f"model: {file}", f"input: {input}, {len(rows)} rows", *rows.notes])
    terminal.line(f"output: {output}, {len(rows)} predictions of {predictor.spec.target}")


def predictions(predictor: Predictor, rows: Rows) -> pl.DataFrame:
    """One row for each of `rows`, in their order.

    Returns:
        row (int64, the source's row number), pred (a label as text, or a number in the target's unit),
        prob_<label> for each class in code order, and name where rows are files.

    Raises:
        RunError: The model's output for a row is not finite.
    """
    pred, prob = predictor.predict_rows(rows)
    said = pred.unsqueeze(1) if prob is None else prob
    broken = (~said.isfinite().all(1)).nonzero()
    if len(broken):
        row = int(rows.numbers[int(broken[0])])
        raise RunError(f"row {row}: the model's output is not finite; its training diverged, use another checkpoint")
    columns = {"row": pl.Series(rows.numbers, dtype=pl.Int64), "pred": _answers(predictor, pred)}
    for code, label in enumerate(predictor.spec.classes if prob is not None else ()):
        columns[f"prob_{label}"] = pl.Series(said[:, code].numpy())
    if rows.names is not None:
        columns["name"] = pl.Series(rows.names, dtype=pl.String)
    return pl.DataFrame(columns)


def _answers(predictor: Predictor, pred: torch.Tensor) -> pl.Series:
    if predictor.spec.task == "regression":
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
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.suffix.lower() == ".parquet":
            frame.write_parquet(part)
        else:
            frame.write_csv(part)
        part.replace(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"output={path}: cannot be written ({reason}); name another") from error
    finally:
        with suppress(OSError):  # a folder that may not be written to
            part.unlink(missing_ok=True)
