"""What a user's LightningModule predicts, in the form that tasks take: one logit or value a row, or a logit a class."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, final

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.model_helpers import is_overridden
from torch import Tensor, nn

from litmus.data.packing import Packing
from litmus.errors import described
from litmus.loss import Loss, auto
from litmus.loss.base import Reduction
from litmus.loss.classes import CrossEntropy
from litmus.task import Task, kind_of
from litmus.task.spec import DataSpec

Meaning = Literal["logits", "probabilities"]
ALMOST = 1e-12  # how near to 0 and 1 a probability may be, so that its logit is finite
FAR = 1000.0  # inputs so far out drive logits beyond 0 and 1, and probabilities never
GIVES_BACK = 0.8  # share of the inputs' variance that is found again in outputs which only repeat them
NAMED = ("logits", "preds", "y_hat")  # of a mapping or an object, what holds the outputs


@final
@dataclass(frozen=True, kw_only=True)
class Way:
    """How outputs are got from a module.

    Args:
        method: Which of its methods is asked.
        takes: Whether that is given the inputs alone, a batch, or each of several inputs as an argument.
        part: Which part of a tuple, a mapping or an object the outputs are; None: all of it.
        meaning: What they are for classes.
    """

    method: Literal["forward", "predict_step"]
    takes: Literal["inputs", "batch", "arguments"]
    part: int | str | None = None
    meaning: Meaning = "logits"


@final
class ModuleOutputs(nn.Module):
    """Asks a LightningModule for outputs as tasks take them: `(n, 1)` logits or values, or `(n, classes)` logits.

    How is found out by `look` and kept with the checkpoint. Where the module predicts nothing that fits, outputs are
    NaN, and `reason` says why.

    Args:
        module: Of a user's.
        spec: Facts of the data.
        meaning: What outputs for classes are; auto: probabilities where they cannot be anything else.
    """

    def __init__(
        self,
        module: LightningModule,
        spec: DataSpec,
        *,
        meaning: Meaning | Literal["auto"] = "auto",
    ) -> None:
        super().__init__()
        self.module, self.spec, self.asked = module, spec, meaning
        self.keys: tuple[str, str] | None = None  # of inputs and targets, where batches are mappings
        self.packing: Packing | None = None  # of several inputs a row
        kind = kind_of(spec.task)
        self.numeric, self.one_logit = kind.numeric, kind.has_positive
        self.width = 1 if self.numeric or self.one_logit else len(spec.classes)
        self.way: Way | None = None
        self.reason = "it was not asked yet"

    def forward(self, x: Tensor) -> Tensor:
        """Outputs `(n, outputs)` for finished inputs `(n, *in_shape)`; NaN where there is no way to get them."""
        # the first side is not len(x), which export would take for a constant
        found = None if self.way is None else self.canonical(self._ask(self.way, x))
        return x.new_full((x.shape[0], self.width), torch.nan, dtype=torch.float32) if found is None else found

    def look(self, x: Tensor) -> None:
        """Finds the way on a few finished inputs `(n, *in_shape)`; a way that is known already stays."""
        if self.way is not None or len(x) < 2:
            return
        reasons = []
        for way in self._ways():
            try:
                with torch.no_grad(), evaluating(self.module), torch.random.fork_rng(devices=[]):
                    found = self._fitting(way, x)
                    if found is not None:
                        self.way = self._with_meaning(found, x)
                        return
                reasons.append(f"{way.method} gives {_form(self._ask(way, x))} for {len(x)} rows")
            except Exception as error:  # noqa: BLE001  # a user's code may fail in any way, and trains all the same
                reasons.append(f"{way.method} fails on the inputs ({described(error)})")
        wanted = (
            f"(n, {self.width})" if self.width > 1 else "(n) or (n, 1)" if self.numeric else "(n), (n, 1) or (n, 2)"
        )
        told = "" if is_overridden("predict_step", self.module) else "; a predict_step that gives it would be asked"
        self.reason = f"{reasons[0]}, and a {self.spec.task} target takes {wanted}{told}"

    def _ways(self) -> Iterator[Way]:
        if self.packing is not None:
            yield Way(method="forward", takes="arguments")
        yield Way(method="forward", takes="inputs")
        if is_overridden("predict_step", self.module):
            yield Way(method="predict_step", takes="batch")
            yield Way(method="predict_step", takes="inputs")
        yield Way(method="forward", takes="batch")

    def _ask(self, way: Way, x: Tensor) -> Any:
        batch = self._sent(self._batch_of(x))
        given = batch if way.takes == "batch" else self._inputs_of(batch)
        if way.method == "predict_step":
            predicted = self.module.predict_step(given, 0)
        elif way.takes == "arguments":
            predicted = self.module(**given) if isinstance(given, Mapping) else self.module(*given)
        else:
            predicted = self.module(given)
        if way.part is None:
            return predicted
        if isinstance(way.part, int) or isinstance(predicted, Mapping):
            return predicted[way.part]
        return getattr(predicted, way.part)

    def _batch_of(self, x: Tensor) -> Any:
        """Inputs as the module's steps take them, beside targets of 0."""
        y = torch.zeros(x.shape[0], dtype=torch.float32 if self.numeric else torch.int64, device=x.device)
        if self.packing is not None:
            return self.packing.batch(self.packing.unpack(x), y)
        return (x, y) if self.keys is None else dict(zip(self.keys, (x, y), strict=True))

    def _sent(self, batch: Any) -> Any:
        """A batch as the module's own hooks make it on its way to the device."""
        if not any(is_overridden(f"on_{when}_batch_transfer", self.module) for when in ("before", "after")):
            return batch
        return self.module.on_after_batch_transfer(self.module.on_before_batch_transfer(batch, 0), 0)

    def _inputs_of(self, batch: Any) -> Any:
        if self.packing is not None:
            return self.packing.inputs(batch)
        return batch[0 if self.keys is None else self.keys[0]]

    def _fitting(self, way: Way, x: Tensor) -> Way | None:
        """The way, or that to the one part of what it gives that fits the task; None if nothing does."""
        predicted, rows = self._ask(way, x), len(x)
        if self.fits(predicted, rows):
            return way
        if isinstance(predicted, Tensor):
            return None
        named = {
            name: predicted.get(name) if isinstance(predicted, Mapping) else getattr(predicted, name, None)
            for name in NAMED
        }
        parts: list[int | str] = [name for name, item in named.items() if self.fits(item, rows)]
        if not parts and isinstance(predicted, Mapping | tuple | list):
            items = predicted.items() if isinstance(predicted, Mapping) else enumerate(predicted)
            parts = [place for place, item in items if self.fits(item, rows)]
        return replace(way, part=parts[0]) if len(parts) == 1 else None

    def fits(self, predicted: Any, rows: int) -> bool:
        """Whether something can be the outputs of so many rows."""
        if (
            not isinstance(predicted, Tensor)
            or not predicted.is_floating_point()
            or not predicted.ndim
            or len(predicted) != rows
        ):
            return False
        sides = [side for side in predicted.shape[1:] if side != 1]
        return sides == [self.width] or (self.width == 1 and (not sides or (self.one_logit and sides == [2])))

    def canonical(self, predicted: Tensor) -> Tensor:
        """Outputs of any fitting shape and meaning as `(rows, outputs)` logits or values in float32."""
        flat = predicted.reshape(predicted.shape[0], -1).float()
        if self.numeric:
            return flat
        likely = self.way is not None and self.way.meaning == "probabilities"
        if not self.one_logit:
            return flat.clamp_min(ALMOST).log() if likely else flat
        if flat.shape[1] == 2:  # of two logits the difference is that of the positive class
            flat = flat.clamp_min(ALMOST).log() if likely else flat
            return flat[:, 1:] - flat[:, :1]
        return torch.logit(flat.double(), eps=ALMOST).float() if likely else flat

    def _with_meaning(self, way: Way, x: Tensor) -> Way:
        if self.numeric:
            return way
        if self.asked != "auto":
            return replace(way, meaning=self.asked)
        return replace(way, meaning="probabilities" if self._are_shares(way, x) else "logits")

    def _are_shares(self, way: Way, x: Tensor) -> bool:
        """Whether outputs stay within 0 and 1, and add up to 1, however far out the inputs are."""
        far = [FAR * x, -FAR * x, FAR * torch.randn_like(x)] if x.is_floating_point() else []
        for inputs in (x, *far):
            predicted = self._ask(way, inputs).reshape(len(x), -1).double()
            if not bool(predicted.isfinite().all()):
                continue
            within = bool(((predicted >= 0) & (predicted <= 1)).all())
            if not within or (predicted.shape[1] > 1 and float((predicted.sum(1) - 1).abs().max()) > 1e-3):
                return False
        return True

    def doubt(self, x: Tensor) -> str | None:
        """Why the trained module's outputs for inputs `(n, *in_shape)` are no predictions after all; None: they are."""
        if self.way is None or self.numeric:
            return None
        with torch.no_grad(), evaluating(self.module), torch.random.fork_rng(devices=[]):
            predicted = self._ask(self.way, x).reshape(len(x), -1)
        outside = self.way.meaning == "probabilities" and bool(((predicted < -1e-3) | (predicted > 1 + 1e-3)).any())
        if outside and self.asked == "auto":
            return f"{self.way.method} seemed to give probabilities, and now gives values outside 0 and 1"
        if predicted.shape == x.shape:
            lost = (predicted - x).square().mean(0) / x.var(0, correction=0).clamp_min(1e-12)
            if bool((lost < 1 - GIVES_BACK).all()):
                return f"{self.way.method} gives back its inputs"
        return None

    def leave(self, reason: str) -> None:
        """Takes what the module gives for no prediction."""
        self.way, self.reason = None, reason

    def state(self) -> dict[str, Any]:
        """Plain types: the way, or why there is none."""
        way = None if self.way is None else asdict(self.way)
        return {
            "way": way,
            "reason": self.reason,
            "keys": None if self.keys is None else list(self.keys),
            "packing": None if self.packing is None else self.packing.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes the way that `state()` gave."""
        self.way = None if state["way"] is None else Way(**state["way"])
        self.reason = str(state["reason"])
        self.keys = None if state["keys"] is None else (state["keys"][0], state["keys"][1])
        packing = state.get("packing")  # runs of before have none
        self.packing = None if packing is None else Packing.restore(packing)


@final
class UnseenLoss(Loss):
    """Stands where a loss is asked for what outputs mean; the loss itself only the module's own steps know."""

    name = ""
    measurable = False

    def __init__(self, *, spec: DataSpec) -> None:
        super().__init__(spec=spec)
        kind = kind_of(spec.task)
        logit_a_class = not kind.numeric and not kind.has_positive  # which other losses of classes ask for otherwise
        self.usual: Loss = CrossEntropy(spec=spec) if logit_a_class else auto(spec=spec)

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return True

    def outputs(self, spec: DataSpec) -> int:
        return self.usual.outputs(spec)

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        """Raises TypeError."""
        raise TypeError("the loss of a LightningModule is not known outside its steps")

    def activate(self, output: Tensor) -> Tensor:
        return self.usual.activate(output)


def own_module(model: nn.Module) -> nn.Module:
    """What a user wrote, or one of our models: the module itself, without what asks it for outputs."""
    return model.module if isinstance(model, ModuleOutputs) else model


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, and each part's own mode again afterwards."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def _form(predicted: Any) -> str:
    if isinstance(predicted, Tensor):
        kind = "" if predicted.is_floating_point() else f" of {str(predicted.dtype).removeprefix('torch.')}"
        return f"shape ({', '.join(map(str, predicted.shape))}){kind}"
    return f"a {type(predicted).__name__}" + (f" of {len(predicted)}" if isinstance(predicted, tuple | list) else "")
