"""A job runs as Hydra runs it: the same files, the same config, the same surroundings."""

import copy
import logging
import os
from pathlib import Path

import pytest
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job
from hydra.types import HydraContext, RunMode
from omegaconf import OmegaConf, open_dict

from litmus.cli.job import prepare
from litmus.config.composition import composer
from litmus.sweeps.hydra_job import HydraJob, replace_log


class Look:
    """What a job sees."""

    def __call__(self, cfg):
        hydra = HydraConfig.get()
        self.place, self.number = hydra.runtime.output_dir, hydra.job.num
        self.given, self.flags = cfg, (OmegaConf.is_readonly(hydra), OmegaConf.is_struct(cfg))
        self.variable = os.environ.get("OWN")
        return 0.5

    def lost(self, cfg, directory, reason):
        return reason


@pytest.fixture
def cfg():
    prepare()
    with composer() as composing:
        found = composing.compose(["data=iris", "model.hidden=[8]", "++hydra.job.env_set.OWN=x"])
        with open_dict(found):
            found.hydra.mode, found.hydra.job.num, found.hydra.job.id = RunMode.MULTIRUN, 3, "3"
            found.hydra.sweep.dir, found.hydra.sweep.subdir = "s", "./3_${hydra:job.id}"
        yield found


def test_files_and_surroundings_are_those_of_hydra(cfg):
    ours, theirs = Look(), Look()
    context = HydraContext(config_loader=GlobalHydra.instance().config_loader(), callbacks=Callbacks())
    before = HydraConfig.instance().cfg
    run_job(theirs, copy.deepcopy(cfg), "hydra.sweep.dir", "hydra.sweep.subdir", context)
    files = {file.name: file.read_bytes() for file in Path("s/3_3/.hydra").iterdir()}
    assert HydraJob(ours, cfg, Path("s", "3_3"))() == 0.5
    assert {file.name: file.read_bytes() for file in Path("s/3_3/.hydra").iterdir()} == files
    assert files.keys() == {"config.yaml", "hydra.yaml", "overrides.yaml"}
    assert vars(ours) == vars(theirs)
    assert (ours.variable, os.environ.get("OWN")) == ("x", None)
    assert HydraConfig.instance().cfg is before


def test_what_a_job_raises_is_raised(cfg):
    def fail(_):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        HydraJob(fail, cfg, Path("s", "0"))()


def test_a_record_while_logs_are_replaced_does_not_open_the_former_file_again(tmp_path, monkeypatch):
    former = logging.FileHandler(tmp_path / "former.txt")
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [former])
    # as in dictConfig, which closes all handlers, then makes new ones, and last takes the former ones away
    monkeypatch.setattr("litmus.sweeps.hydra_job.configure_log", lambda *_: (former.close(), root.warning("meanwhile")))
    replace_log(OmegaConf.create({}), False)
    assert former.stream is None
    assert (tmp_path / "former.txt").read_text() == ""
