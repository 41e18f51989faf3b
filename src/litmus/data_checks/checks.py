"""The data checks before the first step: numbers with intervals, no judgement, and no library that loads slowly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from litmus.data.columns.kinds import FEATURE_KINDS, describe
from litmus.data.columns.kinds import Column as Described
from litmus.data.rows import Rows
from litmus.data.tensors import Split
from litmus.data_checks.column_facts import column_facts, plain_facts, scale_facts
from litmus.data_checks.drift import compare, profile
from litmus.data_checks.exact_duplicates import (
    SHORT_TEXT,
    Matches,
    column_codes,
    match,
    match_hashes,
    positions,
    row_hashes,
    sample_rows,
    words,
)
from litmus.data_checks.follow_up import follow_up_times
from litmus.data_checks.groups import group_leaks
from litmus.data_checks.identities import identity, numbers_of, target_numbers
from litmus.data_checks.joint_leaks import joint_leak
from litmus.data_checks.leaks import Feature, class_leak, feature_leaks
from litmus.data_checks.near_duplicates import Near, continuous_columns, near_points, near_rows, near_texts, thumbnails
from litmus.data_checks.pieces import pieces
from litmus.data_checks.row_formulas import between, row_formulas
from litmus.evidence import DataFacts, Drift, FollowUp, GroupLeak, RowFormula, Twins
from litmus.evidence.values import SplitName
from litmus.metrics.answers import Predictions
from litmus.task.base import Task

Codes = NDArray[np.int64]

MOST_ROWS = 100_000
"""Training rows that one-column models are fitted on."""
MOST_CROSSED, FOLDS = 5000, 4
"""Rows up to which one-column models are scored out of fold: of more, those of val are enough."""
LAST_PART = 0.25
"""Share of train's rows, the last ones in time, that show what drifts already. A convention."""
SHOWN = 20
NORMAL_SPAN = 2.563
"""Standard deviations between the first and the last tenth of a normal distribution."""
FEWEST_SCORED, FEWEST_OF_A_CLASS = 10, 5


