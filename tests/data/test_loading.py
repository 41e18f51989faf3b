"""Batches: every row once an epoch, an order that follows from seed and epoch, and a resume that changes nothing."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from litmus.data.loading import BatchLoader
from litmus.data.tensors import Split


def split_of(n: int, *, weighted: bool = False) -> Split:
    rows = torch.arange(n)
    return Split(x=rows[:, None].float(), y=rows, rows=rows, weight=rows.float() if weighted else None)


def loader(n: int = 10, **keys: object) -> BatchLoader:
    return BatchLoader(split_of(n), **{"batch_size": 3, "shuffle": True, "seed": 1, **keys})


def order(batches: BatchLoader) -> list[int]:
    return [row for batch in batches for row in batch.y.tolist()]


@given(n=st.integers(1, 60), size=st.integers(1, 70), shuffle=st.booleans(), epoch=st.integers(0, 5))
def test_every_row_comes_once_an_epoch(n, size, shuffle, epoch) -> None:
    batches = loader(n, batch_size=size, shuffle=shuffle)
    batches.set_epoch(epoch)
    assert sorted(order(batches)) == list(range(n))
    assert len(list(batches)) == len(batches)


def test_inputs_labels_and_weights_stay_together() -> None:
    batches = BatchLoader(split_of(10, weighted=True), batch_size=4, shuffle=True, seed=3)
    for batch in batches:
        assert batch.x[:, 0].tolist() == batch.y.tolist() == batch.weight.tolist()


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    first, again, other = loader(50), loader(50), loader(50, seed=2)
    for batches in (first, again, other):
        batches.set_epoch(4)
    assert order(first) == order(first) == order(again)
    assert order(first) != order(other)
    again.set_epoch(5)
    assert order(first) != order(again)


@given(n=st.integers(2, 40), done=st.integers(0, 13))
def test_a_resume_goes_on_where_it_stopped(n, done) -> None:
    size = max(1, n // 13)
    batches = loader(n, batch_size=size)
    batches.set_epoch(2)
    whole = [batch.y.tolist() for batch in batches]
    done = min(done, len(whole))
    steps = iter(batches)
    for _ in range(done):
        next(steps)
    resumed = loader(n, batch_size=size)
    resumed.load_state_dict({**batches.state_dict(), "batch": done})
    resumed.set_epoch(3 if done == len(whole) else 2)
    rest = [batch.y.tolist() for batch in resumed]
    if done < len(whole):
        assert rest == whole[done:]
    else:
        batches.set_epoch(3)
        assert rest == [batch.y.tolist() for batch in batches]
    resumed.set_epoch(9)
    assert len(list(resumed)) == len(whole)


def test_the_state_counts_the_batches_given_out() -> None:
    batches = loader(10)
    steps = iter(batches)
    next(steps)
    next(steps)
    assert batches.state_dict() == {"epoch": 0, "batch": 2}


def test_a_batch_of_all_rows_is_the_tensors_themselves() -> None:
    batches = loader(10, batch_size=None)
    (first,), (second,) = list(batches), list(batches)
    assert first.x is second.x is batches.split.x


def test_without_a_shuffle_batches_are_views() -> None:
    batches = loader(10, shuffle=False)
    first = next(iter(batches))
    assert first.x.data_ptr() == batches.split.x.data_ptr()


@given(n=st.integers(1, 50), world=st.integers(1, 4), pad=st.booleans())
def test_processes_share_the_rows(n, world, pad) -> None:
    parts = [loader(n, rank=rank, world=world, pad=pad) for rank in range(world)]
    rows = [row for part in parts for row in order(part)]
    assert set(rows) == set(range(n))
    if pad:
        assert len({len(order(part)) for part in parts}) == 1
    else:
        assert sorted(rows) == list(range(n))


@pytest.mark.parametrize(("n", "batches"), [(9, 3), (10, 3), (11, 3)])
def test_drop_last_leaves_a_short_batch_out(n: int, batches: int) -> None:
    given_out = list(loader(n, drop_last=True))
    assert len(given_out) == batches
    assert all(len(batch.y) == 3 for batch in given_out)


def blocks_of(n: int, window: int, **keys: object) -> BatchLoader:
    return BatchLoader(
        replace(split_of(n, weighted=True), window=window), **{"batch_size": 3, "seed": 1, "shuffle": True, **keys}
    )


@given(n=st.integers(1, 200), window=st.integers(1, 80), size=st.integers(1, 70), epoch=st.integers(0, 3))
def test_mixed_by_blocks_every_row_comes_once_with_its_label_and_weight(n, window, size, epoch) -> None:
    batches = blocks_of(n, window, batch_size=size)
    batches.set_epoch(epoch)
    made = list(batches)
    assert sorted(row for batch in made for row in batch.y.tolist()) == list(range(n))
    assert len(made) == len(batches)
    for batch in made:
        assert batch.x[:, 0].tolist() == batch.y.tolist() == batch.weight.tolist()


@given(n=st.integers(65, 300), window=st.integers(32, 64))
def test_rows_of_a_window_lie_in_few_blocks(n, window) -> None:
    order = blocks_of(n, window).order(0)
    size = window // 16
    for part in order.split(window):
        assert len((part // size).unique()) <= window // size + 2


def test_blocks_come_in_another_order_each_epoch() -> None:
    batches = blocks_of(500, 64)
    assert batches.order(0).equal(batches.order(0))
    assert not batches.order(0).equal(batches.order(1))


@given(n=st.integers(40, 120), done=st.integers(1, 12), more=st.one_of(st.none(), st.integers(1, 200)))
def test_a_resume_keeps_the_order_whatever_memory_there_is_now(n, done, more) -> None:
    batches = blocks_of(n, 20)
    whole = [batch.y.tolist() for batch in batches]
    steps = iter(batches)
    for _ in range(done):
        next(steps)
    resumed = BatchLoader(replace(split_of(n), window=more), batch_size=3, shuffle=True, seed=1)
    resumed.load_state_dict(batches.state_dict())
    resumed.window = batches.window  # as the data module does
    assert [batch.y.tolist() for batch in resumed] == whole[done:]


@given(n=st.integers(2, 90), window=st.integers(1, 40), world=st.integers(2, 3))
def test_processes_share_the_rows_of_blocks(n, window, world) -> None:
    shares = [blocks_of(n, window, rank=rank, world=world) for rank in range(world)]
    assert sorted(row for share in shares for row in order(share)) == list(range(n))


def test_an_error_in_the_background_is_raised_where_the_rows_are_needed() -> None:
    broken = replace(split_of(30), x=torch.zeros(20, 1), window=10)
    with pytest.raises(IndexError, match="index"):
        list(BatchLoader(broken, batch_size=3, shuffle=True, seed=1))
