"""Configs of points, composed in a short way to the same end as in Hydra's."""

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from litmus.cli.job import prepare
from litmus.config.composition import composer
from litmus.sweeps.composing import PointComposer

POINTS = [
    [],
    ["++optimizer.lr=0.1", "++seed=3"],
    ["++optimizer.lr=0.01", "++seed=3"],
    ["model=linear", "++optimizer.lr=0.01"],
    ["model=mlp", "++model.hidden=[8,8]"],
    ["++model.hidden=[4]", "model=mlp", "data=iris"],
    ["optimizer.lr=0.3", "seed=4"],
    ["++name='lr_${optimizer.lr}'", "++optimizer.lr=2.0"],
    ["++trainer.logger={a:1}"],
    ["++callback.early_stopping=null", "~logger"],
    ["~logger=null", "++seed=5"],
    ["~logger=null", "++seed=6"],
    ["~callback.early_stopping", "++seed=6"],
    ["experiment=wine", "++seed=1"],
    ["hydra.job.config.override_dirname.exclude_keys=[seed]", "++seed=9", "++optimizer.lr=1"],
]


def test_a_point_is_composed_to_what_hydra_composes():
    prepare()
    with composer():
        hydra = GlobalHydra.instance().hydra
        master = hydra.compose_config("train", [], run_mode=RunMode.MULTIRUN)
        composing = PointComposer(hydra.config_loader, master)
        for lines in [*POINTS, *POINTS]:
            ours, theirs = composing.compose(lines), hydra.config_loader.load_sweep_config(master, lines)
            assert OmegaConf.to_container(ours) == OmegaConf.to_container(theirs), lines


@pytest.mark.parametrize("words", [["++seed={}"], ["++optimizer.lr=.{}1"], ["~logger=null", "data=iris", "seed={}"]])
def test_points_that_differ_in_values_alone_are_composed_by_hydra_once(words):
    prepare()
    with composer():
        hydra = GlobalHydra.instance().hydra
        composing = PointComposer(hydra.config_loader, hydra.compose_config("train", [], run_mode=RunMode.MULTIRUN))
        for number in range(3):
            composing.compose([word.format(number) for word in words])
        assert len(composing._bases) == 1


def test_a_value_that_fits_no_key_is_refused():
    prepare()
    with composer():
        hydra = GlobalHydra.instance().hydra
        composing = PointComposer(hydra.config_loader, hydra.compose_config("train", [], run_mode=RunMode.MULTIRUN))
        with pytest.raises(Exception, match="momentun"):
            composing.compose(["optimizer.momentun=.1"])
