"""Payments of which a few are fraud: accuracy looks fine whatever the model does."""

from dataclasses import dataclass
from typing import Annotated, final

import numpy as np
import polars as pl
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from litmus.data.synthetic import SyntheticTable

CHANNELS = ("shop", "online", "phone", "machine")


@final
@dataclass(frozen=True, kw_only=True)
class Imbalanced(SyntheticTable):
    """A payment's amount, hour, channel and four scores, and whether it is fraud.

    Args:
        positive_share: Share of fraud.
        separation: How far fraud stands from the rest, in SD of each score; 0: it cannot be told at all.
    """

    n_samples: Annotated[int, Ge(10)] = 5000
    positive_share: Annotated[float, Gt(0), Lt(1)] = 0.02
    separation: Annotated[float, Ge(0)] = 1.0

    target_column = "payment"

    def sample(self, n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        fraud = rng.permutation(n) < max(2, round(self.positive_share * n))
        shift = self.separation * fraud
        scores = {f"score{i + 1}": rng.normal(size=n) + sign * shift for i, sign in enumerate((1, -1, 1, 0))}
        return pl.DataFrame(
            {
                "amount": np.round(np.exp(rng.normal(3.5, 1.0, n) + 0.5 * shift), 2),
                "hour": (rng.normal(14, 4, n) + 4 * shift).astype(np.int64) % 24,
                "channel": self._channels(rng, fraud),
                **scores,
                self.target_column: np.where(fraud, "fraud", "genuine"),
            }
        )

    def _channels(self, rng: np.random.Generator, fraud: NDArray[np.bool_]) -> NDArray[np.str_]:
        """Fraud comes online more often, the more so the larger the separation."""
        drawn = rng.choice(CHANNELS, size=len(fraud), p=[0.4, 0.4, 0.05, 0.15])
        moved = fraud & (rng.random(len(fraud)) < 1 - 1 / (1 + self.separation))
        return np.where(moved, "online", drawn)
