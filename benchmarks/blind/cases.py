"""The cases: which kind is planted in which table, what scikit-learn measured of it, and the files that Litmus gets.

`planted.json` holds the list. `choose` makes it anew: for every kind, tables in an order that a hash of both names
gives, until enough of them hold; what did not hold is kept beside them with its figures.
"""

import hashlib
import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from blind import faults_in_rows, faults_in_splits, faults_in_training
from blind.healthy import HEALTHY
from blind.measure import TEST, answers, estimator, network, predictions, score, skill, split, worst_recall
from blind.planting import FAULTS, USUAL, Base, Fault, Planted, own_split, visible
from blind.tables import TABLES, Table

assert faults_in_rows, "the faults declare themselves when they are imported"
assert faults_in_splits
assert faults_in_training

LIST = Path(__file__).parent / "planted.json"
TABLES_A_FAULT = 3
TABLES_A_TWIN = 3
TRIES = 30


@dataclass(frozen=True)
class Case:
    """A case that was verified.

    Args:
        kind: Name of the fault, or of the kind of healthy case.
        table: Name of the table it is planted in.
        before: What scikit-learn measured without the fault; of healthy cases, the best model's skill.
        after: With the fault; of healthy cases, a usual network's skill.
        digest: SHA-256 of the files and of the command line.
        true: Names of findings that are true of the table itself, whatever was planted.
    """

    kind: str
    table: str
    before: float
    after: float
    digest: str
    true: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.table}"

    @property
    def fault(self) -> Fault | None:
        """None: the case is healthy."""
        return FAULTS.get(self.kind)

    def plant(self) -> tuple[dict[str, bytes], list[str]]:
        """The files by name and the words after `litmus train`.

        Raises:
            ValueError: The installed packages make another case than the verified one.
        """
        table = table_named(self.table)
        planted = plant(self.kind, base_of(table, math.nan))
        if planted is None or digest(planted, table) != self.digest:
            raise ValueError(f"{self.name} is not the case that was verified; packages differ")
        return contents(planted), planted.command(table.target)


def table_named(name: str) -> Table:
    return next(table for table in TABLES if table.name == name)


@cache
def base_of(table: Table, known_skill: float | None = None) -> Base:
    """A table ready to be planted in; its skill is measured unless it is given."""
    frame = table.frame()
    words = split(frame, table.target, classes=table.classes, group=table.group)
    base = Base(table, frame, words, math.nan if known_skill is None else known_skill)
    if known_skill is not None:
        return base
    return Base(table, frame, words, score(base.rows, table.target, words, classes=table.classes))


def plant(kind: str, base: Base) -> Planted | None:
    """What the kind makes of the table; the same for the same names."""
    seed = int(hashlib.sha256(f"{kind}/{base.table.name}".encode()).hexdigest()[:8], 16)
    maker = FAULTS[kind].plant if kind in FAULTS else HEALTHY[kind]
    planted = maker(base, np.random.default_rng(seed))
    if planted is None or base.table.group is None or kind not in FAULTS:
        return planted
    by_group = ["data.split=group", f"data.group={base.table.group}"]  # a fault in the settings alone
    return Planted(**{**vars(planted), "overrides": [*planted.overrides, *by_group]})


def contents(planted: Planted) -> dict[str, bytes]:
    result = {}
    for name, frame in planted.files().items():
        text = io.StringIO()
        frame.to_csv(text, index=False, lineterminator="\n")
        result[name] = text.getvalue().encode()
    return result


def digest(planted: Planted, table: Table) -> str:
    sha = hashlib.sha256("\n".join(planted.command(table.target)).encode())
    for name, content in sorted(contents(planted).items()):
        sha.update(name.encode() + content)
    return sha.hexdigest()


def listed() -> list[Case]:
    """The verified cases."""
    return [Case(**case | {"true": tuple(case["true"])}) for case in json.loads(LIST.read_text())["cases"]]


# --- choosing ---


def choose() -> Iterator[str]:
    """Writes the list, and says what became of each pair of kind and table."""
    cases: list[Case] = []
    dropped: list[dict[str, Any]] = []
    for kind in [*FAULTS, *HEALTHY]:
        held = 0
        for table, case, figures in attempts(kind):
            yield f"{kind}-{table.name}: {'holds' if case else 'does not hold'}, {figures[0]:.3f} {figures[1]:.3f}"
            if case is None:
                dropped.append({"kind": kind, "table": table.name, "before": figures[0], "after": figures[1]})
            else:
                cases.append(case)
                held += 1
        if held < TABLES_A_TWIN:
            yield f"{kind}: on {held} tables alone"
    skills = {table.name: base_of(table).skill for table in TABLES}
    known = {"skill": skills, "cases": [asdict(case) for case in cases], "dropped": dropped}
    LIST.write_text(json.dumps(known, indent=1) + "\n")


