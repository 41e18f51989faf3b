"""A run's config in types: what everything outside this room reads of it, made once from the plain config."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast, final, overload

from litmus.config.command_words import path_of
from litmus.config.making import make
from litmus.config.replaced import trains_itself
from litmus.config.targets import target

T = TypeVar("T")
G = TypeVar("G", bound="Group")
OURS = "litmus."
AUTO = "auto"
USUAL_EPOCHS, USUAL_PATIENCE = 100, 20
"""What `auto` is where an epoch has many steps."""


class Setting(Generic[T]):
    """A key of a group, named as the attribute; its default stands where the config lacks it, as older ones may."""

    def __init__(self, default: T) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, group: None, owner: type) -> "Setting[T]": ...
    @overload
    def __get__(self, group: "Group", owner: type) -> T: ...
    def __get__(self, group: "Group | None", owner: type) -> "Setting[T] | T":
        return self if group is None else cast("T", group.node.get(self.name, self.default))


@final
class Single(Setting[float | None]):
    """The same for a number that may be the only one of a list, as torch's own losses have it; null for any other."""

    @overload
    def __get__(self, group: None, owner: type) -> "Single": ...
    @overload
    def __get__(self, group: "Group", owner: type) -> float | None: ...
    def __get__(self, group: "Group | None", owner: type) -> "Single | float | None":
        if group is None:
            return self
        found = group.node.get(self.name, self.default)
        found = found[0] if isinstance(found, list) and len(found) == 1 else found
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


