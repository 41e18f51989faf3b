from litmus.config import RunConfig
from litmus.report.hparams import flatten, hparams

CONFIG = {
    "model": {"_target_": "litmus.model.mlp.MLP", "hidden": [10, 10], "activation": "relu"},
    "data": {"_target_": "litmus.data.csv.Csv", "path": "a.csv", "batch_size": 32},
    "optimizer": {"_target_": "torch.optim.Adam", "lr": 0.1},
    "trainer": {"max_epochs": 5},
    "logger": {"token": "${oc.env:TOKEN}"},
    "seed": 1,
    "output_dir": "outputs",
}


def test_the_main_settings_are_flat_and_plain():
    found = hparams(CONFIG)
    assert found["model"] == "MLP"
    assert found["model.hidden"] == "[10, 10]"
    assert found["optimizer.lr"] == 0.1
    assert found["seed"] == 1
    assert all(isinstance(value, bool | int | float | str) for value in found.values())


def test_what_was_overridden_joins_them_and_places_do_not():
    found = hparams(CONFIG, ["++data.path=a.csv", "output_dir=x", "hydra.verbose=true", "no.such=1"])
    assert found["data.path"] == "a.csv"
    assert not {"output_dir", "hydra.verbose", "no.such"} & set(found)


def test_every_group_that_was_swept_shows_the_option_taken():
    typed = ["model=mlp", "scheduler=none", "++optimizer.lr=0.1", "criteria=strict", "experiment=null"]
    found = hparams({**CONFIG, "scheduler": None}, typed, {"model": "mlp", "scheduler": "none", "criteria": "strict"})
    assert [found[group] for group in ("model", "scheduler", "criteria", "optimizer")] == [
        *("mlp", "none", "strict"),
        "Adam",
    ]
    assert "experiment" not in found


def test_what_all_jobs_of_a_sweep_share_is_left_out():
    typed = ["model=mlp", "++optimizer.lr=0.1", "++data.batch_size=32"]
    found = hparams(CONFIG, typed, {"model": "mlp"}, {"model", "optimizer.lr"})
    assert found == {"model": "mlp", "optimizer.lr": 0.1}


def test_a_sweep_over_experiments_shows_what_each_may_have_set():
    choices = {"model": "mlp", "experiment": "iris"}
    assert hparams(CONFIG, [], choices, {"experiment"}) == hparams(CONFIG, [], choices)


def test_secrets_stay_references():
    assert hparams(CONFIG, ["logger.token=x"])["logger.token"] == "${oc.env:TOKEN}"


def test_values_and_the_flat_mapping_agree():
    flat = flatten(CONFIG)
    assert flat["optimizer.lr"] == RunConfig(CONFIG).value("optimizer.lr") == 0.1
    assert RunConfig(CONFIG).value("optimizer.lr.x") is None
