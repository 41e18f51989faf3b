"""Data and config looked at in seconds, without training: nothing is written."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import final

import polars as pl
import torch
from omegaconf import DictConfig
from torch import Tensor

from litmus.config import RunConfig, to_plain
from litmus.data.columns.kinds import Column, describe
from litmus.data.encoding.column_encoders import BooleanEncoder, CategoryEncoder, DateEncoder, Encoder, NumberEncoder
from litmus.data.module import DataModule
from litmus.data.sources.base import Source
from litmus.engine.learner import Learner
from litmus.report.phrases import clean, number
from litmus.report.tables import Table
from litmus.report.terminal import Terminal
from litmus.run import Run, prepare_data
from litmus.run.checks import bare_evidence, check_rows
from litmus.verdict import Finding
from litmus.verdict.judge import judge

MOST_COLUMNS = 40
MOST_CLASSES = 8
WARM_STEPS, LEAST_STEPS, MOST_STEPS = 3, 5, 60
MOST_SECONDS = 1.5
MIDNIGHT = " 00:00:00"
LEAKS = ("train_test_leakage", "target_leakage", "split_shift", "label_noise")
"""Findings that data alone can show."""


@final
@dataclass(frozen=True, kw_only=True)
class Checked:
    """What data and config show without training.

    Args:
        run: Built and not begun.
        columns: Every column of a table: kind, share missing, example and use; None where rows are no table.
        splits: Rows of each split.
        findings: What the data checks find; None where they are off.
    """

    run: Run
    columns: Table | None
    splits: Table
    findings: tuple[Finding, ...] | None

    def tell(self, terminal: Terminal) -> None:
        """Prints all of it, with the model's size and the time that training may take."""
        run, data = self.run, self.run.data
        read = f"{data.origin.rows:,}"
        rows = read if len(data.rows) == data.origin.rows else f"{len(data.rows):,} of {read}"
        terminal.opening([f"data: {data.origin.path}, {rows} rows", *data.notes, *run.notes])
        terminal.line()
        if self.columns is not None:
            _show_columns(self.columns, terminal)
        else:
            terminal.line(_describe_inputs(data))
        terminal.line()
        terminal.table(self.splits)
        _show_findings(self.findings, terminal)
        terminal.line()
        terminal.opening(_describe_model(run))
        terminal.line(expected_time(run))
        terminal.line("nothing was trained or written; litmus train with the same words starts the run")


def look(cfg: DictConfig) -> Checked:
    """Columns, splits and what the data checks find; nothing is trained or written.

    Args:
        cfg: Composed and checked.

    Raises:
        InputError: Data, or values that do not fit them, as training would.
    """
    config = RunConfig(to_plain(cfg))
    data = prepare_data(config)
    run = Run.build(config, Path("unused"), data=data)
    table = isinstance(data.rows.inputs, pl.DataFrame)
    return Checked(
        run=run,
        columns=columns_table(data, config) if table else None,
        splits=splits_table(data),
        findings=None if data.source.checks == "off" else tuple(findings(run)),
    )


def main(cfg: DictConfig) -> None:
    """Prints columns, task, splits, what the data checks find, the model's size and the time that training may take.

    Args:
        cfg: Composed and checked.

    Raises:
        InputError: As `look`.
    """
    look(cfg).tell(Terminal())


def _show_columns(found: Table, terminal: Terminal) -> None:
    hidden = len(found.rows) - MOST_COLUMNS
    terminal.table(Table(found.header, found.rows[:MOST_COLUMNS]))
    if hidden > 0:
        terminal.line(f"and {hidden} more columns")


def columns_table(data: DataModule, config: RunConfig) -> Table:
    """Every column of the table: what it is taken for, how much is missing, and how it is used."""
    frame, target = data.rows.inputs, data.rows.target
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # the caller has looked
    preprocess = data.preprocess
    encoders = {column.name: column for column in getattr(preprocess, "columns", ())}
    lines = [_line(column, _use(column, encoders, data.source)) for column in describe(frame)]
    if target is not None:
        (column,) = describe(pl.DataFrame([target]))
        kind = "number" if data.spec.numeric else f"{data.spec.task} label"
        lines.append((clean(column.name, 40), kind, f"{column.missing:.0%}", clean(column.example, 24), "target"))
    node = config.data.node
    roles = {str(node[key]): key for key in ("group", "time", "weight", "split_column") if node.get(key)}
    lines += [(clean(name, 40), "", "", "", key.replace("_column", "")) for name, key in roles.items()]
    lines += [(clean(name, 40), "", "", "", "left out, data.drop_columns") for name in node.get("drop_columns") or ()]
    return Table(("column", "kind", "missing", "example", "used as"), tuple(lines))


def _line(column: Column, use: str) -> tuple[str, ...]:
    example = clean(column.example.removesuffix(MIDNIGHT), 24)
    return clean(column.name, 40), column.kind, f"{column.missing:.0%}", example, use


def _use(column: Column, encoders: Mapping[str, Encoder], source: Source) -> str:
    encoder = encoders.get(column.name)
    if encoder is None:
        return "not used"
    if isinstance(encoder, CategoryEncoder):
        return f"embedding of {encoder.cardinality} codes" if encoder.embed else f"{len(encoder.names)} levels, one-hot"
    if isinstance(encoder, DateEncoder):
        return f"{len(encoder.names)} date parts"
    if isinstance(encoder, BooleanEncoder):
        return "0 or 1"
    assert isinstance(encoder, NumberEncoder)  # noqa: S101 - the only kind that is left
    rule = "standard" if source.normalize == "auto" else source.normalize
    use = {"standard": "standardised", "minmax": "scaled to 0..1", "none": "as it is"}[rule]
    return use + ", long tail compressed" * bool(encoder.bend) + ", a column for missing" * encoder.tells