def attempts(kind: str) -> Iterator[tuple[Table, Case | None, tuple[float, float]]]:
    """Tables that the kind can be planted in, until enough hold, or too many do not."""
    held, failed = 0, 0
    for table in order(kind):
        if held >= wanted(kind) or (failed >= TRIES and kind in FAULTS):
            return
        result = attempt(kind, base_of(table))
        if result is not None:
            held, failed = held + (result[0] is not None), failed + (result[0] is None)
            yield table, *result


def wanted(kind: str) -> int:
    return TABLES_A_FAULT if kind in FAULTS else len(TABLES) if kind == "as_it_is" else TABLES_A_TWIN


def order(kind: str) -> list[Table]:
    """The tables in this kind's order."""
    return sorted(TABLES, key=lambda table: hashlib.sha256(f"{table.name}/{kind}".encode()).hexdigest())


def attempt(kind: str, base: Base) -> tuple[Case | None, tuple[float, float]] | None:
    """The case if it holds, and its figures; None: the table is of another sort."""
    fault = FAULTS.get(kind)
    weak_twin = fault is None and kind != "as_it_is" and (base.table.group is not None or base.skill < 0.3)
    if weak_twin or (fault is not None and not fault.fits(base)):
        return None
    planted = plant(kind, base)
    if planted is None:
        return None
    before, after = (soundness if fault is None else fault.proof)(base, planted)
    figures = round(before, 4), round(after, 4)
    holds = is_sound(base, planted, before, after) if fault is None else before - after >= fault.least
    if not holds:
        return None, figures
    return Case(kind, base.table.name, *figures, digest(planted, base.table), true_of(base)), figures


def true_of(base: Base) -> tuple[str, ...]:
    """What may be said of a table by nature: few rows, a rare class, a long tail, and what the table's entry names."""
    few = len(base.frame) < 500
    rare = base.classes and base.frame[base.target].value_counts(normalize=True).iloc[-1] < 0.1
    names = {"too_little_data": few, "class_imbalance": rare, "wrong_loss": has_long_tail(base)}
    return (*base.table.true, *(name for name, holds in names.items() if holds))


def has_long_tail(base: Base) -> bool:
    """Whether a target's farthest value is twenty quartile ranges from its median."""
    if base.classes:
        return False
    low, middle, high = base.frame[base.target].astype(float).quantile([0.25, 0.5, 0.75])
    return bool((base.frame[base.target] - middle).abs().max() > 20 * (high - low))


def soundness(base: Base, planted: Planted) -> tuple[float, float]:
    """The best skill of three models on test, and that of a usual network."""
    frame, words = visible(planted, base), healthy_split(base, planted)
    others = [
        score(frame, base.target, words, classes=base.classes, model=model) for model in ("boosted", "forest", "linear")
    ]
    said = network(USUAL, frame, base.target, words, classes=base.classes)
    return max(others), skill(said["test"], said["test_pred"], classes=base.classes)


def healthy_split(base: Base, planted: Planted) -> np.ndarray:
    if planted.together is not None:
        return split(planted.frame, base.target, classes=base.classes, group=pd.Series(planted.together))
    return own_split(base, planted)


def is_sound(base: Base, planted: Planted, best: float, usual: float) -> bool:
    """Whether a usual network learns what can be learned, and finds a third of every class."""
    if usual < max(0.2, best - 0.1) or 1 - usual > 2 * (1 - best):
        return False
    if not base.classes:
        return "loss=huber" in planted.overrides or not has_long_tail(base)
    frame, words = visible(planted, base), healthy_split(base, planted)
    if "loss.class_weight=balanced" in planted.overrides or "task.threshold=tuned" in planted.overrides:
        model = estimator("linear", classes=True).set_params(class_weight="balanced")
        pred = predictions(model, frame, base.target, words, classes=True)
        true, test = answers(frame[base.target], classes=True), words == TEST
        return worst_recall(true[test], pred[test]) >= 0.5
    said = network(USUAL, frame, base.target, words, classes=True)
    return worst_recall(said["test"], said["test_pred"]) >= 0.33
