"""A trained model with all that it needs to predict: what a checkpoint holds, on any machine."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast, final

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from litmus.config import RunConfig, is_data_module, is_module, wanted_by
from litmus.data.encoding.base import Preprocess, restore_preprocess
from litmus.data.encoding.target import TargetCoder
from litmus.data.rows import Rows
from litmus.data.sources.loaders import ONE_PROCESS
from litmus.data.tensors import Split
from litmus.engine import checkpoint as files
from litmus.engine.module_outputs import ModuleOutputs, UnseenLoss, evaluating, own_module
from litmus.errors import CheckpointError, LitmusError, described
from litmus.evidence.values import SplitName
from litmus.loss.base import Loss
from litmus.metrics.answers import Predictions
from litmus.run.parts import injected, make_loss, make_metrics
from litmus.task.base import Task
from litmus.task.spec import DataSpec

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
        "bin_edges": spec.bin_edges,
        "vocab_size": spec.vocab_size,
        "class_counts": class_counts,
        "ensemble_size": spec.ensemble_size,
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
        prior: What the best constant rule predicts, as `Task.prior` gives it.
        threshold: Decision threshold in use; None outside binary tasks.
        temperature: Logits are divided by it before they become probabilities.
        profile: What the training rows looked like (`training_profile`); None where it is not known.
        conformity: How badly validation rows are predicted, rising (`conformity`); None where it is not known.
    """

    model: nn.Module
    loss: Loss
    task: Task
    preprocess: Preprocess
    coder: TargetCoder
    config: Mapping[str, Any]
    class_counts: list[int]
    prior: Tensor
    threshold: float | None = None
    temperature: float = 1.0
    profile: Mapping[str, Any] | None = None
    conformity: Tensor | None = None

    @property
    def spec(self) -> DataSpec:
        """The facts of the data it was trained on."""
        return self.task.spec

    @property
    def name(self) -> str:
        """What the model's class is called."""
        return type(own_module(self.model)).__name__

    @torch.inference_mode()
    def outputs(self, x: Tensor) -> Tensor:
        """Raw outputs `(n, outputs)` in evaluation mode, float32 on the CPU, for encoded inputs `(n, *in_shape)`."""
        with evaluating(self.model):
            return self._outputs(x)

    def _outputs(self, x: Tensor) -> Tensor:
        device = next((parameter.device for parameter in self.model.parameters()), torch.device("cpu"))
        found: Tensor | None = None
        for start in range(0, max(len(x), 1), PREDICTION_BATCH):
            part = x[start : start + PREDICTION_BATCH]
            output = self.model(self.preprocess.finish(part.to(device)))
            # kept parts would lie between the freed activations, which then could not be used again
            found = torch.empty(len(x), *output.shape[1:]) if found is None else found
            found[start : start + len(part)] = output
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

    def manifest(self) -> dict[str, Any]:
        """Everything but the weights, as plain types and tensors."""
        own = {"outputs": self.model.state()} if isinstance(self.model, ModuleOutputs) else {}
        return {
            **own,
            "version": VERSION,
            "config": dict(self.config),
            "spec": asdict(self.spec),
            "preprocess": self.preprocess.state(),
            "coder": self.coder.state(),
            "class_counts": self.class_counts,
            "trivial": self.prior,
            "threshold": self.threshold,
            "temperature": self.temperature,
            "profile": None if self.profile is None else dict(self.profile),
            "conformity": self.conformity,
        }

    def save(self, path: Path, **more: Any) -> None:
        """Writes the checkpoint file; `more` are further plain entries such as the epoch."""
        model = own_module(self.model)
        prefix = "" if model is not self.model else "model."  # a user's module finds its weights under its own names
        state = {f"{prefix}{name}": tensor.detach().cpu() for name, tensor in model.state_dict().items()}
        files.save({**more, "state_dict": state, "litmus": self.manifest()}, path)

    @staticmethod
    def restore(path: Path) -> "Predictor":
        """The predictor that the checkpoint file holds, a run's best.ckpt or last.ckpt.

        Raises:
            CheckpointError: It is missing, damaged, of another version, or does not fit its own config.
        """
        checkpoint = files.load(path)
        try:
            return _restored(checkpoint, path)
        except LitmusError:
            raise
        except Exception as error:  # what was written by hand, or by another version, may be wrong in any way
            message = f"its content does not fit together ({type(error).__name__}: {str(error)[:80]}); train it again"
            raise CheckpointError(f"{path}: {message}") from error


