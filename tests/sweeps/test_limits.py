import time

from litmus.commands.train import train
from litmus.config import RunConfig, to_plain
from litmus.config.composition import compose
from litmus.engine.callbacks import TimeLimit
from litmus.sweeps.limits import job_limits


def test_a_job_stops_when_its_time_is_over_and_is_scored_all_the_same(tmp_path):
    words = ["data=iris", "trainer.max_epochs=1000000", "callback.early_stopping=null", "++sweep.seconds_per_job=1"]
    config = RunConfig(to_plain(compose([*words, "logger=null"])))
    began = time.monotonic()
    outcome = train(config, tmp_path / "run", stored=config.tree, job=True)
    assert time.monotonic() - began < 60
    assert outcome.evidence.fit.epochs > 1
    assert outcome.evidence.scores["val"]["accuracy"].value is not None
    assert "leaner" not in outcome.run.trainer.summary


def test_without_limits_there_is_nothing_to_watch():
    assert job_limits(RunConfig({})) == []
    assert job_limits(RunConfig(to_plain(compose(["data=iris"])))) == []
    (only,) = job_limits(RunConfig(to_plain(compose(["++sweep.seconds_per_job=2"]))))
    assert isinstance(only, TimeLimit)
