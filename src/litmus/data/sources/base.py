"""What every data source gives, rows and an encoding fitted on them, and the keys of splitting and batching."""

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Lt
from torch import Tensor

from litmus.data.encoding.base import Preprocess
from litmus.data.packing import Packing
from litmus.data.rare_classes import RareClasses
from litmus.data.rows import Rows
from litmus.data.split import SplitRule


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """Where rows come from and how they are split and batched.

    Args:
        batch_size: Rows a batch; null: the whole training split.
        shuffle: Shuffle the training rows anew each epoch.
        num_workers: Processes that prepare batches; 0 is right for data held in memory.
        split: Rule that assigns rows to splits; rows that the source fixes are left as they are.
        val_fraction: Share of all free rows.
        test_fraction: Share of all free rows; ignored where the source has a test split of its own.
        folds: k-fold cross-validation over the rows that are not test; null: one split.
        normalize: Scaling of numeric inputs, fitted on train. auto: standard, and of tables columns with a long tail go
            through the hyperbolic arcsine first.
        normalize_target: Standardise a regression target for the loss; predictions are scaled back. auto: where mean or
            standard deviation is not of the order of 1.
        dedupe: Keep one of each set of identical rows.
        max_rows: Use a random sample of at most this many rows.
        strict: Refuse whatever would be assumed about the data, or left out of it, unasked.
        rare_classes: What becomes of classes with fewer than three rows. drop: their rows are left out; merge: they
            become one class; auto: drop, or merge where such classes are many.
        checks: Whether data checks report what they find, stop the run, or are not run.
    """

    batch_size: Annotated[int, Ge(1)] | None = 32
    shuffle: bool = True
    num_workers: Annotated[int, Ge(0)] = 0
    split: SplitRule = "stratified"
    val_fraction: Annotated[float, Gt(0), Lt(1)] = 0.2
    test_fraction: Annotated[float, Ge(0), Lt(1)] = 0.2
    folds: Annotated[int, Ge(2)] | None = None
    normalize: Literal["auto", "none", "standard", "minmax"] = "standard"
    normalize_target: Literal["auto"] | bool = False
    dedupe: bool = False
    max_rows: Annotated[int, Ge(10)] | None = None
    strict: bool = False
    rare_classes: RareClasses = "auto"
    checks: Literal["report", "stop", "off"] = "report"

    ensemble_size: ClassVar[int] = 1
    """Networks whose mean predicts these data, where a model of ours takes any number and nobody sets it."""

    @abstractmethod
    def read(self) -> Rows:
        """All rows, checked strictly; raises DataError that names file, row, column, value and remedy."""

    def state(self) -> Hashable | None:
        """What the rows depend on besides these arguments, as the age of a file; None: read them anew each time."""
        return None

    @abstractmethod
    def fit(self, train: Rows) -> Preprocess:
        """The preprocessing learned from the training rows alone."""

    def training_loader(self) -> Any:
        """The loader that training goes by, whose batches `parts` takes apart; None: rows are batched by us."""
        return None

    def parts(self, batch: Any) -> tuple[Tensor, Tensor]:
        """Inputs and targets of a batch of `training_loader`; raises DataError if it has another form."""
        raise NotImplementedError

    @property
    def batch_keys(self) -> tuple[str, str] | None:
        """The names of inputs and targets where batches of `training_loader` are mappings; None: they are tuples."""
        return None

    @property
    def packing(self) -> Packing | None:
        """How several inputs of a row became one tensor; None: a row has one."""
        return None

    def augment(self, x: Tensor) -> Tensor:
        """A random variant of a finished training batch `(rows, *in_shape)` on its device; identity by default."""
        return x
