"""Faults in the settings, on real rows that nothing is wrong with."""

import numpy as np
import pandas as pd

from blind.measure import put, split
from blind.planting import (
    Base,
    Planted,
    bends,
    bounded,
    cuts_wrongly,
    falls_behind,
    fault,
    overfits,
    trains_worse,
    varies,
)
from blind.settings import Settings

BETTER_IS_POSSIBLE = ("adequate", "limited")
SLOW = ("lr_too_low", "too_few_epochs", "underfitting")
WILD = ("lr_too_high", "exploding_gradients", "non_finite")
DEAD = ("dead_relu", "bad_init", "vanishing_gradients", "no_better_than_baseline")

# --- too little of a model, or too much ---


@fault(
    "underfitting",
    also=("model_is_linear", "too_few_epochs", "lr_too_low"),
    skill=(0.4, 1.0),
    grouped=True,
    proof=falls_behind(0.12),
    wrong=BETTER_IS_POSSIBLE,
)
def one_hidden_unit(base: Base, rng: np.random.Generator) -> Planted:
    """The network has one layer of a single unit, or two."""
    return Planted(base.frame, settings=Settings(hidden=(1,) if rng.random() < 0.5 else (1, 1)))


@fault(
    "model_is_linear",
    also=("underfitting",),
    skill=(0.4, 1.0),
    grouped=True,
    proof=bends(0.1),
    wrong=BETTER_IS_POSSIBLE,
)
def linear_model(base: Base, _: np.random.Generator) -> Planted:
    """A linear model where trees do much better."""
    return Planted(base.frame, ["model=linear"])


@fault(
    "model_is_linear",
    also=("underfitting",),
    skill=(0.4, 1.0),
    grouped=True,
    proof=falls_behind(0.1),
    wrong=BETTER_IS_POSSIBLE,
)
def layers_without_activation(base: Base, _: np.random.Generator) -> Planted:
    """Hidden layers without an activation where a bend is needed."""
    return Planted(base.frame, settings=Settings(activation="none"))


@fault("overfitting", "too_little_data", also=("too_few_epochs",), skill=(0.1, 0.85), proof=overfits(0.3))
def overfitting_at_the_end(base: Base, rng: np.random.Generator) -> Planted:
    """A large network learns few rows by heart, and its last weights are used."""
    planted = few_rows(base, rng, 150)
    settings = Settings(hidden=(256, 256), epochs=200, patience=None)
    return Planted(planted, ["callback.checkpoint.use=last"], settings=settings, words=words_of(planted, base))


@fault("overfitting", "too_little_data", also=("too_few_epochs",), skill=(0.1, 0.85), proof=overfits(0.3))
def overfitting_behind_the_best_epoch(base: Base, rng: np.random.Generator) -> Planted:
    """The same, and the weights of the best epoch on val are kept, which hides the gap that opens after it."""
    planted = few_rows(base, rng, 150)
    settings = Settings(hidden=(512, 512), epochs=200, patience=None)
    return Planted(planted, settings=settings, words=words_of(planted, base))


@fault(
    "too_little_data",
    "overfitting",
    also=("seed_unstable", "class_imbalance", "no_better_than_baseline"),
    skill=(0.3, 0.95),
    proof=overfits(0.2),
)
def sixty_rows(base: Base, rng: np.random.Generator) -> Planted:
    """Sixty rows of a table that has hundreds are used."""
    planted = few_rows(base, rng, 60)
    return Planted(planted, words=words_of(planted, base))


def few_rows(base: Base, rng: np.random.Generator, n: int) -> pd.DataFrame:
    return base.frame.iloc[np.sort(rng.choice(len(base.frame), n, replace=False))].reset_index(drop=True)


def words_of(frame: pd.DataFrame, base: Base) -> np.ndarray:
    return split(frame, base.target, classes=base.classes)


