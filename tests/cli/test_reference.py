"""The reference of keys, read from the sources, against what is really there."""

import pytest

from litmus.cli import reference
from litmus.config import check, compose
from litmus.config.signatures import FACTS, nodes, signature
from litmus.config.storage import to_plain
from litmus.config.targets import target

PUBLIC = {
    "": "seed name monitor test resume fail_on output_dir",
    "model": "hidden activation dropout norm output_activation init init_std init_bias",
    "data": "path test_path target text features drop_columns weight batch_size shuffle num_workers split split_column"
    " group time gap val_fraction test_fraction folds normalize normalize_target impute dedupe max_rows checks"
    " missing_target rare_classes missing_values strict",
    "task": "positive threshold threshold_goal calibrate",
    "loss": "class_weight pos_weight label_smoothing",
    "optimizer": "lr momentum weight_decay",
    "trainer": "max_epochs accumulate_grad_batches gradient_clip_val loop",
    "callback.early_stopping": "patience",
    "callback.checkpoint": "use",
    "criteria": "accuracy precision recall f1 auroc r2 rmse mae",
    "verdict": "probes references budget seeds accept",
    "report": "rows",
}
OPTIONS = {
    "model": "cnn linear mlp text",
    "data": "blobs breast_cancer circles csv diabetes digits image_folder imbalanced iris line linear mnist moons"
    " noise parquet spirals text wine",
    "task": "auto binary multiclass regression",
    "loss": "auto bce cross_entropy focal huber l1 mse poisson",
    "optimizer": "adam adamw rmsprop sgd",
    "scheduler": "cosine none onecycle plateau step",
    "trainer": "auto cpu ddp gpu",
    "callback": "default",
    "criteria": "default probability strict",
    "logger": "csv mlflow tensorboard wandb",
}


@pytest.fixture(scope="module")
def entries() -> dict[str, str]:
    return {entry.key: entry.meaning for entry in reference.entries()}


@pytest.mark.parametrize("place", PUBLIC)
def test_the_stable_keys_are_there(entries, place):
    assert {f"{place}.{word}".lstrip(".") for word in PUBLIC[place].split()} <= set(entries)


@pytest.mark.parametrize("group", OPTIONS)
def test_the_stable_options_are_there(group):
    assert set(OPTIONS[group].split()) <= set(reference.groups()[group])


def test_every_key_and_every_option_is_explained(entries):
    assert [key for key, meaning in entries.items() if not meaning] == []
    silent = [
        f"{group}={option}"
        for group, options in reference.groups().items()
        for option in options
        if not options[option]
    ]
    assert silent == []


def test_the_run_supplies_no_key_that_the_reference_lists(entries):
    assert {key.rpartition(".")[2] for key in entries if "." in key} & FACTS == set()


@pytest.mark.parametrize("group", ["model", "data", "task", "loss", "scheduler", "criteria"])
def test_what_the_sources_tell_is_what_the_signatures_take(group):
    """Read as text on one side, imported on the other."""
    for option in reference.groups()[group]:
        file = reference.conf_dir() / group / f"{option}.yaml"
        told = set(reference._entries(file, group))
        if group == "scheduler" and option == "none":
            assert told == set()
            continue
        name = next(line.split(": ")[1] for line in file.read_text().splitlines() if line.startswith("_target_"))
        taken = set(signature(target(name), name).parameters) - FACTS
        assert told == {f"{group}.{word}" for word in taken}


def test_known_keys_of_optimizers_and_trainer_exist():
    for group, options in (("optimizer", ("sgd", "adam", "rmsprop", "adamw")), ("trainer", ("auto",))):
        taken = {"parts"} if group == "optimizer" else set()  # which learning rates are the run's, not the optimizer's
        for option in options:
            node = to_plain(compose([f"{group}={option}"]))[group]
            taken |= set(signature(target(node["_target_"]), node["_target_"]).parameters)
        assert {entry.key.partition(".")[2] for entry in reference.group_keys(group)} <= taken


def test_the_reference_covers_every_node_of_the_default_config(entries):
    cfg = compose()
    assert check(cfg) == []
    given = {f"{key}.{word}" for key, node in nodes(to_plain(cfg)) for word in node if not word.startswith("_")}
    assert given - set(entries) <= {"trainer.num_sanity_val_steps"}
