"""Data and config looked at in seconds, without training: nothing is written."""

import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch
from omegaconf import DictConfig
from torch import Tensor

from litmus.config import make, to_plain
from litmus.data.base import Source
from litmus.data.columns import Column, describe
from litmus.data.encoders import BooleanEncoder, CategoryEncoder, DateEncoder, Encoder
from litmus.data.module import DataModule
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


def main(cfg: DictConfig, *, terminal: Terminal | None = None) -> None:
    """Prints columns, task, splits, what the data checks find, the model's size and the time that training may take.

    Args:
        cfg: Composed and checked.
        terminal: Where to; None: standard output.

    Raises:
        InputError: Data, or values that do not fit them, as training would.
    """
    config = to_plain(cfg)
    terminal = terminal or Terminal()
    data = prepare_data(config)
    run = Run.build(config, Path("unused"), data=data)
    read = f"{data.origin.rows:,}"
    rows = read if len(data.rows) == data.origin.rows else f"{len(data.rows):,} of {read}"
    terminal.opening([f"data: {data.origin.path}, {rows} rows", *data.notes])
    terminal.line()
    if isinstance(data.rows.inputs, pl.DataFrame):
        _show_columns(data, config, terminal)
    else:
        terminal.line(_describe_inputs(data))
    terminal.line()
    terminal.table(splits_table(data))
    _show_findings(data, run, terminal)
    terminal.line()
    terminal.opening(_describe_model(run))
    terminal.line(expected_time(run))
    terminal.line("nothing was trained or written; litmus train with the same words starts the run")


def _show_columns(data: DataModule, config: Mapping[str, Any], terminal: Terminal) -> None:
    found = columns_table(data, config)
    hidden = len(found.rows) - MOST_COLUMNS
    terminal.table(Table(found.header, found.rows[:MOST_COLUMNS]))
    if hidden > 0:
        terminal.line(f"and {hidden} more columns")


def columns_table(data: DataModule, config: Mapping[str, Any]) -> Table:
    """Every column of the table: what it is taken for, how much is missing, and how it is used."""
    frame, target = data.rows.inputs, data.rows.target
    assert isinstance(frame, pl.DataFrame)  # noqa: S101  # the caller has looked
    preprocess = data.preprocess
    encoders = {column.name: column for column in getattr(preprocess, "columns", ())}
    lines = [_line(column, _use(column, encoders, data.source)) for column in describe(frame)]
    if target is not None:
        (column,) = describe(pl.DataFrame([target]))
        kind = "number" if data.spec.task == "regression" else f"{data.spec.task} label"
        lines.append((clean(column.name, 40), kind, f"{column.missing:.0%}", clean(column.example, 24), "target"))
    node = config["data"]
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
    return {"standard": "standardised", "minmax": "scaled to 0..1", "none": "as it is"}[source.normalize]


def _describe_inputs(data: DataModule) -> str:
    """Images or texts in one line."""
    inputs, spec = data.rows.inputs, data.spec
    if isinstance(inputs, list):
        example = clean(inputs[0], 60)
        return f"texts: at most {spec.in_shape[0]} tokens of {spec.vocab_size} known ones; the first: {example}"
    channels, height, width = spec.in_shape
    kind = getattr(inputs, "dtype", "")
    return f"images: {height} x {width}, {channels} channel{'s' if channels > 1 else ''}, {kind}"


def splits_table(data: DataModule) -> Table:
    """Rows of each split, and of each class in it; in regression the target's spread in train."""
    spec = data.spec
    if spec.task == "regression":
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


def _show_findings(data: DataModule, run: Run, terminal: Terminal) -> None:
    if data.source.checks == "off":
        terminal.line("data checks: off (data.checks=off)")
        return
    found = findings(run)
    terminal.line()
    if not found:
        terminal.line("data checks: no twins between splits, no groups on both sides, no column that gives the target")
    for one in found:
        terminal.line(f"{one.severity}: {one.name}: {one.summary}")
        if one.overrides:
            terminal.line(f"  try: {' '.join(one.overrides)}")


def findings(run: Run) -> list[Finding]:
    """What the data checks find, in the verdict's words."""
    evidence = bare_evidence(run, check_rows(run, test=True).facts)
    judged = judge(evidence, make(run.config["criteria"], "criteria"), make(run.config["verdict"], "verdict"))
    return [one for one in judged.findings if one.name in LEAKS]


def _describe_model(run: Run) -> list[str]:
    predictor, config = run.predictor, run.config
    size = sum(parameter.numel() for parameter in predictor.model.parameters())
    outputs = predictor.loss.outputs(predictor.spec)
    optimizer = str(config["optimizer"]["_target_"]).rpartition(".")[2]
    how = f"{predictor.loss.name}, {optimizer}, lr {config['optimizer'].get('lr')}"
    return [
        f"model: {type(predictor.model).__name__}, {size:,} parameters, {predictor.spec.in_shape} -> {outputs}",
        f"training: {how}, batches of {run.data.train_dataloader().batch_size}",
    ]


def expected_time(run: Run) -> str:
    """One line: a few steps measured here, taken for all the steps that the config allows."""
    step, steps = _seconds_a_step(run)
    started = time.perf_counter()
    run.predictor.outputs(run.data.splits["val"].x)
    epoch = step * len(run.data.train_dataloader()) + time.perf_counter() - started
    limit = run.trainer.max_epochs
    measured = f"{_duration(epoch)} an epoch, measured on {steps} steps"
    if limit is None or limit < 0:
        return f"expected time: {measured}; trainer.max_epochs sets no end"
    sooner = "; early stopping may end it sooner" if run.config["callback"].get("early_stopping") else ""
    return f"expected time: about {_duration(epoch * limit)} for {limit} epochs ({measured}){sooner}"


def _seconds_a_step(run: Run) -> tuple[float, int]:
    """Median seconds of a training step on random batches, and how many were measured."""
    split, loader = run.data.splits["train"], run.data.train_dataloader()
    model, loss = run.predictor.model.train(), run.predictor.loss
    optimizer = run.learner.make_optimizer([p for p in model.parameters() if p.requires_grad])
    spent: list[float] = []
    began = time.perf_counter()
    while len(spent) < MOST_STEPS and (len(spent) < LEAST_STEPS or time.perf_counter() - began < MOST_SECONDS):
        index = torch.randint(len(split), (min(loader.batch_size, len(split)),))
        started = time.perf_counter()
        x: Tensor = run.data.preprocess.finish(split.x[index])
        optimizer.zero_grad()
        value: Tensor = loss(model(run.data.source.augment(x)), split.y[index])
        value.backward()
        optimizer.step()
        spent.append(time.perf_counter() - started)
    kept: Sequence[float] = spent[WARM_STEPS:]
    return statistics.median(kept), len(kept)


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