@fault(
    "over_regularised",
    also=("underfitting", "no_better_than_baseline"),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def heavy_weight_decay(base: Base, rng: np.random.Generator) -> Planted:
    """The weights are pulled towards 0 so hard that little is learned."""
    return Planted(base.frame, settings=Settings(weight_decay=float(rng.choice([0.3, 1.0, 3.0]))))


# --- steps ---


@fault(
    *WILD[:1],
    also=(*WILD[1:], *DEAD, "seed_unstable"),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def steps_too_large_adam(base: Base, rng: np.random.Generator) -> Planted:
    """Adam's learning rate is a hundred to a thousand times too high."""
    return Planted(base.frame, settings=Settings(lr=float(rng.choice([0.3, 1.0, 3.0])), epochs=40))


@fault(
    "lr_too_high",
    "non_finite",
    also=(*WILD[1:], *DEAD, "seed_unstable"),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def steps_too_large_sgd(base: Base, rng: np.random.Generator) -> Planted:
    """SGD's learning rate is far too high."""
    settings = Settings(optimizer="sgd", lr=float(rng.choice([2.0, 5.0])), momentum=0.9, epochs=40)
    return Planted(base.frame, settings=settings)


@fault("lr_too_low", also=SLOW[1:], grouped=True, proof=trains_worse(0.15), wrong=BETTER_IS_POSSIBLE)
def steps_too_small(base: Base, rng: np.random.Generator) -> Planted:
    """The learning rate is so low that all epochs end near the start."""
    return Planted(base.frame, settings=Settings(lr=float(rng.choice([1e-6, 3e-6])), epochs=50))


@fault(
    "lr_too_low",
    "too_few_epochs",
    also=("underfitting",),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def steps_too_small_sgd(base: Base, rng: np.random.Generator) -> Planted:
    """SGD with a learning rate that would do for Adam."""
    return Planted(base.frame, settings=Settings(optimizer="sgd", lr=float(rng.choice([1e-5, 1e-4])), epochs=30))


@fault(
    "too_few_epochs",
    also=("lr_too_low", "underfitting"),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def stopped_at_once(base: Base, rng: np.random.Generator) -> Planted:
    """One to three epochs, each of them a few steps."""
    settings = Settings(epochs=int(rng.integers(1, 4)), batch_size=128, hidden=(32,))
    return Planted(base.frame, settings=settings)


@fault(
    "not_shuffled",
    also=("seed_unstable", "lr_too_high", "train_val_inconsistent", "underfitting"),
    on="classes",
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def sorted_and_not_shuffled(base: Base, _: np.random.Generator) -> Planted:
    """Rows come class by class, in every epoch."""
    order = np.argsort(base.frame[base.target].astype(str).to_numpy(), kind="stable")
    frame = base.frame.iloc[order].reset_index(drop=True)
    settings = Settings(optimizer="sgd", lr=0.1, momentum=0.9, shuffle=False, epochs=15)
    return Planted(frame, settings=settings, words=words_of(frame, base))


@fault(
    "seed_unstable",
    also=("lr_too_high", "too_few_epochs", "underfitting", "dead_relu", "too_little_data", "no_better_than_baseline"),
    proof=varies(0.2),
)
def seeds_disagree(base: Base, rng: np.random.Generator) -> Planted:
    """A tiny network, large steps and few epochs: each of five seeds is another model."""
    hidden, lr = ((2,), 0.3) if rng.random() < 0.5 else ((2, 2), 0.1)
    settings = Settings(hidden=hidden, optimizer="sgd", lr=lr, momentum=0.9, epochs=8)
    return Planted(base.frame, ["verdict.seeds=5"], settings=settings)


# --- scales ---


@fault(
    "unnormalised_inputs",
    also=(
        "lr_too_high",
        "exploding_gradients",
        "non_finite",
        "dead_relu",
        "underfitting",
        "lr_too_low",
        "seed_unstable",
    ),
    proof=trains_worse(0.12),
    wrong=BETTER_IS_POSSIBLE,
)
def inputs_not_scaled(base: Base, rng: np.random.Generator) -> Planted | None:
    """Inputs are not scaled, and one of them is in thousands of its unit."""
    measured = [name for name in base.inputs if pd.api.types.is_float_dtype(base.frame[name])]
    if not measured:
        return None
    name = str(rng.choice(measured))
    rows = put(base.frame, name, base.frame[name] * 1e4)
    return Planted(rows, ["data.normalize=none"], scaling="none")


@fault(
    "unnormalised_target",
    also=("lr_too_low", "too_few_epochs", "exploding_gradients", "lr_too_high", "underfitting", "non_finite"),
    on="numbers",
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def target_not_scaled(base: Base, _: np.random.Generator) -> Planted:
    """The target is counted in a small unit, so that it is in the hundred thousands, and is not standardised."""
    target = base.frame[base.target].astype(float)
    unit = 1e5 / abs(target.mean())
    frame = put(base.frame, base.target, (target * unit).round(3))
    return Planted(frame, settings=Settings(normalize_target=False))


@fault(
    "wrong_loss", also=("underfitting",), on="numbers", skill=(0.4, 1.0), proof=bounded(0.15), wrong=BETTER_IS_POSSIBLE
)
def output_bounded(base: Base, _: np.random.Generator) -> Planted | None:
    """A sigmoid at the output cannot reach targets outside of 0 to 1."""
    if base.frame[base.target].abs().median() < 2:
        return None
    return Planted(base.frame, ["model.output_activation=sigmoid", "data.normalize_target=false"])


# --- weights at the start ---


@fault("dead_relu", "bad_init", also=DEAD[2:], grouped=True, proof=trains_worse(0.15), wrong=BETTER_IS_POSSIBLE)
def units_dead_at_the_start(base: Base, rng: np.random.Generator) -> Planted:
    """All biases start so low that no unit is ever on."""
    return Planted(base.frame, settings=Settings(init_bias=float(rng.choice([-20.0, -50.0])), epochs=40))


@fault("bad_init", also=("dead_relu", *DEAD[2:]), grouped=True, proof=trains_worse(0.15), wrong=BETTER_IS_POSSIBLE)
def weights_zero(base: Base, _: np.random.Generator) -> Planted:
    """All weights start at 0, and with them all gradients but one."""
    return Planted(base.frame, settings=Settings(init_std=0, epochs=40))


@fault("bad_init", also=(*WILD, *DEAD, "overfitting"), grouped=True, proof=trains_worse(0.12), wrong=BETTER_IS_POSSIBLE)
def weights_huge(base: Base, rng: np.random.Generator) -> Planted:
    """The weights start a hundred times too large."""
    return Planted(base.frame, settings=Settings(init_std=float(rng.choice([3.0, 10.0])), epochs=40))


@fault(
    "vanishing_gradients",
    also=("bad_init", *SLOW, "no_better_than_baseline"),
    grouped=True,
    proof=trains_worse(0.15),
    wrong=BETTER_IS_POSSIBLE,
)
def deep_sigmoids(base: Base, rng: np.random.Generator) -> Planted:
    """Eight layers or more of sigmoids."""
    settings = Settings(hidden=(24,) * int(rng.integers(8, 12)), activation="sigmoid", epochs=40)
    return Planted(base.frame, settings=settings)


# --- what is done with the probabilities ---


@fault("bad_threshold", also=("class_imbalance",), on="classes", skill=(0.3, 1.0), proof=cuts_wrongly(0.15))
def threshold_for_another_goal(base: Base, rng: np.random.Generator) -> Planted | None:
    """Recall is asked for, and the threshold is that of somebody who fears false alarms."""
    labels = base.frame[base.target].value_counts()
    if len(labels) > 2:
        return None
    cut = float(rng.choice([0.9, 0.95]))
    overrides = [f"task.threshold={cut}", f"task.positive={labels.index[-1]}", "criteria.recall=0.7"]
    return Planted(base.frame, overrides, threshold=cut)
