"""What figures need of the model and the rows themselves: looked at while the run is at hand, or read again later."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from litmus.data.columns.kinds import count_levels
from litmus.data.module import DataModule
from litmus.data.rows import Rows
from litmus.data.tensors import SPLITS
from litmus.evidence import Evidence
from litmus.metrics.answers import Predictions
from litmus.report.mistakes import label_errors, mistakes
from litmus.report.scene import Dependence, Points, Scene, Surface, make_surface, thin
from litmus.run.predictor import Predictor

MOST_ROWS = 5000  # of a split that is shown; the scored one is kept whole up to here too
AVERAGED = 200  # rows over which a column's effect is averaged
GRID = 20  # values at which it is looked at
MOST_COLUMNS = 4
MOST_LABELS = 8
MOST_WORDS = 80  # of a text that are left out one by one
MARKED = 3
Array = NDArray[np.float64]


def make_scene(
    predictor: Predictor,
    data: DataModule,
    evidence: Evidence,
    predictions: Mapping[str, Predictions],
    *,
    examples: bool = False,
) -> Scene:
    """All that figures are drawn from, of a run whose rows are at hand.

    Args:
        predictor: The trained model.
        data: Its rows.
        evidence: What it showed.
        predictions: By split; only these splits and train are shown.
        examples: Whether rows are looked up for the page.
    """
    scene = Scene(evidence=evidence, predictions=predictions, rows=_rows(data, predictions))
    if evidence.fit.non_finite is not None:
        return scene
    if examples:
        scene = _with_examples(scene, predictor, data)
    return replace(
        scene,
        surface=_surface(predictor, data, evidence),
        dependence=_dependence(predictor, scene.rows["train"], evidence),
    )


def _rows(data: DataModule, predictions: Mapping[str, Predictions]) -> dict[str, Rows]:
    found = {}
    for name in SPLITS:
        if name == "train" or name in predictions:
            places = np.flatnonzero(data.assignment == SPLITS.index(name)).astype(np.int64)
            found[str(name)] = data.rows.take(places[thin(len(places), MOST_ROWS)])
    return found


def _with_examples(scene: Scene, predictor: Predictor, data: DataModule) -> Scene:
    """The scene with the rows of mistakes and of labels in doubt, and the words that weigh most in texts."""
    kinds = [] if scene.scored is None else mistakes(scene.scored, scene.evidence)
    wanted = [choice.row for kind in kinds for choice in kind.rows]
    places = np.flatnonzero(np.isin(data.rows.numbers, [*wanted, *label_errors(scene.evidence)])).astype(np.int64)
    rows = data.rows.take(places)
    return replace(scene, examples=rows, marks=_marks(predictor, rows, wanted))


def _marks(predictor: Predictor, rows: Rows, wanted: Sequence[int]) -> dict[int, list[str]]:
    """Of each text the words without which the model is least sure of what it says (occlusion)."""
    if not isinstance(rows.inputs, list) or predictor.spec.numeric:
        return {}
    found = {}
    for place in np.flatnonzero(np.isin(rows.numbers, wanted)).tolist():
        words = list(dict.fromkeys(rows.inputs[place].split()))[:MOST_WORDS]
        texts = [" ".join(w for w in rows.inputs[place].split() if w != word) for word in words]
        row = rows.take(np.full(len(words) + 1, place, dtype=np.int64))
        _, prob = predictor.predict_rows(replace(row, inputs=[rows.inputs[place], *texts], target=None))
        if prob is None or not words:
            continue
        code = int(prob[0].argmax())
        loss = (prob[0, code] - prob[1:, code]).numpy()
        found[int(rows.numbers[place])] = [words[i] for i in np.argsort(-loss)[:MARKED] if loss[i] > 0]
    return found


def _surface(predictor: Predictor, data: DataModule, evidence: Evidence) -> Surface | None:
    """The model over its inputs, where there are one or two of them."""
    spec = predictor.spec
    if spec.input != "table" or spec.in_shape[0] > 2 or spec.cardinalities:
        return None

    def predict(x: Array) -> Array:
        return _answer(*predictor.decide(predictor.outputs(torch.from_numpy(x).float())))

    points = {
        name: Points(split.x.double().numpy(), predictor.task.in_unit(split.y).numpy())
        for name, split in data.splits.items()
    }
    return make_surface(predict, points, names=spec.features, columns=evidence.data.columns)


def _dependence(predictor: Predictor, rows: Rows, evidence: Evidence) -> tuple[Dependence, ...]:
    """Of the columns on which the score rests most; all their values at once, on the same rows."""
    frame = rows.inputs
    if not isinstance(frame, pl.DataFrame) or not len(rows):
        return ()
    known = {name: estimate.value or 0.0 for name, estimate in evidence.importance.items() if name in frame.columns}
    names = sorted(known, key=lambda name: -known[name])[:MOST_COLUMNS]
    some = rows.take(thin(len(rows), AVERAGED))
    found = []
    for name in names:
        values = _values(frame[name])
        if values is None or len(values) < 2:
            continue
        every = np.tile(np.arange(len(some)), len(values))
        many = some.take(every.astype(np.int64))
        column = values[np.repeat(np.arange(len(values)), len(some))]
        many = replace(many, inputs=cast("pl.DataFrame", many.inputs).with_columns(column.alias(name)), target=None)
        predicted = _answer(*predictor.predict_rows(many))
        output = predicted.reshape(len(values), len(some), *predicted.shape[1:]).mean(1)
        numeric = values.dtype.is_numeric()
        at: Any = values.cast(pl.Float64).to_numpy() if numeric else tuple(map(str, values.to_list()))
        found.append(Dependence(name, at, output))
    return tuple(found)


def _values(series: pl.Series) -> pl.Series | None:
    """Values of a column at which to look, of its own type: spread over its range, or its most frequent labels."""
    known = series.drop_nulls()
    if series.dtype.is_numeric():
        if series.dtype.is_float():
            known = known.filter(known.is_finite())
        return known.sort()[thin(len(known), 2 * GRID + 1)][1::2].unique().sort() if len(known) else None
    if isinstance(series.dtype, pl.String | pl.Categorical | pl.Enum | pl.Boolean):
        return count_levels(known)["level"][:MOST_LABELS]
    return None


def _answer(pred: torch.Tensor, prob: torch.Tensor | None) -> Array:
    return (pred if prob is None else prob).double().numpy()
