"""What the data tell of themselves, to whatever needs to fit them; plain types, readable without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """What model, task, evaluation and report need to know of the data; plain types, stored in the checkpoint.

    Args:
        task: Kind of target: the name of its task.
        input: Kind of input.
        in_shape: Shape of one row of `x`: `(features,)`, `(channels, height, width)` or `(tokens,)`.
        target: The target's name.
        classes: Labels as text in code order; in binary tasks `(negative, positive)`, so that code 1 is positive.
        features: One name per column of `x` in tables; empty otherwise.
        cardinalities: Sizes of the embedded categories, which are the last columns of `x`; code 0 is "unseen".
        vocab_size: Number of token ids in texts (0 pads), else None.
        target_mean: What was subtracted from a regression target (0 without `normalize_target`).
        target_sd: What a regression target was divided by (1 without `normalize_target`).
        skewed_up_to: Largest training target where targets are amounts with a long tail, whose mean is learned by its
            logarithm (`loss=auto`); None: any others.
        sizes: Rows per split.
        bin_edges: Rising edges of the bins of each column of `x` that is no code, none of some; empty unless an
            ensemble is the default.
        ensemble_size: Networks whose mean predicts, where a model of ours has any number of them and nobody sets it.
    """

    task: str
    input: Literal["table", "image", "text"]
    in_shape: tuple[int, ...]
    target: str
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    cardinalities: tuple[int, ...] = ()
    vocab_size: int | None = None
    target_mean: float = 0.0
    target_sd: float = 1.0
    skewed_up_to: float | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    bin_edges: tuple[tuple[float, ...], ...] = ()
    ensemble_size: int = 1

    @property
    def numeric(self) -> bool:
        """Whether the target is a number, not a label."""
        return not self.classes
