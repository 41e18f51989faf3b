"""Every finding, a function each, root cause first: what stands above may explain what stands below."""

from collections.abc import Callable, Mapping

from litmus.evidence import Evidence
from litmus.verdict.findings.context import Context, Judgement
from litmus.verdict.findings.decision import find_bad_threshold, find_class_imbalance, find_miscalibrated
from litmus.verdict.findings.fitting import (
    find_over_regularised,
    find_overfitting,
    find_seed_unstable,
    find_train_val_inconsistent,
)
from litmus.verdict.findings.leaks import find_target_leakage, find_train_test_leakage
from litmus.verdict.findings.losses import find_wrong_loss
from litmus.verdict.findings.rows import find_label_noise, find_split_shift, find_too_little_data
from litmus.verdict.findings.scales import find_unnormalised_inputs, find_unnormalised_target
from litmus.verdict.findings.signal import (
    find_bad_init,
    find_dead_relu,
    find_exploding_gradients,
    find_model_is_linear,
    find_no_better_than_baseline,
    find_underfitting,
    find_vanishing_gradients,
)
from litmus.verdict.findings.steps import (
    find_lr_too_high,
    find_lr_too_low,
    find_non_finite,
    find_not_shuffled,
    find_too_few_epochs,
)

FINDINGS: tuple[Callable[[Evidence, Context], Judgement], ...] = (
    find_non_finite,
    find_train_test_leakage,
    find_target_leakage,
    find_split_shift,
    find_no_better_than_baseline,
    find_unnormalised_inputs,
    find_unnormalised_target,
    find_bad_init,
    find_not_shuffled,
    find_lr_too_high,
    find_lr_too_low,
    find_exploding_gradients,
    find_dead_relu,
    find_vanishing_gradients,
    find_wrong_loss,
    find_model_is_linear,
    find_over_regularised,
    find_underfitting,
    find_too_few_epochs,
    find_label_noise,
    find_too_little_data,
    find_overfitting,
    find_class_imbalance,
    find_bad_threshold,
    find_train_val_inconsistent,
    find_seed_unstable,
    find_miscalibrated,
)

DATA = ("train_test_leakage", "target_leakage", "split_shift", "label_noise", "too_little_data")
"""Findings about the data alone: judged on their own, whatever the model does."""

_TRAINING = (
    "lr_too_high",
    "lr_too_low",
    "exploding_gradients",
    "dead_relu",
    "vanishing_gradients",
    "underfitting",
    "too_few_epochs",
)
_OPTIMISATION = (*_TRAINING, "not_shuffled")
_SYMPTOMS = (
    "overfitting",
    "class_imbalance",
    "bad_threshold",
    "train_val_inconsistent",
    "seed_unstable",
    "miscalibrated",
)

EXPLAINS: Mapping[str, tuple[str, ...]] = {
    # on rows that were learned by heart, what is tried gains by learning more of them by heart
    "train_test_leakage": (*_OPTIMISATION, "overfitting", "train_val_inconsistent"),
    "split_shift": ("overfitting", "train_val_inconsistent", "bad_threshold", "miscalibrated"),
    "no_better_than_baseline": (*_OPTIMISATION, *_SYMPTOMS, "model_is_linear", "label_noise"),
    "unnormalised_inputs": (*_OPTIMISATION, *_SYMPTOMS, "bad_init", "over_regularised"),
    "unnormalised_target": (*_OPTIMISATION, *_SYMPTOMS, "bad_init", "over_regularised"),
    "bad_init": (*_OPTIMISATION, *_SYMPTOMS),
    "lr_too_high": (
        "exploding_gradients",
        "dead_relu",
        "vanishing_gradients",
        "underfitting",
        "too_few_epochs",
        *_SYMPTOMS,
    ),
    "lr_too_low": ("vanishing_gradients", "underfitting", "too_few_epochs", *_SYMPTOMS),
    "exploding_gradients": ("dead_relu", "vanishing_gradients", "underfitting", "too_few_epochs", *_SYMPTOMS),
    "dead_relu": ("vanishing_gradients", "underfitting", "too_few_epochs", *_SYMPTOMS),
    "vanishing_gradients": ("underfitting", "too_few_epochs", *_SYMPTOMS),
    "wrong_loss": ("lr_too_low", "vanishing_gradients", "underfitting", "too_few_epochs", *_SYMPTOMS),
    "model_is_linear": ("lr_too_low", "vanishing_gradients", "underfitting", "too_few_epochs", *_SYMPTOMS),
    "over_regularised": (
        "lr_too_low",
        "dead_relu",
        "vanishing_gradients",
        "underfitting",
        "too_few_epochs",
        *_SYMPTOMS,
    ),
    "not_shuffled": (*_TRAINING, *_SYMPTOMS),
    "underfitting": ("too_few_epochs", *_SYMPTOMS),
    "too_few_epochs": _SYMPTOMS,
    "label_noise": ("overfitting", "miscalibrated", "train_val_inconsistent"),
    "too_little_data": ("overfitting", "seed_unstable", "miscalibrated"),
    "class_imbalance": ("bad_threshold", "miscalibrated"),
}
"""What each finding, where it alarms, explains of the others: these are printed below it as its consequences."""
