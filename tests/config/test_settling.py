"""Values brought to the type that was meant, in place."""

from omegaconf import OmegaConf

from litmus.config import compose, settle


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


def _open(cfg):
    OmegaConf.set_struct(cfg, False)
    return cfg
