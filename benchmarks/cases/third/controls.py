"""Healthy controls of the held-out half: settings that people would use on tables that they suffice for."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from cases.case import Case, sample_seed
from cases.third import amounts, classes, people, texts

Recipe = tuple[str, ...]

PLAIN: Recipe = ()
LINEAR: Recipe = ("model=linear", "optimizer.lr=0.01", "trainer.max_epochs=100", "callback.early_stopping.patience=10")
LINEAR_SGD: Recipe = (
    "model=linear",
    "optimizer=sgd",
    "optimizer.lr=0.05",
    "data.batch_size=16",
    "trainer.max_epochs=100",
)
ONE: Recipe = ("model.hidden=[32]", "optimizer.lr=0.003", "callback.early_stopping.patience=10")
SMALL: Recipe = ("model.hidden=[16]", "optimizer.lr=0.01", "data.batch_size=64", "callback.early_stopping.patience=15")
WIDE: Recipe = (
    "model.hidden=[128]",
    "optimizer.lr=0.002",
    "data.batch_size=64",
    "trainer.max_epochs=80",
    "callback.early_stopping.patience=10",
)
DEEP: Recipe = (
    "model.hidden=[64,64,32]",
    "optimizer.lr=0.002",
    "data.batch_size=64",
    "callback.early_stopping.patience=12",
)
SGD: Recipe = (
    "model.hidden=[64]",
    "optimizer=sgd",
    "optimizer.lr=0.05",
    "optimizer.momentum=0.9",
    "data.batch_size=64",
    "trainer.max_epochs=150",
)
ADAMW: Recipe = (
    "model.hidden=[64,32]",
    "optimizer=adamw",
    "optimizer.lr=0.003",
    "scheduler=cosine",
    "trainer.max_epochs=60",
)
TANH: Recipe = (
    "model.hidden=[40,20]",
    "model.activation=tanh",
    "optimizer.lr=0.005",
    "callback.early_stopping.patience=12",
)
DROP: Recipe = (
    "model.hidden=[128,64]",
    "model.dropout=0.3",
    "optimizer.lr=0.003",
    "data.batch_size=64",
    "callback.early_stopping.patience=15",
)
RMS: Recipe = (
    "model.hidden=[48]",
    "optimizer=rmsprop",
    "optimizer.lr=0.002",
    "data.batch_size=32",
    "callback.early_stopping.patience=10",
)
NORM: Recipe = (
    "model.hidden=[64,64]",
    "model.norm=batch",
    "optimizer.lr=0.003",
    "data.batch_size=64",
    "callback.early_stopping.patience=10",
)
LONG: Recipe = (
    "model.hidden=[24]",
    "optimizer.lr=0.002",
    "trainer.max_epochs=300",
    "callback.early_stopping.patience=25",
)
LARGE: Recipe = (
    "model.hidden=[64,32]",
    "optimizer.lr=0.003",
    "data.batch_size=512",
    "trainer.max_epochs=40",
    "callback.early_stopping.patience=6",
)
GELU: Recipe = (
    "model.hidden=[64,64]",
    "model.activation=gelu",
    "optimizer.lr=0.003",
    "data.batch_size=64",
    "trainer.max_epochs=150",
)
SCALED: Recipe = ("data.normalize_target=true",)
NUMBER: Recipe = ("task=regression", *SCALED)
COUNTS: Recipe = ("task=regression", "loss=poisson")
TEXTS: Recipe = (
    "data=text",
    "data.text=text",
    "model=text",
    "optimizer.lr=0.005",
    "trainer.max_epochs=30",
    "callback.early_stopping.patience=5",
)
DIGITS: Recipe = (
    "data=digits",
    "model=cnn",
    "data.batch_size=64",
    "optimizer.lr=0.003",
    "trainer.max_epochs=30",
    "callback.early_stopping.patience=5",
)


def third_controls() -> list[Case]:
    """All of them."""
    return [*_measured(), *_people(), *_uneven(), *_numbers(), *_linear_numbers(), *_texts_and_images()]


def _controls(make: Callable[..., pl.DataFrame], *recipes: tuple[int, Recipe], **options: Any) -> list[Case]:
    """A case for each number of rows and recipe, named after the generator and any options."""
    name = "_".join([make.__name__, *(f"{key}_{value}" for key, value in options.items())])
    cases = []
    for number, (rows, recipe) in enumerate(recipes, 1):
        table = partial(make, rows, sample_seed(f"{name}/{number}"), **options)
        cases.append(Case(name=f"{name}/{number}", generator=make.__name__, words=recipe, table=table, half="held-out"))
    return cases


def _measured() -> list[Case]:
    """Measurements in their own units."""
    return [
        *_controls(classes.fruit, (1500, PLAIN), (2400, DEEP)),
        *_controls(classes.fruit, (1200, ADAMW), kinds=3),
        *_controls(classes.pulses, (1200, WIDE), (2000, DROP)),
        *_controls(classes.grades, (1000, ONE), (1500, LINEAR)),
        *_controls(classes.flags, (900, SMALL), (2500, PLAIN)),
        *_controls(classes.connections, (20000, LARGE), (4000, ADAMW)),
        *_controls(classes.vowels, (3000, PLAIN), (4500, SGD)),
        *_controls(classes.assay, (400, LINEAR), (800, DROP)),
        *_controls(classes.thaw, (600, SMALL), (1500, PLAIN)),
        *_controls(classes.weeds, (2500, GELU), (4000, DEEP)),
        *_controls(classes.bands, (2000, ("model.hidden=[64,64]", "optimizer.lr=0.01")), (3000, GELU)),
        *_controls(classes.glass, (1000, PLAIN), (1600, TANH)),
        *_controls(classes.penguins, (500, ONE), (900, PLAIN)),
        *_controls(classes.forest, (4000, WIDE)),
        *_controls(classes.spam, (1500, DROP), (2500, LINEAR)),
        *_controls(classes.high_digits, (1797, PLAIN), (1797, WIDE)),
        *_controls(classes.large_cells, (569, LINEAR), (569, SMALL)),
    ]  # fmt: skip


def _people() -> list[Case]:
    """Mixed tables: categories, dates, codes, missing cells, groups and time."""
    grouped = ("data.split=group", "data.group=driver")
    ordered = ("data.split=time", "data.time=hour")
    return [
        *_controls(people.passengers, (900, SMALL), (1800, ONE)),
        *_controls(people.census, (5000, LARGE), (3000, ADAMW)),
        *_controls(people.readmitted, (1500, ("model=linear", *LINEAR[1:])), (3000, ("model.hidden=[16]", "model.dropout=0.2", "optimizer.lr=0.003"))),
        *_controls(people.postcodes, (2500, LINEAR), (4000, ("model.hidden=[16]", "optimizer.lr=0.003", "data.batch_size=64", "callback.early_stopping.patience=8"))),
        *_controls(people.flights, (3000, LINEAR), (20000, LARGE)),
        *_controls(people.ballots, (1200, LINEAR), (2000, DROP)),
        *_controls(people.ballots, (1500, ONE), kinds=5, clear=1.4),
        *_controls(people.trips, (2400, (*ONE, *grouped)), (3500, (*PLAIN, *grouped))),
        *_controls(people.grid, (2000, (*LINEAR, *ordered)), (3000, (*ONE, *ordered))),
        *_controls(people.triage, (3000, ADAMW), (4000, PLAIN)),
        *_controls(people.hints, (2000, LINEAR), (4000, SMALL)),
        *_controls(people.hints, (6000, LARGE), sharp=0.5),
        *_controls(people.wards, (3000, PLAIN), (4000, RMS)),
    ]  # fmt: skip


def _uneven() -> list[Case]:
    """Rare classes that are handled, or that need no handling."""
    tuned, weighted = ("task.threshold=tuned",), ("loss.class_weight=balanced",)
    return [
        *_controls(classes.castings, (4000, (*ONE, *tuned)), share=0.06, apart=1.4),
        *_controls(classes.castings, (5000, SMALL), share=0.04, apart=2.4),
        *_controls(people.campaign, (4000, (*LINEAR, *weighted, *tuned)), (5000, (*SMALL, *tuned)), sharp=9.0),
    ]  # fmt: skip


def _numbers() -> list[Case]:
    """Amounts of many shapes."""
    return [
        *_controls(amounts.motor, (1200, GELU), (2500, (*PLAIN, "optimizer.lr=0.003"))),
        *_controls(amounts.salaries, (1500, (*ONE, *SCALED)), (3000, (*ADAMW, *SCALED))),
        *_controls(amounts.salaries, (2000, (*LINEAR, *SCALED)), logged=False),
        *_controls(amounts.arrivals, (1500, (*ONE, *COUNTS)), (3000, (*LINEAR, *COUNTS)), level=2.2),
        *_controls(amounts.marks, (1500, (*PLAIN, *NUMBER)), (2500, (*SMALL, *NUMBER))),
        *_controls(amounts.rain, (2000, (*SMALL, *SCALED)), (3000, (*ONE, *SCALED))),
        *_controls(amounts.orchard_days, (1200, (*LINEAR, *SCALED, "data.split=time", "data.time=date")), (1500, (*SMALL, *SCALED, "data.split=time", "data.time=date"))),
        *_controls(amounts.solar, (1800, (*DEEP, *SCALED)), (3000, (*PLAIN, *SCALED))),
        *_controls(amounts.batteries, (2000, (*ONE, *SCALED, "data.split=group", "data.group=cell")), (3000, (*DEEP, *SCALED, "data.split=group", "data.group=cell"))),
        *_controls(amounts.alloy, (900, (*SMALL, *SCALED)), (1800, (*TANH, *SCALED))),
        *_controls(amounts.charges, (1338, (*DEEP, *SCALED)), (2500, (*PLAIN, *SCALED))),
        *_controls(amounts.reaction, (900, (*TANH, *SCALED)), (1600, (*PLAIN, *SCALED))),
        *_controls(amounts.heating, (768, (*ONE, *SCALED)), (1500, (*PLAIN, *SCALED))),
        *_controls(amounts.hulls, (600, (*SMALL, *SCALED)), (900, (*DEEP, *SCALED))),
        *_controls(amounts.bikes, (4000, (*GELU, *NUMBER)), (6000, (*DEEP, *NUMBER))),
        *_controls(amounts.laps, (1500, (*ONE, *NUMBER)), (2500, (*SGD, *NUMBER, "optimizer.lr=0.02"))),
    ]  # fmt: skip


def _linear_numbers() -> list[Case]:
    """Amounts that a linear model explains as well as anything."""
    return [
        *_controls(amounts.fares, (800, (*LINEAR, *SCALED)), (2000, (*ONE, *SCALED))),
        *_controls(amounts.wages, (4000, LINEAR), (6000, SMALL)),
        *_controls(amounts.spectra, (500, (*LINEAR, *SCALED)), (800, (*WIDE, *SCALED))),
        *_controls(amounts.clicks, (20000, LARGE), (8000, LINEAR)),
        *_controls(amounts.petals, (150, (*LINEAR, *SCALED)), (150, (*SMALL, *SCALED))),
        *_controls(amounts.plant, (2500, (*LINEAR, *SCALED)), (5000, (*LARGE, *SCALED, "data.batch_size=128"))),
        *_controls(amounts.flats, (2000, (*LINEAR, *SCALED)), (3000, (*ONE, *SCALED))),
    ]  # fmt: skip


def _texts_and_images() -> list[Case]:
    """Messages, reviews and digits."""
    return [
        *_controls(texts.subjects, (1000, TEXTS), (1500, (*TEXTS, "model.dim=32"))),
        *_controls(texts.subjects, (800, TEXTS), kinds=3),
        *_controls(texts.opinions, (900, TEXTS), (1500, (*TEXTS, "model.hidden=[16]"))),
        Case(name="third_digits/1", generator="third_digits", words=DIGITS, half="held-out"),
        Case(name="third_digits/2", generator="third_digits", words=(*DIGITS, "model.channels=[16,32]", "model.hidden=[32]", "data.batch_size=32"), half="held-out"),
    ]  # fmt: skip
