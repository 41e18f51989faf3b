"""Our arguments of Lightning's Trainer: which loop drives the fit, on how many threads."""

import pytest
import torch

from litmus.config import make
from litmus.engine.callbacks import Checkpoint
from litmus.engine.trainer import FEW_PARAMETERS, THREADS, set_threads

PLAIN = {"_target_": "litmus.engine.trainer.Trainer", "accelerator": "cpu", "devices": 1}


@pytest.fixture(autouse=True)
def _as_many_threads_as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_small_models_get_one_thread_and_others_all():
    set_threads("auto", FEW_PARAMETERS - 1)
    assert torch.get_num_threads() == 1
    set_threads("auto", FEW_PARAMETERS)
    assert torch.get_num_threads() == THREADS


@pytest.mark.parametrize("parameters", [10, 10 * FEW_PARAMETERS])
def test_a_number_of_threads_is_taken_whatever_the_size(parameters):
    set_threads(3, parameters)
    assert torch.get_num_threads() == 3


def test_loop_and_threads_are_named_for_the_log(tmp_path):
    trainer = make(PLAIN | {"loop": "stock", "threads": 2}, "trainer")
    trainer.choose_loop(torch.optim.SGD)
    set_threads(trainer.threads, 10)
    assert trainer.summary == "loop: stock (asked for); threads: 2 (2)"
    ours = Checkpoint(mode="min", directory=str(tmp_path))
    other = make(PLAIN, "trainer", callbacks=[ours])
    other.choose_loop(torch.optim.SGD)
    set_threads(other.threads, 10)
    assert other.summary == "loop: lean; threads: 1 (auto)"


def test_arguments_without_effect_are_accepted_and_named_for_the_log():
    trainer = make(PLAIN | {"loop": "stock", "log_every_n_steps": 5, "inference_mode": False}, "trainer")
    trainer.choose_loop(torch.optim.SGD)
    assert trainer.summary.endswith("; without effect: inference_mode log_every_n_steps")