def stored_spec(path: Path) -> DataSpec:
    """The facts of the data that the training in a checkpoint file goes by.

    Raises:
        CheckpointError: It is missing, damaged, or holds no run of ours.
    """
    card = files.load(path).get("litmus")
    if not isinstance(card, Mapping) or "spec" not in card:
        raise CheckpointError(f"{path}: holds no state of a run; start the run again")
    return _spec_of(card)


def _spec_of(card: Mapping[str, Any]) -> DataSpec:
    stored = card["spec"]
    bins = tuple(tuple(edges) for edges in stored.get("bin_edges", ()))  # runs of before have none
    return DataSpec(**{**stored, **{k: tuple(stored[k]) for k in _TUPLES}, "bin_edges": bins})


def _restored(checkpoint: Mapping[str, Any], path: Path) -> Predictor:
    card = checkpoint["litmus"]
    if card.get("version") != VERSION:
        raise CheckpointError(f"{path}: written by another version ({card.get('version')}); train it again")
    spec = _spec_of(card)
    model, loss, task = make_parts(RunConfig(card["config"]), spec, card["class_counts"])
    state = dict(_best_weights(checkpoint))
    if isinstance(model, ModuleOutputs):
        model.module.configure_model()
        model.restore(card["outputs"])
    else:
        state = {name.removeprefix("model."): tensor for name, tensor in state.items() if _of_model(name)}
    try:
        if isinstance(model, ModuleOutputs) and model.module.state_dict().keys() != state.keys():
            _build_as_for_fit(model.module, RunConfig(card["config"]), spec)
        own_module(model).load_state_dict(state)
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
        prior=card["trivial"],
        threshold=card["threshold"],
        temperature=card["temperature"],
        profile=card.get("profile"),  # runs of before have neither
        conformity=card.get("conformity"),
    )


def _build_as_for_fit(module: LightningModule, config: RunConfig, spec: DataSpec) -> None:
    """Lets a user's module make in `setup` those layers that it makes there: by what its data module says of itself."""
    known = SimpleNamespace(num_classes=len(spec.classes))
    data = config.data.make() if is_data_module(config.data.target()) else known
    module.trainer = cast("Any", SimpleNamespace(datamodule=data, **ONE_PROCESS))
    try:
        module.setup("fit")
    except Exception as error:
        raise CheckpointError(f"{type(module).__name__}.setup cannot make its layers: {described(error)}") from error
    finally:
        module.trainer = None


_TUPLES = ("in_shape", "classes", "features", "cardinalities")


def make_parts(config: RunConfig, spec: DataSpec, class_counts: list[int]) -> tuple[nn.Module, Loss, Task]:
    """Model, loss and task of a config, sized by the data's facts."""
    known = facts(spec, class_counts=class_counts or None)
    task: Task = config.task.make(**known)
    task = replace(task, own_metrics=make_metrics(config, spec))
    if is_module(config.model.target()):
        return _module_parts(config, task, known)
    loss = make_loss(config, known, getattr(task, "outputs", "auto"))
    model: nn.Module = config.model.make(**known, out_features=loss.outputs(spec))
    return model, loss, task


def _module_parts(config: RunConfig, task: Task, known: Mapping[str, Any]) -> tuple[nn.Module, Loss, Task]:
    """The same where the model is a LightningModule, whose constructor may ask for what the other groups describe."""
    loss = UnseenLoss(spec=task.spec)
    asked = wanted_by(config.model.node)
    given = {**known, **injected(config, asked, known), "out_features": loss.outputs(task.spec)}
    module = config.model.make(**given)
    return ModuleOutputs(module, task.spec, meaning=getattr(task, "outputs", "auto")), loss, task


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
