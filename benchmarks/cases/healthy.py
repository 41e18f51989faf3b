"""Healthy controls: sensible settings on tables whose best possible score they reach."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, final

import polars as pl

from cases import amounts, classes
from cases.case import Case, sample_seed
from cases.documents import reviews, tickets

FIT = ("data.batch_size=64", "optimizer.lr=0.005", "trainer.max_epochs=80", "callback.early_stopping.patience=15")
SMALL = ("model.hidden=[16]", *FIT)
PLAIN = ("model.hidden=[32]", *FIT)
DEEP = ("model.hidden=[64,64]", *FIT)
LINEAR = ("model=linear", *FIT, "optimizer.lr=0.02")
STEADY = ("data.batch_size=32", "trainer.max_epochs=80", "optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9")
NUMBER = ("task=regression",)
SCALED = ("data.normalize_target=true",)


@final
@dataclass(frozen=True)
class Control:
    """A generator with the settings that suit it.

    Args:
        generator: Its name.
        make: From rows and seed to a table.
        recipes: One case each, with a table of its own.
        rows: Rows of each recipe's table, in turn.
        options: Of `make`, of each recipe in turn.
    """

    generator: str
    make: Callable[..., pl.DataFrame]
    recipes: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...] = (600, 900)
    options: tuple[dict[str, Any], ...] = field(default=({},))

    def cases(self) -> Iterator[Case]:
        """A case for each recipe."""
        for number, words in enumerate(self.recipes):
            name = f"{self.generator}/{number + 1}"
            rows, options = self.rows[number % len(self.rows)], self.options[number % len(self.options)]
            make = partial(self.make, rows, sample_seed(name), **options)
            yield Case(name=name, generator=self.generator, words=words, table=make)


def _with(recipe: tuple[str, ...], *words: str) -> tuple[str, ...]:
    return (*recipe, *words)


FAST = _with(PLAIN, "optimizer.lr=0.02")
TUNED = _with(PLAIN, "task.threshold=tuned")
GROUPED = ("data.split=group", "data.group=patient")
TIMED = ("data.split=time", "data.time=day", "data.drop_columns=[day]")
DROPPED = _with(DEEP, "model.dropout=0.2")
DECAYED = _with(DEEP, "optimizer=adamw", "optimizer.lr=0.005", "optimizer.weight_decay=0.01")
POISSON = (*NUMBER, "loss=poisson")

CLASSES = (
    Control("blobs_two", classes.blobs, (SMALL, LINEAR, STEADY, DROPPED), options=({"spread": 1.2},)),
    Control("blobs_five", classes.blobs, (SMALL, LINEAR, STEADY, DECAYED), options=({"classes": 5, "spread": 0.9},)),
    Control("moons", classes.moons, (FAST, DEEP, STEADY, DECAYED), options=({"noise": 0.2}, {"noise": 0.25})),
    Control("circles", classes.circles, (FAST, DEEP, _with(STEADY, "model.hidden=[32,32]")), rows=(800,)),
    Control("checker", classes.checker, (_with(DEEP, "optimizer.lr=0.01"), _with(FAST, "model.hidden=[64]")), (1200,)),
    Control(
        "logistic_ceiling", classes.logistic, (LINEAR, SMALL, _with(LINEAR, *STEADY), LINEAR), (1000, 1500),
        ({"strength": 2.0}, {"strength": 1.5}, {"strength": 2.5}),
    ),
    Control("logistic_clear", classes.logistic, (LINEAR, SMALL, STEADY), options=({"strength": 12.0},)),
    Control("informative_two", classes.informative, (PLAIN, DEEP, STEADY, DROPPED), options=({}, {"good": 8})),
    Control(
        "informative_four", classes.informative, (PLAIN, DEEP, DECAYED), (1000,), ({"classes": 4, "sep": 2.0},)
    ),
    Control("flipped_labels", classes.informative, (SMALL, LINEAR), (1000,), ({"sep": 2.5, "flip": 0.1},)),
    Control("hastie", classes.hastie, (_with(DEEP, "model.dropout=0.1"), DECAYED), (3000,)),
    Control("quantiles", classes.quantiles, (DEEP, FAST, DECAYED), (1200,), ({}, {"features": 3})),
    Control("roll", classes.roll, (DEEP, _with(FAST, "model.hidden=[64]")), (1200,)),
    Control("spirals", classes.spirals, (_with(DEEP, "optimizer.lr=0.02"), _with(DEEP, "optimizer.lr=0.01")), (1000,)),
    Control("rare_clear", classes.rare, (SMALL, LINEAR, STEADY), (1200,), ({"share": 0.1, "apart": 5.0},)),
    Control("rare_tuned", classes.rare, (TUNED, _with(LINEAR, "task.threshold=tuned"), TUNED), (3000,),
            ({"share": 0.1, "apart": 3.2}, {"share": 0.05, "apart": 4.0})),
    Control("uneven", classes.uneven, (SMALL, STEADY, LINEAR), (1000,)),
    Control("answers", classes.answers, (SMALL, LINEAR, STEADY, SMALL), (600, 1000), ({}, {"items": 6})),
    Control("mixed", classes.mixed, (SMALL, LINEAR, STEADY, DECAYED), (900, 1200)),
    Control("gaps", classes.gaps, (SMALL, LINEAR, STEADY), (700,)),
    Control("strong_feature", classes.strong, (SMALL, LINEAR, STEADY), (700, 900)),
    Control("strong_features", classes.strong, (SMALL, LINEAR, STEADY), (700,), ({"features": 3},)),
    Control("small_enough", classes.blobs, (SMALL, LINEAR, STEADY), (240, 300), ({"spread": 0.6},)),
    Control("visits", classes.visits, (_with(SMALL, *GROUPED), _with(LINEAR, *GROUPED), _with(STEADY, *GROUPED)), (1200,)),
    Control("days", classes.days, (_with(SMALL, *TIMED), _with(LINEAR, *TIMED), _with(STEADY, *TIMED)), (1200,),
            ({}, {"drift": 0.5})),
    Control("wide", classes.wide, (LINEAR, _with(PLAIN, "model.dropout=0.3"), _with(LINEAR, *STEADY)), (1500,)),
    Control("twonorm", classes.twonorm, (LINEAR, SMALL, DECAYED), (900,)),
    Control("ringnorm", classes.ringnorm, (DEEP, DECAYED, DROPPED), (1500,)),
    Control("waves", classes.waves, (SMALL, LINEAR, DROPPED), (1500,)),
    Control("benign_gap", classes.logistic, (_with(DROPPED, "model.hidden=[128]"), _with(DECAYED, "model.hidden=[128]")),
            (1500,), ({"strength": 3.0},)),
)  # fmt: skip
AMOUNTS = (
    Control("line", amounts.line, (_with(LINEAR, "optimizer.lr=0.05"), _with(LINEAR, *STEADY), FAST), (500, 600)),
    Control("plane", amounts.plane, (LINEAR, FAST, _with(LINEAR, *STEADY), STEADY)),
    Control("plane_ceiling", amounts.plane, (LINEAR, _with(LINEAR, *STEADY)), (1200,), ({"noise": 1.5},)),
    Control("friedman_one", amounts.friedman, (_with(DEEP, *SCALED), _with(DECAYED, *SCALED)), (1200,)),
    Control("friedman_two", amounts.friedman, (_with(DEEP, *SCALED), _with(DECAYED, *SCALED)), (1000,), ({"number": 2},)),
    Control("friedman_three", amounts.friedman, (_with(DEEP, *SCALED), _with(FAST, *SCALED)), (1500,), ({"number": 3},)),
    Control("wave", amounts.wave, (_with(DEEP, "optimizer.lr=0.01"), _with(FAST, "model.hidden=[64]")), (600,)),
    Control("product", amounts.product, (_with(DEEP, "optimizer.lr=0.01"), DECAYED), (900,)),
    Control("steps", amounts.steps, (DEEP, FAST), (900,)),
    Control("tails", amounts.tails, (_with(LINEAR, "loss=huber"), _with(FAST, "loss=huber"), _with(LINEAR, "loss=l1"))),
    Control("counts", amounts.counts, (_with(LINEAR, *POISSON), _with(FAST, *POISSON), _with(FAST, *POISSON)), (1000,)),
    Control("ratings", amounts.ratings, (_with(FAST, *NUMBER), _with(LINEAR, *NUMBER, "optimizer.lr=0.02"),
                                         _with(STEADY, *NUMBER)), (800,)),
    Control("prices", amounts.prices, (_with(FAST, *SCALED), _with(LINEAR, *SCALED), _with(STEADY, *SCALED)), (800,)),
    Control("seasons", amounts.seasons, (_with(FAST, *TIMED), _with(LINEAR, *TIMED, "optimizer.lr=0.02"))),
    Control("sites", amounts.sites, (_with(FAST, "data.split=group", "data.group=site"),
                                     _with(LINEAR, "data.split=group", "data.group=site")), (900,)),
)  # fmt: skip
CONV = ("model=cnn", "trainer.max_epochs=25", "callback.early_stopping.patience=5", "optimizer.lr=0.003")
BAG = ("model=text", "optimizer.lr=0.01", "trainer.max_epochs=25", "callback.early_stopping.patience=5")
WORDS = ("data=text", "data.text=text")
BUNDLED = {
    "breast_cancer": (SMALL, LINEAR, STEADY, DROPPED),
    "iris": (_with(STEADY, "data.batch_size=16", "model.hidden=[16]"), _with(SMALL, "optimizer.lr=0.02", "data.batch_size=16"), _with(LINEAR, "optimizer.lr=0.05", "data.batch_size=16")),
    "wine": (SMALL, _with(LINEAR, "data.batch_size=16"), _with(STEADY, "data.batch_size=16")),
    "diabetes": (_with(LINEAR, *SCALED), _with(SMALL, *SCALED, "optimizer.weight_decay=0.001")),
    "digits": (CONV, PLAIN, DROPPED, DECAYED),
    "mnist": (_with(CONV, "data.max_rows=1500", "model.channels=[8,16]", "trainer.max_epochs=12"),),
    "notes": (BAG, _with(BAG, "model.dim=32")),
}  # fmt: skip


def controls() -> list[Case]:
    """All of them."""
    made = [case for control in (*CLASSES, *AMOUNTS) for case in control.cases()]
    for source, recipes in BUNDLED.items():
        for number, words in enumerate(recipes):
            made.append(Case(name=f"{source}/{number + 1}", generator=source, words=(f"data={source}", *words)))
    texts = (
        Control("reviews", reviews, (_with(BAG, *WORDS), _with(BAG, *WORDS, "model.dim=32")), (800,)),
        Control("tickets", tickets, (_with(BAG, *WORDS), _with(BAG, *WORDS, "model.dim=16")), (900,)),
    )
    made += [case for control in texts for case in control.cases()]
    return made
