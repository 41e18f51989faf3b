"""One case through Litmus, in this process: rows as a file, words as on the command line, a verdict."""

import contextlib
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final
from unittest.mock import patch

import polars as pl
import torch
from cases.case import Case, Maker

from litmus.commands import train as litmus_train
from litmus.config import RunConfig, check, to_plain
from litmus.config.changes import apply
from litmus.config.composition import compose
from litmus.errors import LitmusError
from litmus.evidence import Evidence
from litmus.run import Run, prepare_data
from litmus.scoring.score import point_scores

LOWER_IS_BETTER = frozenset({"mae", "rmse", "mse", "ece", "brier"})


@final
@dataclass(frozen=True)
class Seen:
    """What a run showed.

    Args:
        evidence: With the trials after it; None where it was refused.
        seconds: Wall time of the whole.
        refused: Why it did not run.
    """

    evidence: Evidence | None
    seconds: float
    refused: str | None = None

    @property
    def untried(self) -> Evidence | None:
        """The evidence as it stood before any trial."""
        return self.evidence and replace(self.evidence, trials=(), probed=False, probe_seconds=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        text = self.evidence and self.evidence.to_json()
        return {"evidence": text, "seconds": self.seconds, "refused": self.refused}

    @staticmethod
    def from_dict(stored: dict[str, Any]) -> "Seen":
        """What `to_dict` gave."""
        text = stored["evidence"]
        return Seen(text and Evidence.from_json(text), stored["seconds"], stored["refused"])


def run_case(case: Case, seed: int, *, probes: bool = True) -> Seen:
    """The case at a seed as `litmus train` runs it, but for the pages that it draws for people."""
    began = time.perf_counter()
    with _workplace(case) as (words, place), patch.object(litmus_train, "record_pages"):
        try:
            config = composed((*words, *(() if probes else ("verdict.probes=off",))), seed, place)
            outcome = litmus_train.train(RunConfig(config), place / "run", stored=config)
        except LitmusError as error:
            return Seen(None, time.perf_counter() - began, f"{type(error).__name__}: {error}"[:300])
    return Seen(outcome.evidence, round(time.perf_counter() - began, 2))


def score_case(
    case: Case, seed: int, *, changes: tuple[str, ...] = (), table: Maker | None = None
) -> dict[str, float | None]:
    """Test scores of one training of the case with changes; empty where it cannot be trained with or breaks down."""
    with _workplace(case, table) as (words, place):
        try:
            tree = apply(composed(words, seed, place), changes)
            if check(tree):
                return {}
            config = RunConfig(tree)
            data = prepare_data(config)
            run = Run.build(config, place / "run", data=data)
            fitted = run.fit()
            if fitted.non_finite is not None:
                return {}
            run = fitted.decide()
            said = run.predictor.predict(run.data.splits["test"], "test")
        except LitmusError:
            return {}
    return dict(point_scores(run.predictor.task, said))


def metric_of(scores: dict[str, float | None], metric: str) -> float | None:
    """One metric, oriented so that more is better."""
    value = scores.get(metric)
    return -value if value is not None and metric in LOWER_IS_BETTER else value


def composed(words: tuple[str, ...], seed: int, place: Path) -> dict[str, Any]:
    """The plain config of a case."""
    if any(word.startswith("callback.early_stopping.") for word in words):
        words = tuple(word for word in words if word != "callback.early_stopping=null")  # a fix may bring it back
    cfg = compose([*words, f"seed={seed}", "logger=csv", f"output_dir={place}"])
    problems = check(cfg)
    if problems:
        raise ValueError(f"{words}: {problems}")
    config: dict[str, Any] = to_plain(cfg)
    return config


@contextlib.contextmanager
def _workplace(case: Case, table: Maker | None = None) -> Iterator[tuple[tuple[str, ...], Path]]:
    """A folder that goes away, with the case's rows in files, and the words that read them."""
    torch.set_num_threads(1)
    place = Path(tempfile.mkdtemp(prefix="litmus-bench-"))
    words = list(case.words)
    try:
        if case.table is not None:
            if not any(word.startswith("data=") for word in words):
                words.insert(0, "data=parquet")
            words += [f"data.path={_written((table or case.table)(), place / 'rows.parquet')}", "data.target=y"]
        if case.test is not None:
            words.append(f"data.test_path={_written(case.test(), place / 'test.parquet')}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield tuple(words), place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _written(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_parquet(path)
    return path
