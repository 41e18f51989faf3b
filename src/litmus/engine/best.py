"""The best of a monitored value: what early stopping, checkpoints and stacked trainings go by."""

from typing import Literal, final

Mode = Literal["min", "max"]


@final
class Best:
    """The best value of a monitored metric so far, and how many values ago it was seen.

    Args:
        mode: Whether a lower ("min") or a higher ("max") value is better.
        min_delta: A value is better only if it is better by more than this, in the metric's unit.
    """

    def __init__(self, mode: Mode, min_delta: float = 0.0) -> None:
        self.sign = 1.0 if mode == "min" else -1.0
        self.min_delta = abs(min_delta)
        self.value: float | None = None
        self.waited = 0

    def update(self, value: float) -> bool:
        """Takes the next value; whether it is the best so far, which NaN never is."""
        improved = value == value and (  # noqa: PLR0124  # False for NaN
            self.value is None or self.sign * value < self.sign * self.value - self.min_delta
        )
        self.value, self.waited = (value, 0) if improved else (self.value, self.waited + 1)
        return improved
