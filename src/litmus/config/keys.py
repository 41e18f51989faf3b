"""The nearest right word for a wrong one, keys that hold text, and overrides written so that they can be pasted."""

import difflib
import json
import re
import shlex
from collections.abc import Collection, Iterable

# What people call things elsewhere, and what it is called here.
SYNONYMS = {
    "acc": "accuracy",
    "auc": "auroc",
    "roc_auc": "auroc",
    "learning_rate": "lr",
    "eta": "lr",
    "bs": "batch_size",
    "batch": "batch_size",
    "batchsize": "batch_size",
    "epochs": "max_epochs",
    "num_epochs": "max_epochs",
    "n_epochs": "max_epochs",
    "max_iter": "max_epochs",
    "steps": "max_steps",
    "hidden_size": "hidden",
    "hidden_sizes": "hidden",
    "hidden_dim": "hidden",
    "hidden_units": "hidden",
    "hidden_layers": "hidden",
    "units": "hidden",
    "layers": "hidden",
    "dropout_rate": "dropout",
    "act": "activation",
    "act_fn": "activation",
    "nonlinearity": "activation",
    "l2": "weight_decay",
    "wd": "weight_decay",
    "clip": "gradient_clip_val",
    "grad_clip": "gradient_clip_val",
    "gradient_clip": "gradient_clip_val",
    "accumulate": "accumulate_grad_batches",
    "accumulation_steps": "accumulate_grad_batches",
    "gradient_accumulation_steps": "accumulate_grad_batches",
    "file": "path",
    "csv": "path",
    "filename": "path",
    "label": "target",
    "y": "target",
    "label_column": "target",
    "target_column": "target",
    "drop": "drop_columns",
    "na_values": "missing_values",
    "test_size": "test_fraction",
    "test_split": "test_fraction",
    "val_size": "val_fraction",
    "val_split": "val_fraction",
    "validation_fraction": "val_fraction",
    "cv": "folds",
    "k_folds": "folds",
    "n_splits": "folds",
    "normalise": "normalize",
    "standardize": "normalize",
    "scale": "normalize",
    "workers": "num_workers",
    "pos_label": "positive",
    "positive_class": "positive",
    "class_weights": "class_weight",
    "gpus": "devices",
    "datamodule": "data",
    "lit_module": "model",
    "criterion": "loss",
    "task_name": "name",
    "run_id": "name",
    "random_state": "seed",
    "seed_everything": "seed",
    "random_seed": "seed",
    "run_name": "name",
    "experiment_name": "name",
    "out": "output_dir",
    "output": "output_dir",
    "outdir": "output_dir",
    "out_dir": "output_dir",
}
_CHECKPOINT = "go on with a run by resume=<run dir|last>; score a checkpoint by litmus evaluate checkpoint=<file>"
# Keys of other frameworks that have no like here, each with what to write instead.
ELSEWHERE = {
    "ckpt_path": _CHECKPOINT,
    "trainer.ckpt_path": _CHECKPOINT,
    "trainer.resume_from_checkpoint": _CHECKPOINT,
    "debug": "--debug shows where an error arose; trainer.fast_dev_run=true tries one batch of each split",
    "hparams_search": "write sweep=<preset> with -m, or hydra/sweeper=optuna with spaces",
    "extras": "--cfg job prints the config; leave it out",
    "optimized_metric": "write monitor=val/<metric>",
    "datamodule": "write data._target_=<class>, or data=<option>",
    "callbacks": "write callback.<name>._target_=<class>, and callback.early_stopping=null to switch that off",
    "tags": "name=<name> tells runs apart; leave it out",
    "paths": "write output_dir=<folder>",
    "train": "litmus train trains, and litmus evaluate only scores; leave it out",
    "trainer.logger": "write logger=<option>, or logger=[<option>,<option>]",
    "trainer.callbacks": "write callback.<name>._target_=<class>",
    "trainer.default_root_dir": "write output_dir=<folder>",
    "trainer.enable_progress_bar": "a terminal shows how far the fit is, and a file does not; leave it out",
    "trainer.enable_model_summary": ("write callback.summary._target_=lightning.pytorch.callbacks.ModelSummary"),
    "trainer.enable_checkpointing": "scores and predictions come from a run's checkpoint; leave it out",
    "trainer.plugins": "a plugin of ours writes checkpoints; write trainer.precision or trainer.strategy",
    "trainer.barebones": "a fit without metrics could not be judged; trainer.fast_dev_run=true shows whether it runs",
    "trainer.weights_save_path": "write output_dir=<folder>",
    "trainer.weights_summary": "write callback.summary._target_=lightning.pytorch.callbacks.ModelSummary",
    "trainer.progress_bar_refresh_rate": "a terminal shows how far the fit is, and a file does not; leave it out",
    "trainer.auto_lr_find": "write callback.lr._target_=lightning.pytorch.callbacks.LearningRateFinder",
    "trainer.auto_scale_batch_size": "write callback.size._target_=lightning.pytorch.callbacks.BatchSizeFinder",
    "trainer.stochastic_weight_avg": (
        "write callback.swa._target_=lightning.pytorch.callbacks.StochasticWeightAveraging"
    ),
    "trainer.early_stop_callback": "write callback.early_stopping.patience=<epochs>, or early_stopping=null",
    "trainer.terminate_on_nan": "a loss that is not finite ends every run; leave it out",
    "trainer.track_grad_norm": "every run records the gradients of its layers; leave it out",
    "trainer.amp_backend": "write trainer.precision=16-mixed",
    "trainer.amp_level": "write trainer.precision=16-mixed",
    "trainer.replace_sampler_ddp": "write trainer.use_distributed_sampler",
    "trainer.distributed_backend": "write trainer.strategy=ddp",
    "trainer.auto_select_gpus": "write trainer.devices=auto",
    "trainer.checkpoint_callback": "write callback.checkpoint.use=best, or last",
}
# Everything after the first `=` of these is text: paths, column names, labels. One pair of quotes around it, which
# Hydra needs where there are spaces, is taken off.
TEXT_KEYS = frozenset(
    {
        *("data.path", "data.test_path", "data.target", "data.text", "data.weight", "data.group", "data.time"),
        *("data.split_column", "data.delimiter", "data.encoding", "task.positive"),
        *("name", "resume", "output_dir", "input", "output", "checkpoint", "against", "predictions"),
    }
)
# Text in which ${...} means another key or a variable of the environment: where things are, and what they are called.
PLACE_KEYS = frozenset(
    {
        *("name", "output_dir", "data.path", "data.test_path"),
        *("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.output_subdir"),
    }
)
# The same for each item between the brackets.
LIST_KEYS = frozenset({"data.drop_columns", "data.features", "data.missing_values", "verdict.accept"})