@final
@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the checks found, and which rows have twins.

    Args:
        facts: As the evidence holds it.
        twins: Split to `(n,)` bool, whether each held-out row has a duplicate in train, exact or near.
    """

    facts: DataFacts
    twins: Mapping[SplitName, NDArray[np.bool_]] = field(default_factory=dict)


def check_data(
    task: Task,
    rows: Rows,
    assignment: NDArray[np.int8],
    splits: Mapping[SplitName, Split],
    *,
    split_rule: str = "stratified",
    finish: Callable[[Tensor], Tensor] | None = None,
    primary: str | None = None,
    seed: int = 0,
    exchangeable: bool = True,
) -> Checked:
    """Facts of columns, target and scales; duplicates, groups and one-column leaks between the splits.

    Args:
        task: Kind of target.
        rows: All rows before encoding.
        assignment: `(n,)` split of each row: 0 train, 1 val, 2 test, others unused.
        splits: The same as tensors; a split that is not given is not looked at.
        split_rule: As configured.
        finish: The preprocessing's last step, so that scales are those that the model sees.
        primary: Primary metric; None: the one that the training shares ask for.
        seed: Of samples.
        exchangeable: Whether rows were dealt into splits by chance, which leaves no drift to be found.
    """
    check = _Check(task, rows, {name: at for name, at in positions(assignment).items() if name in splits}, splits, seed)
    found = {name: check.twins(name) for name in splits if name != "train"}
    ratio, offset = scale_facts(task.spec, splits["train"].x, finish)
    facts = replace(
        check.with_leaks(plain_facts(task, splits, split_rule=split_rule), primary, exchangeable=exchangeable),
        columns=column_facts(rows, check.columns, check.at["train"], task.spec, splits["train"].x),
        twins=tuple(twins for twins, _ in found.values()),
        groups=() if split_rule in {"group", "stratified_group", "time"} else check.groups(),
        drifts={} if exchangeable else check.drifts(over_time=split_rule == "time"),
        scale_ratio=ratio,
        seen_mean_ratio=offset,
    )
    return Checked(facts=facts, twins={name: has for name, (_, has) in found.items()})


def with_twin_scores(
    checked: Checked, task: Task, predictions: Mapping[SplitName, Predictions], *, primary: str
) -> DataFacts:
    """The facts with the model's score on rows with and without a duplicate.

    None where either are fewer than ten, or where a class has fewer than five of them.
    """
    twins = []
    for twin in checked.facts.twins:
        predicted = next((predicted for name, predicted in predictions.items() if name == twin.split), None)
        has = torch.from_numpy(checked.twins["test" if twin.split == "test" else "val"])
        if predicted is None or len(has) != len(predicted.rows):
            twins.append(twin)
            continue
        known, rest = (_scored(task, predicted, part, primary) for part in (has, ~has))
        twins.append(replace(twin, score_with=known, score_without=rest))
    return replace(checked.facts, twins=tuple(twins))


def _scored(task: Task, predicted: Predictions, part: Tensor, primary: str) -> float | None:
    if int(part.sum()) < FEWEST_SCORED:
        return None
    if not task.numeric and predicted.target[part].unique(return_counts=True)[1].min() < FEWEST_OF_A_CLASS:
        return None
    prob = None if predicted.prob is None else predicted.prob[part]
    kept = replace(
        predicted, rows=predicted.rows[part], target=predicted.target[part], pred=predicted.pred[part], prob=prob
    )
    value = float(task.metric(primary).compute(kept.answers())[0])
    return value if np.isfinite(value) else None


@final
@dataclass(frozen=True)
class _Check:
    """The rows of one run; `at` holds the positions of each split's rows."""

    task: Task
    rows: Rows
    at: Mapping[SplitName, Codes]
    splits: Mapping[SplitName, Split]
    seed: int

    @cached_property
    def columns(self) -> tuple[Described, ...]:
        return describe(self.rows.inputs) if isinstance(self.rows.inputs, pl.DataFrame) else ()

    @cached_property
    def codes(self) -> Codes:
        """`(n, used columns)` of a table."""
        assert isinstance(self.rows.inputs, pl.DataFrame)  # noqa: S101 - for the type checker
        return column_codes(self.rows.inputs.select(self.used))

    @property
    def used(self) -> list[str]:
        return [column.name for column in self.columns if column.kind in FEATURE_KINDS]

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """`(n, used columns)` numbers in units of the training rows' spread, codes of all others."""
        assert isinstance(self.rows.inputs, pl.DataFrame)  # noqa: S101 - for the type checker
        values = self.codes.astype(np.float64)
        for j, name in enumerate(self.used):
            series = self.rows.inputs[name]
            if series.dtype.is_float():
                numbers = series.to_numpy()
                known = numbers[self.at["train"]]
                known = known[np.isfinite(known)]
                # a few cells far out must not make all others look alike
                low, high = np.quantile(known, (0.1, 0.9)) if len(known) else (0.0, 0.0)
                if high > low:
                    values[:, j] = numbers * (NORMAL_SPAN / (high - low))
        return values

    def twins(self, name: SplitName) -> tuple[Twins, NDArray[np.bool_]]:
        train, held_out, numbers = self.at["train"], self.at[name], self.rows.numbers
        exact, near = self._exact(train, held_out), self._near(name)
        partner, close = exact.twin.copy(), 0
        if near is not None:
            fresh = (near.twin >= 0) & (exact.twin[near.looked_at] < 0)
            partner[near.looked_at[fresh]] = near.twin[fresh]
            # near duplicates are looked for in a sample of the rows; their number is that of all rows
            close = round(int(fresh.sum()) * len(held_out) / max(1, len(near.looked_at)))
        has = partner >= 0
        twins = Twins(
            split=name,
            exact=int((exact.twin >= 0).sum()),
            near=close,
            n=len(held_out),
            within_train=exact.within_train,
            expected=min(1.0, float(exact.chance.mean()) + (near.chance if near is not None else 0.0)),
            rows=tuple(
                (int(numbers[held_out[i]]), int(numbers[train[partner[i]]])) for i in np.flatnonzero(has)[:SHOWN]
            ),
            same_target=self._same_target(name, exact.twin),
        )
        return twins, has

    def _same_target(self, name: SplitName, twin: Codes) -> float | None:
        """Share of exact duplicates with the training row's target, beyond chance (kappa, Cohen 1960)."""
        known = np.flatnonzero(twin >= 0)
        if not len(known):
            return None
        theirs, ours = self.splits["train"].y.numpy(), self.splits[name].y.numpy()[known]
        share = np.unique(theirs, return_counts=True)[1] / len(theirs)
        chance = float((share**2).sum())
        return float((theirs[twin[known]] == ours).mean() - chance) / max(1 - chance, 1e-9)

    def _exact(self, train: Codes, held_out: Codes) -> Matches:
        if isinstance(self.rows.inputs, pl.DataFrame):
            columns = self.codes.T  # of one column each row, so that they are picked side by side
            return match(columns.take(train, axis=1).T, columns.take(held_out, axis=1).T)
        hashes, inputs = row_hashes(self.rows), self.rows.inputs
        found = match_hashes(hashes[train], hashes[held_out], chance=np.zeros(len(held_out)))
        if not isinstance(inputs, list):
            return found
        short = np.array([len(words(inputs[i])) < SHORT_TEXT for i in held_out])
        return replace(found, chance=(short & (found.twin >= 0)).astype(np.float64))

    def _near(self, name: SplitName) -> Near | None:
        train, held_out = self.splits["train"].x, self.splits[name].x
        if isinstance(self.rows.inputs, list):
            texts = self.rows.inputs
            theirs, ours = ([texts[i] for i in at] for at in (self.at["train"], self.at[name]))
            return near_texts(theirs, ours, seed=self.seed)
        if self.task.spec.input == "image":
            return near_points(thumbnails(train), thumbnails(held_out), seed=self.seed)
        kept = continuous_columns(train)
        # torch warns of the spread of no column
        points = near_points(train[:, kept], held_out[:, kept], seed=self.seed, scale=True) if len(kept) else None
        if not isinstance(self.rows.inputs, pl.DataFrame):  # of a user's loader, without columns
            return points
        alike = near_rows(self.values[self.at["train"]], self.values[self.at[name]], seed=self.seed)
        known = [near for near in (points, alike) if near is not None]
        return max(known, key=lambda near: float((near.twin >= 0).mean()), default=None)

    def groups(self) -> tuple[GroupLeak, ...]:
        target = np.zeros(len(self.rows))
        for name, index in self.at.items():
            target[index] = self.task.in_unit(self.splits[name].y).double().numpy()
        kinds = {column.name: column.kind for column in self.columns}
        called, classified = self.task.spec.target, not self.task.numeric
        return group_leaks(self.rows, target, self.at, kinds=kinds, classified=classified, called=called)

    def with_leaks(self, facts: DataFacts, primary: str | None, *, exchangeable: bool) -> DataFacts:
        """The facts with the columns that give the target, alone or together.

        Where chance dealt the rows, and they are few, each column is scored on all of them out of fold.
        """
        frame = self.rows.inputs
        if not isinstance(frame, pl.DataFrame) or "val" not in self.at:
            return facts
        kept = sample_rows(len(self.at["train"]), MOST_ROWS, seed=self.seed)
        train, val = self._truth("train", kept), self._truth("val", np.arange(len(self.at["val"])))
        if primary is None:
            primary = self.task.primary_of(self.task.prior(train.target))
        features = [_feature(frame[name], self.at["train"][kept], self.at["val"]) for name in self.used]
        numbers = self.rows.numbers[np.concatenate([self.at["train"][kept], self.at["val"]])]
        folds = _folds(numbers) if exchangeable and len(numbers) <= MOST_CROSSED else None
        facts = replace(
            facts,
            leaks=feature_leaks(self.task, features, train, val, primary=primary, folds=folds),
            class_leak=class_leak(self.task, features, train, val, folds=folds),
            joint_leak=joint_leak(self.task, features, train, val, primary=primary, folds=folds),
            follow_up=_asked(follow_up_times(self.task.spec, features)),
        )
        target = torch.cat([train.target, val.target]).double().numpy()
        same = self._identity(np.concatenate([self.at["train"][kept], self.at["val"]]), target)
        if not self.task.numeric:
            return replace(facts, formula=same)
        return replace(
            facts,
            formula=row_formulas(features, target) or same,
            between=between(features, target),
            pieces=_asked(pieces(features, target[: len(train.target)])),
        )

    def _identity(self, at: Codes, target: NDArray[np.float64]) -> RowFormula | None:
        """An exact identity of the target of these rows, `(n,)` in its unit or class codes, with the columns."""
        frame, labels = self.rows.inputs, tuple(self.task.spec.classes)
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - for the type checker
        numbers = target_numbers(labels, target)
        if numbers is None:
            return None
        columns = {name: values for name in self.used if (values := numbers_of(frame[name])) is not None}
        return identity({name: values[at] for name, values in columns.items()}, numbers, numeric=self.task.numeric)

    def drifts(self, *, over_time: bool) -> dict[str, Drift]:
        """Held-out split to how its columns differ from train's.

        Under a split over time, a column that drifts within train already has not changed its unit.
        """
        frame, train = self.rows.inputs, self.at["train"]
        if not isinstance(frame, pl.DataFrame):
            return {}
        known = profile(frame[train], self.used)
        found = {name: compare(known, frame[at], hashed=False) for name, at in self.at.items() if name != "train"}
        drifts: dict[str, Drift] = {name: drift for name, drift in found.items() if drift is not None}
        if not over_time or self.rows.time is None or not any(drift.units for drift in drifts.values()):
            return drifts
        ordered = train[self.rows.time[train].arg_sort().to_numpy()]
        early, late = np.split(ordered, [round((1 - LAST_PART) * len(ordered))])
        before = compare(profile(frame[early], self.used), frame[late], hashed=False)
        drifting = {moved.column for moved in before.moved} if before is not None else set()
        return {
            name: replace(drift, units={key: unit for key, unit in drift.units.items() if key not in drifting})
            for name, drift in drifts.items()
        }

    def _truth(self, name: SplitName, index: Codes) -> Predictions:
        """Targets alone, before any model says a word."""
        split, at = self.splits[name], torch.from_numpy(index)
        target = self.task.in_unit(split.y[at])
        return Predictions(split=name, rows=split.rows[at], target=target, pred=target)


def _folds(numbers: Codes) -> Codes:
    """The fold of each row by its number in the source, the same whatever the split."""
    return np.random.default_rng(0).integers(FOLDS, size=int(numbers.max()) + 1)[numbers]


def _asked(columns: tuple[str, ...]) -> FollowUp | None:
    return FollowUp(columns=columns) if columns else None


def _feature(series: pl.Series, train: Codes, val: Codes) -> Feature:
    ordered = series.dtype != pl.Categorical
    if ordered:
        values = series.to_physical().cast(pl.Float64).to_numpy()
    else:
        values = column_codes(pl.DataFrame([series]))[:, 0].astype(np.float64)
        values[series.is_null().to_numpy()] = np.nan
    return Feature(name=series.name, train=values[train], val=values[val], ordered=ordered)