def _describe_inputs(data: DataModule) -> str:
    """Images or texts in one line."""
    inputs, spec = data.rows.inputs, data.spec
    if isinstance(inputs, list):
        example = clean(inputs[0], 60)
        return f"texts: at most {spec.in_shape[0]} tokens of {spec.vocab_size} known ones; the first: {example}"
    if spec.input != "image" or len(spec.in_shape) != 3:
        return f"inputs: {' x '.join(map(str, spec.in_shape))} numbers a row, of no column that has a name"
    channels, height, width = spec.in_shape
    kind = getattr(inputs, "dtype", "")
    return f"images: {height} x {width}, {channels} channel{'s' if channels > 1 else ''}, {kind}"


def splits_table(data: DataModule) -> Table:
    """Rows of each split, and of each class in it; in regression the target's spread in train."""
    spec = data.spec
    if spec.numeric:
        lines = []
        for name, split in data.splits.items():
            y = split.y.double() * spec.target_sd + spec.target_mean
            spread = y.std(correction=0)
            lines.append((name, f"{len(y):,}", *(number(float(v)) for v in (y.mean(), spread, y.min(), y.max()))))
        return Table(("split", "rows", "target's mean", "SD", "least", "most"), tuple(lines))
    shown = spec.classes[:MOST_CLASSES]
    more = len(spec.classes) - len(shown)
    header = ("split", "rows", *(clean(label, 20) for label in shown), *(["others"] if more else []))
    lines = []
    for name, counts in data.class_counts.items():
        rest = [f"{sum(counts[MOST_CLASSES:]):,}"] if more else []
        lines.append((name, f"{sum(counts):,}", *(f"{count:,}" for count in counts[:MOST_CLASSES]), *rest))
    return Table(header, tuple(lines))


def _show_findings(found: Sequence[Finding] | None, terminal: Terminal) -> None:
    if found is None:
        terminal.line("data checks: off (data.checks=off)")
        return
    terminal.line()
    if not found:
        terminal.line(
            "data checks: no duplicates between splits, no groups on both sides, no column that gives the target"
        )
    for finding in found:
        terminal.line(f"{finding.severity}: {finding.name}: {finding.summary}")
        if finding.overrides:
            terminal.line(f"  try: {' '.join(finding.overrides)}")


def findings(run: Run) -> list[Finding]:
    """What the data checks find, in the verdict's words."""
    evidence = bare_evidence(run, check_rows(run, test=True).facts)
    judged = judge(evidence, run.config.criteria.make(), run.config.verdict.make())
    return [finding for finding in judged.findings if finding.name in LEAKS]


def _describe_model(run: Run) -> list[str]:
    predictor, config = run.predictor, run.config
    size = sum(parameter.numel() for parameter in predictor.model.parameters())
    outputs = predictor.loss.outputs(predictor.spec)
    how = "by the model's own steps and optimizer"
    if isinstance(run.module, Learner):
        rate = f", lr {config.optimizer.lr:g}" if config.optimizer.lr else ""
        how = f"{predictor.loss.name}, {config.optimizer.class_name}{rate}"
    return [
        f"model: {predictor.name}, {size:,} parameters, {predictor.spec.in_shape} -> {outputs}",
        f"training: {how}, batches of {run.data.train_dataloader().batch_size}",
    ]


def expected_time(run: Run) -> str:
    """One line: a few steps measured here, taken for all the steps that the config allows."""
    if not isinstance(run.module, Learner):
        return "expected time: not known, as the model trains by its own steps"
    step, steps = _seconds_a_step(run, run.module)
    started = time.perf_counter()
    run.predictor.outputs(run.data.splits["val"].x)
    epoch = step * len(run.data.train_dataloader()) + time.perf_counter() - started
    limit = run.trainer.max_epochs
    measured = f"{_duration(epoch)} an epoch, measured on {steps} steps"
    if limit is None or limit < 0:
        return f"expected time: {measured}; trainer.max_epochs sets no end"
    sooner = "; early stopping may end it sooner" if run.config.early_stopping else ""
    return f"expected time: about {_duration(epoch * limit)} for {limit} epochs ({measured}){sooner}"


def _seconds_a_step(run: Run, learner: Learner) -> tuple[float, int]:
    """Median seconds of a training step on random batches, and how many were measured."""
    split, loader = run.data.splits["train"], run.data.train_dataloader()
    model, loss = run.predictor.model.train(), run.predictor.loss
    optimizer = learner.make_optimizer()
    spent: list[float] = []
    began = time.perf_counter()
    while len(spent) < MOST_STEPS and (len(spent) < LEAST_STEPS or time.perf_counter() - began < MOST_SECONDS):
        index = torch.randint(len(split), (min(loader.batch_size, len(split)),))
        started = time.perf_counter()
        x: Tensor = run.data.source.augment(run.data.preprocess.finish(split.x[index]))

        def closure(x: Tensor, y: Tensor) -> Tensor:  # some optimizers ask for the loss several times
            optimizer.zero_grad()
            value: Tensor = loss(model(x), y)
            value.backward()
            return value

        optimizer.step(partial(closure, x, split.y[index]))  # type: ignore[arg-type]  # torch's hint says float
        spent.append(time.perf_counter() - started)
    kept: Sequence[float] = spent[WARM_STEPS:]
    return statistics.median(kept), len(kept)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
