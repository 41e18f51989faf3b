"""Values brought to the type that was meant, in place."""

import pytest
from omegaconf import OmegaConf

from litmus.config import check, compose, settle


def test_values_are_coerced_in_the_config_itself():
    cfg = OmegaConf.unsafe_merge(
        _open(compose()),
        {"verdict": {"probes": False}, "name": 7, "loss": {"class_weight": None}, "model": {"norm": False}},
    )
    settle(cfg)
    assert (cfg.verdict.probes, cfg.name, cfg.loss.class_weight, cfg.model.norm) == ("off", "7", "none", "none")


def test_interpolations_and_what_is_right_already_stay_as_they_are():
    cfg = OmegaConf.merge(compose(), {"output_dir": "${name}/x", "model": {"hidden": [4, 5]}})
    before = OmegaConf.to_container(cfg, resolve=False)
    assert OmegaConf.to_container(settle(cfg), resolve=False) == before


LIGHTNINGS = "lightning.pytorch.callbacks.EarlyStopping"


@pytest.mark.parametrize(("target", "patience"), [(LIGHTNINGS, 20), ("litmus.engine.callbacks.EarlyStopping", "auto")])
def test_another_class_than_ours_takes_a_number_for_what_ours_settles_by_the_rows(target, patience):
    cfg = compose(["data=iris", f"callback.early_stopping._target_={target}"])
    assert check(cfg) == []
    assert cfg.callback.early_stopping.patience == patience


def test_so_does_another_trainer_in_a_folder_of_options(tmp_path):
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "theirs.yaml").write_text(
        "defaults: [auto, _self_]\n_target_: lightning.pytorch.Trainer\nloop: null\nthreads: null\n"
    )
    cfg = compose(["data=iris", "trainer=theirs"], config_dir=tmp_path)
    assert cfg.trainer.max_epochs == 100


@pytest.mark.parametrize(
    "reference", ["${trainer.max_epochs}", "${..trainer.max_epochs}", "${oc.select:trainer.max_epochs}"]
)
def test_what_others_refer_to_is_a_number(reference):
    schedule = ["scheduler._target_=torch.optim.lr_scheduler.CosineAnnealingLR", f"scheduler.T_max={reference}"]
    cfg = compose(["data=iris", *schedule])
    assert check(cfg) == []
    assert (cfg.trainer.max_epochs, cfg.scheduler.T_max) == (100, 100)
    assert cfg.callback.early_stopping.patience == "auto"


def _open(cfg):
    OmegaConf.set_struct(cfg, False)
    return cfg
