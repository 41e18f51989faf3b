"""A trained model with all that it needs to predict: what a checkpoint holds, on any machine."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from litmus.config import make
from litmus.data import restore_preprocess
from litmus.data.base import DataSpec, Preprocess, Rows, Split, SplitName
from litmus.data.target import TargetCoder
from litmus.errors import CheckpointError
from litmus.learning import checkpoint as files
from litmus.task.base import Predictions, Task
from litmus.task.objective import Loss

VERSION = 1
PREDICTION_BATCH = 4096


def facts(spec: DataSpec, *, class_counts: list[int] | None = None) -> dict[str, Any]:
    """What the data tell constructors that ask for it by name."""
    features = 1
    for size in spec.in_shape:
        features *= size
    return {
        "spec": spec,
        "in_features": features,
        "in_shape": spec.in_shape,
        "cardinalities": spec.cardinalities,
        "vocab_size": spec.vocab_size,
        "class_counts": class_counts,
    }


@final
@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A trained model, ready to predict.

    Args:
        model: From finished inputs to raw outputs.
        loss: Knows what the outputs mean.
        task: Turns that into predictions.
        preprocess: Fitted on the training split.
        coder: Labels to codes and back.
        config: The run's resolved config, secrets left as references.
        class_counts: Training rows of each class; empty in regression.
        trivial: What the best constant rule predicts, as `Task.trivial` gives it.
        threshold: Decision threshold in use; None outside binary tasks.
        temperature: Logits are divided by it before they become probabilities.
    """

    model: nn.Module
    loss: Loss
    task: Task
    preprocess: Preprocess
    coder: TargetCoder
    config: Mapping[str, Any]
    class_counts: list[int]
    trivial: Tensor
    threshold: float | None = None
    temperature: float = 1.0

    @property
    def spec(self) -> DataSpec:
        """The facts of the data it was trained on."""
        return self.task.spec

    @torch.inference_mode()
    def outputs(self, x: Tensor) -> Tensor:
        """Raw outputs `(n, outputs)` in evaluation mode, float32 on the CPU, for encoded inputs `(n, *in_shape)`."""
        training = self.model.training
        self.model.eval()
        device = next((parameter.device for parameter in self.model.parameters()), torch.device("cpu"))
        found: Tensor | None = None
        for start in range(0, max(len(x), 1), PREDICTION_BATCH):
            part = x[start : start + PREDICTION_BATCH]
            output = self.model(self.preprocess.finish(part.to(device)))
            # kept parts would lie between the freed activations, which then could not be used again
            found = torch.empty(len(x), *output.shape[1:]) if found is None else found
            found[start : start + len(part)] = output
        self.model.train(training)
        assert found is not None  # noqa: S101 - the loop runs once at least
        return found

    def decide(self, outputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Predictions `(n,)` and probabilities `(n, classes)` or None, from raw outputs `(n, outputs)`."""
        activated = self.loss.to("cpu").activate(outputs.double() / self.temperature)
        return self.task.decide(activated, self.threshold)

    def predict(self, split: Split, name: SplitName, *, outputs: Tensor | None = None) -> Predictions:
        """Predictions for a split, from its `outputs` if they are known."""
        pred, prob = self.decide(self.outputs(split.x) if outputs is None else outputs)
        return Predictions(
            split=name,
            rows=split.rows,
            target=self.task.in_unit(split.y),
            pred=pred,
            prob=prob,
            group=split.group,
            time=split.time,
        )

    def predict_rows(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """Predictions and probabilities for rows read by `preprocess.read`, in their order."""
        pieces = rows.pieces(np.arange(len(rows)))
        return self.decide(torch.cat([self.outputs(self.preprocess.encode(piece)) for piece in pieces]))

    def with_decision(self, *, threshold: float | None, temperature: float) -> "Predictor":
        """The same model deciding otherwise."""
        return replace(self, threshold=threshold, temperature=temperature)

    def card(self) -> dict[str, Any]:
        """Everything but the weights, as plain types and tensors."""
        return {
            "version": VERSION,
            "config": dict(self.config),
            "spec": asdict(self.spec),
            "preprocess": self.preprocess.state(),
            "coder": self.coder.state(),
            "class_counts": self.class_counts,
            "trivial": self.trivial,
            "threshold": self.threshold,
            "temperature": self.temperature,
        }

    def save(self, path: Path, **more: Any) -> None:
        """Writes the checkpoint file; `more` are further plain entries such as the epoch."""
        state = {f"model.{name}": tensor.detach().cpu() for name, tensor in self.model.state_dict().items()}
        files.save({**more, "state_dict": state, "litmus": self.card()}, path)

    @staticmethod
    def restore(path: Path) -> "Predictor":
        """The predictor that the checkpoint file holds, a run's best.ckpt or last.ckpt.

        Raises:
            CheckpointError: It is missing, damaged, of another version, or does not fit its own config.
        """
        checkpoint = files.load(path)
        card = checkpoint["litmus"]
        if card.get("version") != VERSION:
            raise CheckpointError(f"{path}: written by another version ({card.get('version')}); train it again")
        spec = DataSpec(**{**card["spec"], **{k: tuple(card["spec"][k]) for k in _TUPLES}})
        model, loss, task = make_parts(card["config"], spec, card["class_counts"])
        state = {name.removeprefix("model."): t for name, t in _best_weights(checkpoint).items() if _of_model(name)}
        try:
            model.load_state_dict(state)
        except RuntimeError:
            raise CheckpointError(f"{path}: its weights do not fit the model in its config; train it again") from None
        return Predictor(
            model=model.eval(),
            loss=loss,
            task=task,
            preprocess=restore_preprocess(card["preprocess"]),
            coder=TargetCoder.restore(card["coder"]),
            config=card["config"],
            class_counts=card["class_counts"],
            trivial=card["trivial"],
            threshold=card["threshold"],
            temperature=card["temperature"],
        )


_TUPLES = ("in_shape", "classes", "features", "cardinalities")


def make_parts(config: Mapping[str, Any], spec: DataSpec, class_counts: list[int]) -> tuple[nn.Module, Loss, Task]:
    """Model, loss and task of a config, sized by the data's facts."""
    known = facts(spec, class_counts=class_counts or None)
    task: Task = make(config["task"], "task", **known)
    loss: Loss = make(config["loss"], "loss", **known)
    model: nn.Module = make(config["model"], "model", **known, out_features=loss.outputs(spec))
    return model, loss, task


def _best_weights(checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights that the run would use: in last.ckpt the best so far stand beside the last ones."""
    for state in checkpoint.get("callbacks", {}).values():
        if isinstance(state, dict) and state.get("best_state") and state.get("use") == "best":
            weights: dict[str, Tensor] = state["best_state"]
            return weights
    last: dict[str, Tensor] = checkpoint["state_dict"]
    return last


def _of_model(name: str) -> bool:
    return name.startswith("model.")
