"""Healthy controls: sensible settings on tables whose best possible score they reach."""
# ruff: noqa: E501  # a case a line reads as a table

from collections.abc import Callable
from functools import partial
from typing import Any

import polars as pl

from cases import unseen_amounts as amounts
from cases import unseen_classes as classes
from cases.case import Case, sample_seed

Recipe = tuple[str, ...]

LOGIT = (
    "model=linear",
    "data.batch_size=32",
    "optimizer.lr=0.01",
    "trainer.max_epochs=80",
    "callback.early_stopping.patience=12",
)
NET = (
    "model.hidden=[32]",
    "data.batch_size=32",
    "optimizer.lr=0.004",
    "trainer.max_epochs=100",
    "callback.early_stopping.patience=12",
)
LITTLE = (
    "model.hidden=[12]",
    "data.batch_size=16",
    "optimizer.lr=0.005",
    "trainer.max_epochs=90",
    "callback.early_stopping.patience=15",
)
FUNNEL = (
    "model.hidden=[64,32]",
    "data.batch_size=64",
    "optimizer.lr=0.004",
    "trainer.max_epochs=100",
    "callback.early_stopping.patience=15",
)
DECAYED = (
    "model.hidden=[96]",
    "data.batch_size=64",
    "optimizer=adamw",
    "optimizer.lr=0.004",
    "optimizer.weight_decay=0.02",
    "trainer.max_epochs=80",
    "callback.early_stopping.patience=12",
)
SMOOTH = (
    "model.hidden=[48,48]",
    "model.activation=gelu",
    "data.batch_size=32",
    "optimizer.lr=0.003",
    "trainer.max_epochs=120",
    "callback.early_stopping.patience=15",
)
TANH = (
    "model.hidden=[24,24]",
    "model.activation=tanh",
    "data.batch_size=32",
    "optimizer.lr=0.005",
    "trainer.max_epochs=100",
    "callback.early_stopping.patience=15",
)
MOMENTUM = (
    "model.hidden=[32,16]",
    "data.batch_size=32",
    "optimizer=sgd",
    "optimizer.lr=0.03",
    "optimizer.momentum=0.9",
    "trainer.max_epochs=100",
    "callback.early_stopping.patience=15",
)
RMS = (
    "model.hidden=[40]",
    "data.batch_size=64",
    "optimizer=rmsprop",
    "optimizer.lr=0.003",
    "trainer.max_epochs=80",
    "callback.early_stopping.patience=12",
)
DROPPED = (
    "model.hidden=[64,64]",
    "model.dropout=0.2",
    "data.batch_size=64",
    "optimizer.lr=0.004",
    "trainer.max_epochs=100",
    "callback.early_stopping.patience=15",
)
SCALED = ("data.normalize_target=true",)
POISSON = ("task=regression", "loss=poisson")
PICTURE = (
    "data=digits",
    "model=cnn",
    "data.batch_size=32",
    "optimizer.lr=0.002",
    "trainer.max_epochs=25",
    "callback.early_stopping.patience=6",
)
TEXTS = (
    "data=text",
    "data.text=text",
    "model=text",
    "optimizer.lr=0.008",
    "trainer.max_epochs=30",
    "callback.early_stopping.patience=6",
)


def unseen_controls() -> list[Case]:
    """All of them."""
    return [*_tables(), *_many_classes(), *_real(), *_numbers(), *_texts_and_images()]


def _controls(generator: str, make: Callable[..., pl.DataFrame], *recipes: tuple[int, Recipe], **options: Any) -> list[Case]:  # fmt: skip
    """A case for each recipe, on so many rows of a table of its own."""
    return [
        Case(
            name=f"{generator}/{number}", generator=generator, words=words,
            table=partial(make, rows, sample_seed(f"{generator}/{number}"), **options),
        )
        for number, (rows, words) in enumerate(recipes, 1)
    ]  # fmt: skip


def _tables() -> list[Case]:
    """Two classes."""
    people = ("data.split=time", "data.time=hour", "data.drop_columns=[hour]")
    tuned, balanced = ("task.threshold=tuned",), ("loss.class_weight=balanced",)
    return [
        *_controls("churn", classes.churn, (2500, LOGIT), (1500, LITTLE), (3000, DROPPED)),
        *_controls("credit", classes.credit, (1200, LOGIT), (2000, NET), (3000, DECAYED)),
        *_controls("parity", classes.parity, (2500, FUNNEL), (3000, SMOOTH)),
        *_controls("agreement", classes.agreement, (900, NET), (1500, TANH), (1200, SMOOTH)),
        *_controls("policy", classes.policy, (2500, FUNNEL), (3500, SMOOTH)),
        *_controls("genes", classes.genes, (900, LOGIT), (1500, (*NET, "model.dropout=0.4")), (2000, LOGIT)),
        *_controls("sessions", classes.sessions, (1500, LOGIT), (2500, LITTLE)),
        *_controls("fungi", classes.fungi, (1200, LOGIT), (1800, LITTLE)),
        *_controls("noughts", classes.noughts, (958, (*SMOOTH, "model.hidden=[64]")), (958, (*DECAYED, "optimizer.lr=0.01", "trainer.max_epochs=150"))),
        *_controls("scales", classes.scales, (1200, NET), (1000, TANH)),
        *_controls("doses", classes.doses, (2000, NET), (3000, TANH)),
        *_controls("payments", classes.payments, (4000, (*LOGIT, *tuned)), (5000, (*NET, *tuned)), apart=2.0),
        *_controls("payments_balanced", classes.payments, (4000, (*LOGIT, *balanced, *tuned)), share=0.15, apart=2.0),
        *_controls("stretched", classes.stretched, (400, LITTLE), (700, MOMENTUM), (1000, RMS)),
        *_controls("stoppages", classes.stoppages, (2000, (*LOGIT, *people)), (2500, (*LITTLE, *people))),
    ]  # fmt: skip


