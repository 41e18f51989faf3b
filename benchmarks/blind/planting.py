"""What a planted case is, how it is declared, and how scikit-learn shows that it is what it claims to be."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from blind.measure import (
    TEST,
    TRAIN,
    Model,
    Scaling,
    answers,
    encode,
    estimator,
    network,
    network_skill,
    predictions,
    put,
    score,
    skill,
    split,
    strongest,
    worst_recall,
)
from blind.settings import Settings
from blind.tables import Table

PART = "part"  # the column of train, val and test, where a case has a split of its own


USUAL = Settings()


@dataclass(frozen=True)
class Base:
    """A real table, ready to be planted in.

    Args:
        words: Train, val and test of its rows, by which what is measured is measured.
        skill: Of boosted trees on the test rows.
    """

    table: Table
    frame: pd.DataFrame
    words: np.ndarray
    skill: float

    @property
    def target(self) -> str:
        return self.table.target

    @property
    def classes(self) -> bool:
        return self.table.classes

    @property
    def inputs(self) -> pd.DataFrame:
        """The columns that a model may see: neither target nor group."""
        return self.frame.drop(columns=[self.target, *([self.table.group] if self.table.group else [])])

    @property
    def rows(self) -> pd.DataFrame:
        """Inputs and target."""
        return put(self.inputs, self.target, self.frame[self.target])

    def strongest(self, *, numeric: bool) -> str | None:
        return strongest(self.rows, self.target, classes=self.classes, numeric=numeric)

    def with_rows(self, frame: pd.DataFrame, words: np.ndarray | None = None) -> "Base":
        return replace(self, frame=frame, words=self.words if words is None else words)


@dataclass(frozen=True)
class Planted:
    """A case's rows and the words of its command line, and what its proof needs to know.

    Args:
        frame: All rows; what Litmus is given, unless `way` puts the split beside them.
        overrides: Further words of the command line.
        words: The split that belongs to the fault; None: Litmus makes one.
        way: How Litmus is told the split: as a column, or as a test file of its own (val is then Litmus's affair).
        settings: Of the network.
        scaling: Of the network's inputs, in the proof.
        giveaway: Columns that give the target away, as a model sees through them; None: no leak.
        together: Which rows belong together, by row; None: none.
        kept: Index of the base's row that each row comes from; None: the same rows in the same order.
        threshold: Of the positive class's probability.
        hidden: Columns of `frame` that the models of the proof do not see.
    """

    frame: pd.DataFrame
    overrides: list[str] = field(default_factory=list)
    words: np.ndarray | None = None
    way: Literal["column", "file", None] = None
    settings: Settings = USUAL
    scaling: Scaling = "standard"
    giveaway: pd.DataFrame | None = None
    together: pd.Series | None = None
    kept: np.ndarray | None = None
    threshold: float | None = None
    hidden: tuple[str, ...] = ()

    def files(self) -> dict[str, pd.DataFrame]:
        """The files that Litmus is given, by name."""
        if self.way is None or self.words is None:
            return {"table.csv": self.frame}
        if self.way == "column":
            return {"table.csv": put(self.frame, PART, self.words)}
        test = self.words == TEST
        return {"table.csv": self.frame[~test], "test.csv": self.frame[test]}

    def command(self, target: str) -> list[str]:
        """The words after `litmus train`."""
        split_words = {
            None: [],
            "column": ["data.split=column", f"data.split_column={PART}"],
            "file": ["data.test_path=test.csv"],
        }[self.way]
        return [
            "data.path=table.csv",
            f"data.target={target}",
            *split_words,
            *self.settings.overrides(),
            *self.overrides,
        ]


Plant = Callable[[Base, np.random.Generator], Planted | None]
Proof = Callable[[Base, Planted], tuple[float, float]]


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Args:
        plant: Makes the case from a table and a generator of random numbers; None: the table does not fit.
        expected: Names of findings of which one is right; the first is the plainest.
        also: Names that are true of such a case as well, but do not name its fault.
        on: Which kind of target it is planted under.
        skill: Lowest and highest skill of boosted trees on the untouched table.
        grouped: Whether tables whose rows belong together do as well.
        measures: What the two measured figures are: the first without the fault, the second with it.
        proof: Measures them.
        least: By how much the second must be worse than the first.
        mended: Whether such cells may be mended or asked about, so that no harm is left: any mention counts then.
        wrong: Verdicts that would be wrong.
    """

    name: str
    plant: Plant
    expected: tuple[str, ...]
    also: tuple[str, ...]
    on: Literal["classes", "numbers", "any"]
    skill: tuple[float, float]
    grouped: bool
    measures: str
    proof: Proof
    least: float
    mended: bool
    wrong: tuple[str, ...]

    def fits(self, base: Base) -> bool:
        kind = self.on == "any" or (self.on == "classes") == base.classes
        low, high = self.skill
        return kind and low <= base.skill <= high and (self.grouped or base.table.group is None)


FAULTS: dict[str, Fault] = {}


def fault(
    *expected: str,
    also: tuple[str, ...] = (),
    on: Literal["classes", "numbers", "any"] = "any",
    skill: tuple[float, float] = (0.3, 1.0),
    grouped: bool = False,
    proof: tuple[str, Proof, float],
    mended: bool = False,
    wrong: tuple[str, ...] = ("adequate",),
) -> Callable[[Plant], Plant]:
    """Declares a fault; its name is the function's."""

    def add(plant: Plant) -> Plant:
        name = plant.__name__
        measures, measure, least = proof
        FAULTS[name] = Fault(
            name, plant, expected, also, on, skill, grouped, measures, measure, least, mended=mended, wrong=wrong
        )
        return plant

    return add


# --- proofs: (what is measured, how, by how much the second figure must be worse) ---


def loses(least: float, model: Model = "boosted") -> tuple[str, Proof, float]:
    """A model of scikit-learn does worse on the planted rows than on the same rows untouched."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        words = own_split(base, planted)
        clean = base.rows if planted.kept is None else base.rows.iloc[planted.kept].reset_index(drop=True)
        faulty = visible(planted, base)
        before = score(clean, base.target, words, classes=base.classes, model=model)
        return before, score(faulty, base.target, words, classes=base.classes, model=model)

    return f"skill of {model} on test: untouched, planted", measure, least


def own_split(base: Base, planted: Planted) -> np.ndarray:
    if planted.words is not None:
        return np.asarray(planted.words)
    if planted.kept is None:
        return base.words
    return split(planted.frame, base.target, classes=base.classes)


def visible(planted: Planted, base: Base) -> pd.DataFrame:
    group = [base.table.group] if base.table.group in planted.frame else []
    return planted.frame.drop(columns=[*planted.hidden, *group])


def flatters(least: float) -> tuple[str, Proof, float]:
    """Trees that memorise do better at random than where rows that belong together stay together."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame = visible(planted, base)
        figures = []
        for together in (None, planted.together):
            several = [
                score(
                    frame,
                    base.target,
                    split(frame, base.target, classes=base.classes, group=together, seed=seed),
                    classes=base.classes,
                    model="forest",
                )
                for seed in range(3)
            ]
            figures.append(float(np.mean(several)))
        return figures[0], figures[1]

    return "skill of extra trees on test: split at random, split by what belongs together", measure, least


def gives_away(least: float = 0.05) -> tuple[str, Proof, float]:
    """The leak alone is nearly perfect, and better than all that was there before."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        assert planted.giveaway is not None
        alone = put(planted.giveaway, base.target, planted.frame[base.target].to_numpy())
        words = own_split(base, planted)
        best = max(
            score(alone, base.target, words, classes=base.classes, model=model) for model in ("boosted", "linear")
        )
        return best if best >= 0.85 else -1.0, base.skill

    return "skill on test: of the leak alone, of boosted trees on the untouched table", measure, least


def trains_worse(least: float, *, rows: bool = False) -> tuple[str, Proof, float]:
    """A network of scikit-learn with these settings does worse than one with the usual settings.

    Args:
        least: By how much.
        rows: Whether the rows are faulty as well, and the usual network gets them untouched.
    """

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        sound = base.rows if rows else frame
        usual = network_skill(USUAL, sound, base.target, words, classes=base.classes)
        same = {"classes": base.classes, "scaling": planted.scaling}
        return usual, network_skill(planted.settings, frame, base.target, words, **same)

    return "skill of a network on test: usual settings, these settings", measure, least


def falls_behind(least: float) -> tuple[str, Proof, float]:
    """A network with these settings does worse than the better of boosted trees and a network with the usual ones."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        usual, these = trains_worse(least)[1](base, planted)
        return max(usual, base.skill), these

    return "skill on test: the better of boosted trees and a usual network, a network of these settings", measure, least


def bends(least: float) -> tuple[str, Proof, float]:
    """Trees do better than a linear model."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        words = own_split(base, planted)
        return base.skill, score(visible(planted, base), base.target, words, classes=base.classes, model="linear")

    return "skill on test: boosted trees, a linear model", measure, least


def bounded(least: float) -> tuple[str, Proof, float]:
    """Nothing that stays between 0 and 1 can do as well."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        pred = predictions(estimator("boosted", classes=False), frame, base.target, words, classes=False)
        true, test = answers(frame[base.target], classes=False), words == TEST
        return base.skill, skill(true[test], np.clip(pred[test], 0, 1), classes=False)

    return "skill of boosted trees on test: as they are, cut to 0 to 1", measure, least


def overfits(least: float) -> tuple[str, Proof, float]:
    """A network of these settings knows its training rows, and loses on others what more rows would give it."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        words = own_split(base, planted)
        said = network(planted.settings, visible(planted, base), base.target, words, classes=base.classes)
        train = skill(said["train"], said["train_pred"], classes=base.classes)
        test = skill(said["test"], said["test_pred"], classes=base.classes)
        return train if train >= 0.8 and test <= base.skill - 0.05 else test, test

    return "skill of a network: train, test", measure, least


def drifts(least: float) -> tuple[str, Proof, float]:
    """The same rows are harder under the given split than under one at random."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        given = score(visible(planted, base), base.target, own_split(base, planted), classes=base.classes)
        return base.skill, given

    return "skill of boosted trees on test: split at random, split as given", measure, least


def varies(least: float) -> tuple[str, Proof, float]:
    """The same settings give other scores with other seeds."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        several = [
            network_skill(planted.settings, frame, base.target, words, classes=base.classes, seed=seed)
            for seed in range(8)
        ]
        return float(np.quantile(several, 0.85)), float(np.quantile(several, 0.15))

    return "skill of a network on test over 8 seeds: the second best, the second worst", measure, least


def misses_a_class(least: float) -> tuple[str, Proof, float]:
    """A usual network misses a class that weighted classes would find."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        weighted = estimator("linear", classes=True).set_params(class_weight="balanced")
        pred = predictions(weighted, frame, base.target, words, classes=True)
        true, test = answers(frame[base.target], classes=True), words == TEST
        said = network(USUAL, frame, base.target, words, classes=True)
        found = worst_recall(said["test"], said["test_pred"])
        return worst_recall(true[test], pred[test]), found if found <= 0.2 else 1.0

    return "recall of the rarest class on test: weighted logistic regression, a usual network", measure, least


def cuts_wrongly(least: float) -> tuple[str, Proof, float]:
    """Logistic regression does worse at this threshold than at a half."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        true = answers(frame[base.target], classes=True)
        rare = pd.Series(true).value_counts().index[-1]
        model = estimator("linear", classes=True)
        predictions(model, frame, base.target, words, classes=True)
        X = encode(frame.drop(columns=base.target), words == TRAIN)[words == TEST]
        p = model.predict_proba(X)[:, list(model.classes_).index(rare)]
        sure = (true == rare)[words == TEST].astype(float)
        at = [skill(sure, (p >= cut).astype(float), classes=True) for cut in (0.5, planted.threshold)]
        return at[0], at[1]

    return "skill of logistic regression on test: at a half, at this threshold", measure, least


def knows_nothing(most: float = 0.1) -> tuple[str, Proof, float]:
    """Nothing is left to learn."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        words = own_split(base, planted)
        after = score(visible(planted, base), base.target, words, classes=base.classes)
        return base.skill, after if after <= most else 1.0

    return "skill of boosted trees on test: untouched, planted", measure, 0.2


def squares_harm(least: float) -> tuple[str, Proof, float]:
    """Boosted trees miss by more, in the median, when they learn by squared error than by absolute error."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), own_split(base, planted)
        true, test = answers(frame[base.target], classes=False), words == TEST
        spread = np.abs(true[test] - np.median(true[test]))
        figures = []
        for loss in ("absolute_error", "squared_error"):
            model = estimator("boosted", classes=False).set_params(loss=loss)
            missed = np.abs(predictions(model, frame, base.target, words, classes=False)[test] - true[test])
            figures.append(float(1 - np.median(missed) / np.median(spread)))
        return figures[0], max(-9.0, figures[1])

    return "1 - median error / median distance from the median, on test: absolute error, squared error", measure, least


def order_invented(least: float) -> tuple[str, Proof, float]:
    """Classes are found less often by rounding a regression on their codes than by classification."""

    def measure(base: Base, planted: Planted) -> tuple[float, float]:
        frame, words = visible(planted, base), base.words
        pred = predictions(estimator("boosted", classes=False), frame, base.target, words, classes=False)
        codes, test = frame[base.target].to_numpy(int), words == TEST
        rounded = np.clip(np.rint(pred), codes.min(), codes.max()).astype(int)
        return base.skill, skill(codes[test], rounded[test], classes=True)

    return "skill of boosted trees on test: as classes, as rounded codes", measure, least
