"""A loss of torch's or a user's own: any module or function of outputs and targets, and what outputs mean to it."""

import copy
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, final

import torch
from torch import Tensor, nn

from litmus.errors import ConfigError, Problem, described
from litmus.loss.base import Loss, Reduction
from litmus.task import Task, kind_of
from litmus.task.base import Outputs
from litmus.task.spec import DataSpec

ROWS = 7  # of a trial: not a number of classes that is likely, so that shapes which do not fit show
SCALES: tuple[Literal["logits", "probabilities"], ...] = ("logits", "probabilities")


@final
@dataclass(frozen=True, kw_only=True)
class Form:
    """How a loss is called.

    Args:
        width: How many outputs it takes of each row.
        column: Whether a single output is `(n, 1)`, and targets too.
        targets: Class codes, numbers, or one number a class, 1 for the true one.
        meaning: What outputs are to it: logits, probabilities, or numbers like the targets.
    """

    width: int
    column: bool = False
    targets: Literal["codes", "numbers", "one_hot"] = "codes"
    meaning: Literal["logits", "probabilities", "values"] = "logits"


@final
class OwnLoss(Loss):
    """Calls a function with outputs and targets in the form that it takes, which is found out by trying.

    Args:
        spec: The data's facts.
        function: From outputs and targets to the loss: its mean, or one value a row.
        name: What it is called.
        outputs: What its outputs mean for classes; auto: as trying it shows.

    Raises:
        ConfigError: It takes these targets in no form.
    """

    def __init__(self, *, spec: DataSpec, function: Callable[..., Any], name: str, outputs: Outputs = "auto") -> None:
        super().__init__(spec=spec)
        self.name = name  # type: ignore[misc]  # of this one
        self.function = function
        self.each = _without_reduction(function)
        kind = kind_of(spec.task)
        self.numeric, self.classes = kind.numeric, len(spec.classes)
        self.form = self._form()
        if outputs != "auto" and not self.numeric:
            self.form = Form(**{**vars(self.form), "meaning": outputs})

    @classmethod
    def fits(cls, kind: type[Task]) -> bool:
        return True

    def outputs(self, spec: DataSpec) -> int:
        return self.form.width

    def _form(self) -> Form:
        reasons: list[str] = []
        for form in self._forms():
            try:
                self._try(form)
            except Exception as error:  # noqa: BLE001  # a user's function may object in any way
                reasons.append(described(error))
            else:
                return self._with_meaning(form)
        kind = "numbers" if self.numeric else "class codes"
        raise ConfigError([Problem("loss", f"{self.name} takes no outputs with {kind} as targets ({reasons[0]})")])

    def _forms(self) -> Iterator[Form]:
        """The forms in question; that of classes first, which a loss of numbers cannot take."""
        if self.numeric:
            yield Form(width=1, targets="numbers", meaning="values")
            yield Form(width=1, column=True, targets="numbers", meaning="values")
            return
        yield Form(width=self.classes)
        if self.one_logit:
            for meaning in SCALES:
                yield Form(width=1, targets="numbers", meaning=meaning)
                yield Form(width=1, column=True, targets="numbers", meaning=meaning)
        else:
            for meaning in SCALES:
                yield Form(width=self.classes, targets="one_hot", meaning=meaning)

    def _try(self, form: Form) -> None:
        generator = torch.Generator().manual_seed(0)
        output = torch.randn(ROWS, form.width, generator=generator)
        if form.meaning == "probabilities":
            output = output.softmax(-1) if form.width > 1 else output.sigmoid()
        target = output[:, 0] + 1 if self.numeric else torch.arange(ROWS) % self.classes
        value = self._value(form, output.requires_grad_(), target.detach().abs())
        if not value.requires_grad or not bool(value.isfinite()):
            raise ValueError("it gives nothing that a model can learn from")

    def _with_meaning(self, form: Form) -> Form:
        """One number for two classes is a logit where far beyond 1 is better still, else a number like 0 and 1."""
        if form.width > 1 or self.numeric or form.meaning == "probabilities":
            return form
        at = [float(self._value(form, torch.full((2, 1), value), torch.ones(2))) for value in (1.0, 8.0)]
        return form if at[1] < at[0] else Form(**{**vars(form), "meaning": "values"})

    def _value(self, form: Form, output: Tensor, target: Tensor) -> Tensor:
        return self._call(self.function, form, output, target).mean()

    def _call(self, function: Callable[..., Any], form: Form, output: Tensor, target: Tensor) -> Tensor:
        output = output.to(_held_type(function)) if output.dtype == torch.float64 else output
        predicted = output if form.width > 1 or form.column else output.squeeze(-1)
        if form.targets == "one_hot":
            true = nn.functional.one_hot(target.long(), self.classes).to(output.dtype)
        elif form.targets == "numbers":
            true = target.to(output.dtype)
            true = true.unsqueeze(-1) if form.column else true
        else:
            true = target.long()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes that torch would stretch, which are judged by what comes of it
            value = function(predicted, true)
        if not isinstance(value, Tensor):
            raise TypeError(f"it gives a {type(value).__name__}, and no tensor")
        return value

    def compute(self, output: Tensor, target: Tensor, reduction: Reduction) -> Tensor:
        if reduction == "mean":
            return self._value(self.form, output, target)
        if self.each is not None:
            return self._call(self.each, self.form, output, target).reshape(len(target), -1).mean(-1)
        rows = [self._value(self.form, output[i : i + 1], target[i : i + 1]) for i in range(len(target))]
        return torch.stack(rows) if rows else output.new_zeros(0)

    def activate(self, output: Tensor) -> Tensor:
        if self.numeric:
            log = isinstance(self.function, nn.PoissonNLLLoss) and self.function.log_input
            return output.squeeze(-1).exp() if log else output.squeeze(-1)
        if self.form.width > 1:
            if self.form.meaning == "logits":
                return output.softmax(-1)
            shares = output.clamp_min(0)
            return shares / shares.sum(-1, keepdim=True).clamp_min(torch.finfo(output.dtype).tiny)
        value = output.squeeze(-1)
        positive = value.sigmoid() if self.form.meaning == "logits" else value.clamp(0, 1)
        negative = (-value).sigmoid() if self.form.meaning == "logits" else 1 - positive
        return torch.stack([negative, positive]).movedim(0, -1)


def _held_type(function: Callable[..., Any]) -> torch.dtype:
    """What outputs in double precision must be for a function that holds tensors, such as weights of classes."""
    tensors = [*function.buffers(), *function.parameters()] if isinstance(function, nn.Module) else []
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.float64)


def _without_reduction(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """The same giving one value a row, as torch's own losses can; None where it cannot be asked for that."""
    if not isinstance(function, nn.Module) or not hasattr(function, "reduction"):
        return None
    each = copy.copy(function)
    vars(each)["reduction"] = "none"  # a plain attribute of the module
    return each