def _many_classes() -> list[Case]:
    own = ("data.split=group", "data.group=person")
    return [
        *_controls("seedlings", classes.seedlings, (700, LITTLE), (1200, MOMENTUM)),
        *_controls("seedlings_eight", classes.seedlings, (2000, FUNNEL), (2500, TANH), shares=(0.2, 0.2, 0.15, 0.12, 0.1, 0.09, 0.08, 0.06)),
        *_controls("vibration", classes.vibration, (600, NET), (1000, MOMENTUM)),
        *_controls("shells", classes.shells, (900, FUNNEL), (1500, TANH)),
        *_controls("segments", classes.segments, (1000, LOGIT), (1500, LITTLE)),
        *_controls("display", classes.display, (2000, LOGIT), (2500, LITTLE)),
        *_controls("activity", classes.activity, (1500, (*LOGIT, *own)), (2400, (*DROPPED, *own))),
        *_controls("splices", classes.splices, (1200, LOGIT), (2000, (*LITTLE, "optimizer.weight_decay=0.001"))),
        *_controls("stretched_ten", classes.stretched, (2500, FUNNEL), features=8, classes=10, apart=3.0),
    ]  # fmt: skip


def _real() -> list[Case]:
    """Tables that scikit-learn ships, in parts."""
    return [
        *_controls("odd_digits", classes.strokes, (1797, FUNNEL), (1797, DROPPED), parity_only=True),
        *_controls("three_eight", classes.strokes, (357, NET), (357, LITTLE), digits=(3, 8)),
        *_controls("tumours_mean", classes.tumours, (569, LITTLE), (569, LOGIT)),
        *_controls("tumours_worst", classes.tumours, (569, MOMENTUM), (569, (*LOGIT, "optimizer.weight_decay=0.001")), part="worst"),
        *_controls("progression", amounts.progression, (442, (*LOGIT, *SCALED))),
    ]  # fmt: skip


def _numbers() -> list[Case]:
    hours = ("data.split=time", "data.time=when", "data.drop_columns=[when]")
    schools = ("data.split=group", "data.group=school")
    return [
        *_controls("concrete", amounts.concrete, (1000, (*FUNNEL, *SCALED)), (1200, (*SMOOTH, *SCALED))),
        *_controls("rentals", amounts.rentals, (3000, (*FUNNEL, *SCALED, "optimizer.lr=0.008"))),
        *_controls("claims", amounts.claims, (2000, (*LOGIT, *POISSON)), (3000, (*LITTLE, *POISSON))),
        *_controls("pendulum", amounts.pendulum, (400, (*TANH, *SCALED)), (600, (*SMOOTH, *SCALED))),
        *_controls("homes", amounts.homes, (1200, (*LOGIT, *SCALED)), (2000, (*NET, *SCALED))),
        *_controls("gauge", amounts.gauge, (300, TANH), (600, (*NET, "optimizer.lr=0.01"))),
        *_controls("stars", amounts.stars, (1500, (*LOGIT, "task=regression", *SCALED)), (1000, (*LITTLE, "task=regression", *SCALED))),
        *_controls("deliveries", amounts.deliveries, (1000, (*LOGIT, "loss=huber")), (1500, (*NET, "loss=l1")), lost=0.03, late=2.0),
        *_controls("crops", amounts.crops, (1200, (*FUNNEL, *SCALED)), (1800, (*DECAYED, *SCALED))),
        *_controls("shellfish", amounts.shellfish, (1500, (*LITTLE, *SCALED)), (2000, (*NET, *SCALED))),
        *_controls("pupils", amounts.pupils, (1500, (*LOGIT, *schools)), (2000, (*LITTLE, *schools))),
        *_controls("demand", amounts.demand, (2000, (*FUNNEL, *hours)), (2500, (*DECAYED, *hours))),
        *_controls("turbine", amounts.turbine, (1500, (*FUNNEL, *SCALED))),
    ]  # fmt: skip


def _texts_and_images() -> list[Case]:
    pictures = (PICTURE, (*PICTURE, "model.channels=[8,16]", "model.hidden=[32]", "trainer.max_epochs=40"))
    return [
        *_controls("letters_two", amounts.letters, (700, TEXTS), (1200, (*TEXTS, "model.dim=24"))),
        *_controls("letters_five", amounts.letters, (1500, TEXTS), kinds=5),
        *(Case(name=f"scans/{number}", generator="scans", words=words) for number, words in enumerate(pictures, 1)),
    ]  # fmt: skip
