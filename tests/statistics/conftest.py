"""How often intervals hold the truth, counted over simulated samples."""

from collections.abc import Callable

import numpy as np
import pytest

from litmus.statistics import Interval

Sample = Callable[[np.random.Generator], tuple[Interval, float]]


@pytest.fixture
def coverage() -> Callable[..., float]:
    def count(sample: Sample, *, samples: int = 2000, seed: int = 0) -> float:
        rng = np.random.default_rng(seed)
        held = [truth in interval for interval, truth in (sample(rng) for _ in range(samples))]
        return sum(held) / samples

    return count
