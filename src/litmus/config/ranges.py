"""Ranges and meanings of third-party arguments, whose own signatures do not tell them."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from annotated_types import Ge, Gt, Le, Lt, Predicate

Share = Annotated[float, Ge(0), Lt(1)]
SomeBatches = Annotated[int, Ge(1)] | Annotated[float, Gt(0), Le(1)]
Batches = Annotated[int, Ge(0)] | Annotated[float, Ge(0), Le(1)]


def is_duration(text: str) -> bool:
    """A time written days:hours:minutes:seconds, such as 00:00:30:00 for half an hour."""
    return re.fullmatch(r"\d+:\d\d:\d\d:\d\d", text) is not None


class Argument(NamedTuple):
    """One argument: its hint and one line of what it means."""

    hint: Any
    meaning: str


OPTIMIZER = {
    "lr": Argument(Annotated[float, Gt(0)], "Learning rate."),
    "momentum": Argument(Share, "Share of the last step that is kept."),
    "dampening": Argument(Share, "What momentum is damped by."),
    "weight_decay": Argument(Annotated[float, Ge(0)], "Pull of the weights towards 0."),
    "betas": Argument(tuple[Share, Share], "Decay of the running mean and of the running square of the gradient."),
    "eps": Argument(Annotated[float, Gt(0)], "Added to the denominator."),
    "alpha": Argument(Share, "Decay of the running square of the gradient."),
    "nesterov": Argument(bool, "Look ahead by the momentum."),
    "amsgrad": Argument(bool, "Never let the step size grow again."),
    "capturable": Argument(Literal[False], "Only for CUDA graphs, and none are captured here."),
    "differentiable": Argument(Literal[False], "Only for gradients of the training itself, and none are taken here."),
    "parts": Argument(
        Mapping[str, float],
        "Learning rates of parts of the model, named as in `named_parameters()`; 0 freezes one.",
    ),
}
TRAINER = {
    "max_epochs": Argument(
        Annotated[int, Ge(1)] | Literal[-1, "auto"],
        "Most passes over the training rows; -1: no limit; auto: 100, and for tables of few rows up to 500.",
    ),
    "min_epochs": Argument(Annotated[int, Ge(1)] | None, "Fewest passes before early stopping may end the run."),
    "max_steps": Argument(Annotated[int, Ge(1)] | Literal[-1], "Most updates; -1: no limit."),
    "min_steps": Argument(Annotated[int, Ge(1)] | None, "Fewest updates before early stopping may end the run."),
    "max_time": Argument(
        Annotated[str, Predicate(is_duration)] | dict[str, int] | None, "Longest time, as days:hours:minutes:seconds."
    ),
    "accumulate_grad_batches": Argument(Annotated[int, Ge(1)], "Batches whose gradients make one update."),
    "gradient_clip_val": Argument(Annotated[float, Ge(0)] | None, "Largest gradient norm; null: no limit."),
    "gradient_clip_algorithm": Argument(Literal["norm", "value"] | None, "What gradient_clip_val limits."),
    "accelerator": Argument(
        Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"], "Where to compute; auto takes the best there is."
    ),
    "devices": Argument(
        Annotated[int, Ge(1)] | Literal["auto", -1] | list[Annotated[int, Ge(0)]] | str, "How many, or which."
    ),
    "precision": Argument(
        Literal[32, 16, "32", "16", "bf16", "32-true", "16-mixed", "bf16-mixed"] | None,
        "Numbers to compute with.",
    ),
    "log_every_n_steps": Argument(Annotated[int, Ge(0)] | None, "Without effect here: curves go by the epoch."),
    "check_val_every_n_epoch": Argument(Annotated[int, Ge(1)], "Epochs between looks at the validation split."),
    "limit_train_batches": Argument(SomeBatches | None, "Training batches an epoch: a count, or a share."),
    "limit_val_batches": Argument(Batches | None, "Validation batches: a count, or a share."),
    "limit_test_batches": Argument(Batches | None, "Without effect here: the whole test split is scored."),
    "val_check_interval": Argument(SomeBatches | None, "Without effect here: curves go by the epoch."),
    "overfit_batches": Argument(
        Batches, "Train on the same so many batches every epoch, to see whether they can be learnt."
    ),
    "fast_dev_run": Argument(
        bool | Annotated[int, Ge(1)], "Try so many batches of train and val (true: one), and keep and judge nothing."
    ),
    "deterministic": Argument(bool | Literal["warn"] | None, "Refuse operations whose result may vary."),
    "strategy": Argument(str, "How several devices share the work."),
}
RANGES: dict[str, dict[str, Argument]] = {
    "torch.optim.": OPTIMIZER,
    "lightning.pytorch.": TRAINER,
    "litmus.engine.trainer.": TRAINER,
}


def known(target: str) -> dict[str, Argument]:
    """What is known of the arguments of `target`, a dotted name."""
    return next((table for prefix, table in RANGES.items() if target.startswith(prefix)), {})
