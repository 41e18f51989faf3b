"""What a case of the benchmark is: a table, the words that train on it, and what a right diagnosis says."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import polars as pl

Maker = Callable[[], pl.DataFrame]
Half = Literal["tune", "held-out"]
Proof = Literal["gain", "honest", "chance", "width"]


@final
@dataclass(frozen=True, kw_only=True)
class Fix:
    """What is known to mend a fault.

    Args:
        words: Overrides on top of the case's own.
        table: The rows as they should have been; None: the same rows.
    """

    words: tuple[str, ...] = ()
    table: Maker | None = None


@final
@dataclass(frozen=True, kw_only=True)
class Case:
    """One table with one config.

    Args:
        name: `<kind>/<variant>`; never changed, since its rows follow from it.
        generator: What made the rows; controls of one generator are one cluster.
        words: As on the command line, without seed and output directory.
        table: The rows, written as Parquet; None: bundled data that `words` name.
        test: Rows of a test file of their own.
        accepts: Names of findings that are right, equivalent causes among them; empty: a healthy control.
        first: Names that are right as the first cause; empty: those of `accepts`.
        least: Severity from which a right name counts.
        fix: What mends it; None: no setting does.
        metric: By which fault and fix are told apart, oriented so that more is better.
        proof: How plain PyTorch shows it. gain: the fixed model scores higher. honest: the faulty score is not met on
            fresh rows. chance: no model beats the trivial rule. width: the interval on the test rows is wide.
        fresh: Rows as they will come in use, for `honest`.
        half: tune: may be looked at while the verdict is improved. held-out: written blind, only counted.
    """

    name: str
    generator: str
    words: tuple[str, ...]
    table: Maker | None = None
    test: Maker | None = None
    accepts: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    least: Literal["info", "warning"] = "warning"
    fix: Fix | None = None
    metric: str = "balanced_accuracy"
    proof: Proof = "gain"
    fresh: Maker | None = None
    half: Half = "tune"

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.accepts

    @property
    def cluster(self) -> str:
        """Runs of one cluster count as one when intervals are computed."""
        return self.generator if self.healthy else self.name


def sample_seed(name: str) -> int:
    """A fixed seed for the rows of a name, whatever the seed of a run."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[1:5], "big")