@final
class Number(Setting[float]):
    """The same for a number; whatever is none, as a part of the user's own may have there, counts as the default."""

    @overload
    def __get__(self, group: None, owner: type) -> "Number": ...
    @overload
    def __get__(self, group: "Group", owner: type) -> float: ...
    def __get__(self, group: "Group | None", owner: type) -> "Number | float":
        if group is None:
            return self
        value = group.node.get(self.name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else self.default


@dataclass(frozen=True)
class Group:
    """One node of a config, a user's own keys included.

    Args:
        node: Its keys and values as plain types; empty where the config has no such node, or null.
        key: Its dotted key, for errors.
    """

    node: Mapping[str, Any]
    key: str

    def __bool__(self) -> bool:
        """Whether it names something to be made."""
        return self.node.get("_target_") is not None

    @property
    def target_name(self) -> str:
        """The dotted name of the class or function that it names; empty if it names none."""
        return str(self.node.get("_target_") or "")

    @property
    def class_name(self) -> str:
        """The last part of that name."""
        return self.target_name.rpartition(".")[2]

    @property
    def is_ours(self) -> bool:
        """Whether that is a class of Litmus's own, whose keys are known."""
        return self.target_name.startswith(OURS)

    def target(self) -> Any:
        """The class or function itself; raises ConfigError where it is missing or not trusted."""
        return target(self.target_name, self.key)

    def make(self, **facts: Any) -> Any:
        """What it describes, given those of `facts` that it takes; None where it names nothing."""
        return make(self.node, self.key, **facts)

    def partial(self, **facts: Any) -> Any:
        """What makes it, from the arguments that are still missing."""
        return make({**self.node, "_partial_": True}, self.key, **facts)

    def entries(self) -> dict[str, "Group"]:
        """The nodes below it, by name; what is null there is empty."""
        nodes = {str(name): node for name, node in self.node.items() if node is None or isinstance(node, Mapping)}
        return {name: Group(node or {}, f"{self.key}.{name}") for name, node in nodes.items()}


@final
class ModelGroup(Group):
    """What is trained."""

    hidden = Setting[list[int] | None](None)
    channels = Setting[Any](None)
    activation = Setting[str | None](None)
    output_activation = Setting[str | None](None)
    init = Setting[str | None](None)
    init_std = Setting[float | None](None)
    init_bias = Setting[float | None](None)
    dropout = Number(0.0)

    def make(self, **facts: Any) -> Any:
        """The model; what is chosen for models of ours is not passed on to others that have an argument of the name."""
        return super().make(**self._meant(facts))

    def partial(self, **facts: Any) -> Any:
        """What makes it, in the same way."""
        return super().partial(**self._meant(facts))

    def _meant(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        return {word: fact for word, fact in facts.items() if self.is_ours or word != "ensemble_size"}

    @property
    def trains_itself(self) -> bool:
        """Whether it is a LightningModule, which brings steps and optimizers of its own."""
        return trains_itself(self.node)


@final
class DataGroup(Group):
    """Where rows come from."""

    path = Setting[str | None](None)
    test_path = Setting[str | None](None)
    folds = Setting[int | None](None)
    split = Setting[str | None](None)
    normalize = Setting[str]("none")
    normalize_target = Setting["bool | str | None"](None)
    batch_size = Number(32.0)
    shuffle = Setting[bool | None](None)
    drop_columns = Setting[list[str] | None](None)


@final
class TaskGroup(Group):
    """What is asked of the target."""

    positive = Setting[Any](None)
    grades = Setting[Any](None)
    threshold = Setting["float | str | None"](None)


@final
class LossGroup(Group):
    """What training lowers."""

    class_weight = Setting[Any](None)
    pos_weight = Single(None)


@final
class OptimizerGroup(Group):
    """What takes the steps."""

    lr = Number(0.0)
    weight_decay = Number(0.0)

    @property
    def parts(self) -> dict[str, float]:
        """Parts of the model, by their names in it, to learning rates of their own; 0 freezes one."""
        return dict(_flat(self.node.get("parts") or {}))

    def partial(self, **facts: Any) -> Any:
        """What makes it, of the parameters; `parts` says which of them go together, and is no argument of its."""
        return Group({key: value for key, value in self.node.items() if key != "parts"}, self.key).partial(**facts)


def _flat(node: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in node.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{rest}", rate) for rest, rate in _flat(value))
        elif value is not None:
            yield str(name), float(value)


@final
class TrainerGroup(Group):
    """Lightning's Trainer."""

    accelerator = Setting[str | None](None)
    devices = Setting[Any](1)
    precision = Setting[Any](None)
    loop = Setting[str]("auto")
    threads = Setting[Any]("auto")
    fast_dev_run = Setting["bool | int"](0)
    overfit_batches = Setting["int | float"](0)
    limit_train_batches = Setting["int | float | None"](None)
    accumulate_grad_batches = Setting[int | None](None)
    gradient_clip_val = Setting[float | None](None)
    gradient_clip_algorithm = Setting[Literal["norm", "value"] | None](None)

    @property
    def max_epochs(self) -> int | None:
        """Most passes over the training rows; for `auto` what is usual, though a run may settle on more."""
        epochs = self.node.get("max_epochs")
        return USUAL_EPOCHS if epochs == AUTO else cast("int | None", epochs)

    @property
    def takes_usual_epochs(self) -> bool:
        """Whether epochs are as many as where nobody asks."""
        return self.max_epochs == USUAL_EPOCHS


@final
class CheckpointGroup(Group):
    """Which weights are kept."""

    use = Setting[Literal["best", "last"]]("best")


@final
class StoppingGroup(Group):
    """When training ends early."""

    min_delta = Setting[float](0.0)

    @property
    def patience(self) -> int | None:
        """Validations without improvement; for `auto` what is usual, though a run may settle on more."""
        patience = self.node.get("patience", AUTO)
        return USUAL_PATIENCE if patience == AUTO else cast("int | None", patience)

    @property
    def ends_early(self) -> bool:
        """Whether it is asked for, with a patience."""
        return bool(self.node and self.patience)

    @property
    def ends_as_usual(self) -> bool:
        """Whether it ends as early as where nobody asks, or earlier."""
        return self.ends_early and (self.patience or 0) <= USUAL_PATIENCE


@final
class VerdictGroup(Group):
    """How far the verdict goes."""

    probes = Setting[str]("auto")
    references = Setting[str]("auto")
    seeds = Setting[int](1)
    splits = Setting[int](1)
    accept = Setting["list[str] | None"](None)


@final
class ReportGroup(Group):
    """What the report shows."""

    rows = Setting[bool](True)  # the default of a key


@final
class Part(Generic[G]):
    """A group of a config, named as the attribute unless `key` says where it stands."""

    def __init__(self, kind: type[G], key: str = "") -> None:
        self.kind, self.key = kind, key

    def __set_name__(self, owner: type, name: str) -> None:
        self.key = self.key or name

    @overload
    def __get__(self, config: None, owner: type) -> "Part[G]": ...
    @overload
    def __get__(self, config: "RunConfig", owner: type) -> G: ...
    def __get__(self, config: "RunConfig | None", owner: type) -> "Part[G] | G":
        if config is None:
            return self
        node = config.value(self.key)
        return self.kind(node if isinstance(node, Mapping) else {}, self.key)


@final
@dataclass(frozen=True)
class RunConfig:
    """A run's config as it was composed, checked and resolved.

    Args:
        tree: All of it as plain types, keys of the user's own included.
    """

    tree: Mapping[str, Any]

    model = Part(ModelGroup)
    data = Part(DataGroup)
    task = Part(TaskGroup)
    loss = Part(LossGroup)
    optimizer = Part(OptimizerGroup)
    scheduler = Part(Group)
    trainer = Part(TrainerGroup)
    callback = Part(Group)
    checkpoint = Part(CheckpointGroup, "callback.checkpoint")
    early_stopping = Part(StoppingGroup, "callback.early_stopping")
    logger = Part(Group)
    metrics = Part(Group)
    criteria = Part(Group)
    verdict = Part(VerdictGroup)
    report = Part(ReportGroup)
    sweep = Part(Group)

    @property
    def seed(self) -> int:
        return int(self.tree.get("seed", 0))

    @property
    def split_seed(self) -> int | None:
        """The seed of the split where it is not the run's own."""
        seed = self.tree.get("split_seed")
        return None if seed is None else int(seed)

    @property
    def monitor(self) -> str:
        """Name of the value that chooses among epochs."""
        return str(self.tree.get("monitor", "val/loss"))

    @property
    def output_dir(self) -> Path:
        return path_of(self.tree["output_dir"])

    @property
    def resumes(self) -> bool:
        """Whether it goes on from what a run has left."""
        return bool(self.tree.get("resume"))

    @property
    def test(self) -> "bool | str":
        """Whether the test split is scored; auto: but for the jobs of a sweep."""
        return cast("bool | str", self.tree.get("test", "auto"))

    @property
    def fail_on(self) -> str | None:
        return cast("str | None", self.tree.get("fail_on"))

    def having(self, **values: Any) -> "RunConfig":
        """The config with other values at some of its first keys."""
        return RunConfig({**self.tree, **values})

    def value(self, key: str, default: Any = None) -> Any:
        """What stands at a dotted key that is known only as text, such as that of an override."""
        node: Any = self.tree
        for part in key.split("."):
            if not isinstance(node, Mapping) or part not in node:
                return default
            node = node[part]
        return node
