"""A finished run as figures need it: predictions as stored, model and rows where they are at hand."""

from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
import torch

from litmus.errors import LitmusError
from litmus.evidence import Evidence
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.report.scene import Scene
from litmus.report.views import make_scene
from litmus.run.labelled import own_data
from litmus.run.paths import Paths
from litmus.run.predictor import Predictor


def stored_scene(directory: Path, evidence: Evidence, *, examples: bool = False) -> tuple[Scene, str]:
    """What figures of a run are drawn from, and why some of them cannot be; "" where nothing is missing.

    Args:
        directory: Of the run.
        evidence: Its own.
        examples: As in `make_scene`.
    """
    paths = Paths(directory)
    predictions = stored_predictions(directory, evidence)
    try:
        predictor = Predictor.restore(paths.best)
        data = own_data(predictor, paths.best)
        shown = examples and not data.own_loader
        return make_scene(predictor, data, evidence, predictions, examples=shown), ""
    except (LitmusError, OSError) as error:
        return Scene(evidence=evidence, predictions=predictions), str(error)


def stored_predictions(directory: Path, evidence: Evidence) -> dict[str, Predictions]:
    """predictions.csv by split; empty where there is none."""
    path = directory / "predictions.csv"
    if not path.is_file():
        return {}
    table = pl.read_csv(path, infer_schema=False)
    classes = evidence.task.classes
    codes = {label: code for code, label in enumerate(classes)}
    found = {}
    for key, part in table.group_by("split", maintain_order=True):
        split = cast("SplitName", str(key[0]))
        prob = torch.from_numpy(part[:, 4:].cast(pl.Float64, strict=False).to_numpy().copy()) if classes else None
        target, pred = (_codes(part[name], codes) if classes else _numbers(part[name]) for name in ("target", "pred"))
        rows = torch.from_numpy(part["row"].cast(pl.Int64).to_numpy().copy())
        found[str(split)] = Predictions(split=split, rows=rows, target=target, pred=pred, prob=prob)
    return found


def _codes(labels: pl.Series, codes: dict[str, int]) -> torch.Tensor:
    return torch.tensor([codes[label] for label in labels.fill_null("").to_list()], dtype=torch.int64)


def _numbers(values: pl.Series) -> torch.Tensor:
    return torch.from_numpy(values.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().copy())
