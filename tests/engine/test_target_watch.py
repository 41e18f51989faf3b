"""Whether training steps look at the targets is told from torch's calls."""

import pytest
import torch
import torch.nn.functional as F

from litmus.data.tensors import Batch
from litmus.engine.target_watch import TargetWatch


def watched(step, batch, read) -> TargetWatch:
    watch = TargetWatch()
    watch.start(read, batch)
    step(batch)
    watch.stop()
    return watch


X, Y = torch.randn(6, 3), torch.arange(6) % 3


@pytest.mark.parametrize(
    ("step", "used"),
    [
        (lambda batch: F.cross_entropy(batch[0], batch[1]), True),
        (lambda batch: F.mse_loss(batch[0][:, 0], batch[1].float()), True),
        (lambda batch: F.nll_loss(input=batch[0], target=batch[1]), True),
        (lambda batch: F.mse_loss(batch[0], batch[0].relu()), False),
        (lambda batch: batch[0].sum() / batch[1].size(0) / len(batch[1]) / batch[1].shape[0], False),
    ],
    ids=["a loss of codes", "a loss of numbers", "by name", "a reconstruction", "sizes alone"],
)
def test_a_step_has_looked_at_the_targets_where_a_call_was_given_them(step, used):
    found = watched(step, (X, Y), Batch(X, Y))
    assert (found.used, found.batches) == (used, 1)


def test_targets_that_share_the_memory_of_the_inputs_cannot_be_told_apart_and_count_as_used():
    table = torch.randn(6, 4)
    found = watched(lambda batch: batch[0].sum(), (table[:, :3], table[:, 3]), Batch(table[:, :3], table[:, 3]))
    assert found.used


def test_a_batch_that_cannot_be_read_counts_as_used():
    assert watched(lambda batch: batch, X, None).used