_BARE = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.:@-]*")
_LITERALS = {"true", "false", "null", "nan", "inf"}


def near(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """The choice most like `word`, or "" if none is near."""
    lowered = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), lowered, 1, cutoff)
    return lowered[found[0]] if found else ""


def right_key(wrong: str, known: Collection[str]) -> str:
    """The key of `known` that was probably meant by `wrong`, or "".

    Tried in turn: another word for it, a near word in the same place, the same word in another place, a near key.

    Example:
        >>> right_key("max_epochs", ["trainer.max_epochs", "optimizer.lr"])
        'trainer.max_epochs'
    """
    place, _, leaf = wrong.rpartition(".")
    meant = SYNONYMS.get(leaf.lower())
    if meant and (found := _elsewhere(meant, place, known)):
        return found
    siblings = [key for key in known if key.rpartition(".")[0] == place]
    if place and (found := near(wrong, siblings, 0.8) or near(leaf, [_leaf(key) for key in siblings])):
        return found if found in known else f"{place}.{found}"
    if found := _elsewhere(leaf, place, known):
        return found
    if not place and (found := near(wrong, [key for key in known if "." not in key], 0.75)):
        return found
    by_leaf = near(leaf, [_leaf(key) for key in known], 0.8)
    return near(wrong, known, 0.75) or (_elsewhere(by_leaf, place, known) if by_leaf else "")


def hydra_text(value: object) -> str:
    """A plain value in Hydra's grammar; parsing gives the value back."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{hydra_text(key)}:{hydra_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(hydra_text, value)) + "]"
    text = str(value)
    bare = _BARE.fullmatch(text) and text.lower() not in _LITERALS
    return text if bare else quoted(text)


def quoted(text: str, *, resolved: bool = False) -> str:
    """`text` between the single quotes of Hydra's grammar, where a backslash only counts before a quote or `${`.

    Args:
        text: Any.
        resolved: Whether `${...}` in it is an interpolation, and not text like all else.
    """
    if resolved:
        escaped = re.sub(r"(\\*)(?='|$)", lambda found: found[1] * 2, text) if "\\" in text else text
        return "'" + escaped.replace("'", r"\'") + "'"
    escaped = re.sub(r"(\\*)(?='|$|\$\{)", lambda found: found[1] * 2, text) if "\\" in text else text
    return "'" + escaped.replace("'", r"\'").replace("${", r"\${") + "'"


def quote_override(key: str, value: object) -> str:
    """`key=value` as a word that pastes into bash and zsh and means this value to the command line.

    Example:
        >>> quote_override("model.hidden", [64, 64])
        "'model.hidden=[64,64]'"
        >>> quote_override("optimizer.lr", 0.01)
        'optimizer.lr=0.01'
    """
    if key in TEXT_KEYS and isinstance(value, str):
        return shlex.quote(as_word(key, value))
    return shlex.quote(f"{key}={hydra_text(value)}")


def split_list(text: str) -> list[str]:
    """The items of `[a b, c (x), 'd, e']`: text between commas, quotes kept only inside a word."""
    items = re.findall(r"""\s*((?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")\s*(?=,|$)|[^,]*)(?:,|$)""", text.strip()[1:-1])
    if items and not items[-1]:
        items.pop()
    return [unquoted(item.strip()) for item in items]


def unquoted(text: str) -> str:
    """The text without the one pair of quotes, of Hydra's grammar, that it stands between, if it does."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return re.sub(r"\\(['\"\\]|\$(?=\{))", r"\1", text[1:-1])
    return text


def as_word(key: str, text: str) -> str:
    """`key=text` for a key of `TEXT_KEYS` or `PLACE_KEYS`: a text that is itself between quotes gets another pair."""
    return f"{key}={text if unquoted(text) == text else quoted(text)}"


def _elsewhere(leaf: str, place: str, known: Collection[str]) -> str:
    """The key that ends in `leaf`, of several the one whose place is most like `place`."""
    found = [key for key in known if _leaf(key) == leaf]

    def likeness(key: str) -> float:
        return difflib.SequenceMatcher(None, key.rpartition(".")[0], place).ratio()

    return max(found, key=lambda key: (likeness(key), -key.count("."), -len(key)), default="")


def _leaf(key: str) -> str:
    return key.rpartition(".")[2]
