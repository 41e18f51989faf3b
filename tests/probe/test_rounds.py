"""Rounds of small trainings: what they cost, how far they get in a given time, and when they end."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmus.probe.allowance import Allowance
from litmus.probe.bench import Bench
from litmus.probe.rounds import Round, cheaper, work
from litmus.run import prepare_data

FAST, SLOW = ("optimizer.lr=0.01",), ("trainer.max_epochs=12",)
lengths = st.lists(st.floats(0, 1000), min_size=1, max_size=12)


@pytest.fixture
def bench(config):
    def make(*words: str, seconds: float = 60.0, alone_seconds: float = 1.0) -> Bench:
        settings = config(*words)
        return Bench(settings, prepare_data(settings), "balanced_accuracy", Allowance(seconds), alone_seconds)

    return make


@given(lengths)
def test_members_of_one_length_cost_that_many_epochs(ends):
    assert work([ends[0]] * len(ends), len(ends)) == pytest.approx(ends[0])


@given(lengths, st.integers(0, 11), st.floats(0, 100))
def test_a_longer_member_costs_more_and_at_most_its_own_epochs(ends, place, more):
    longer = [end + more * (at == place % len(ends)) for at, end in enumerate(ends)]
    extra = work(longer, len(ends)) - work(ends, len(ends))
    assert -1e-9 <= extra <= more + 1e-6


def test_a_stack_of_half_the_members_costs_more_than_half():
    assert 0.5 < cheaper(10, 20) < 1
    assert cheaper(20, 20) == 1


def test_jobs_of_one_shape_train_together_and_the_others_alone(bench):
    wide = ("model.hidden=[9]",)
    augmented = ("trainer.check_val_every_n_epoch=2",)
    rounds = Round(bench(), [((), 1), (FAST, 1), (wide, 1), (augmented, 1)])
    assert [group.jobs for group in rounds.groups] == [[((), 1), (FAST, 1)], [(wide, 1)]]
    assert rounds.lone == [(augmented, 1)]


def test_every_training_comes_to_its_own_end(bench):
    shots = Round(bench(), [((), 1), (SLOW, 1), (FAST, 2)]).run()
    assert {changes: shot.epochs for (changes, _), shot in shots.items()} == {(): 6, SLOW: 12, FAST: 6}
    assert all(shot.finished for shot in shots.values())


def test_a_round_that_is_cut_gives_what_there_is(bench):
    long = ("trainer.max_epochs=100000", "callback.early_stopping=null")
    rounds = Round(bench(*long), [((), 1), (FAST, 1)])
    ahead = rounds.groups[0].stack.epochs
    shots = rounds.run(ahead + 5)
    assert {shot.epochs for shot in shots.values()} == {ahead + 5}
    assert not any(shot.finished for shot in shots.values())


def test_the_end_of_the_allowance_ends_stacks_and_keeps_lone_trainings_from_starting(bench):
    table = bench("trainer.max_epochs=100000", "callback.early_stopping=null")
    lone = ("trainer.check_val_every_n_epoch=2",)
    rounds = Round(table, [((), 1), (lone, 1)])
    table.allowance = Allowance(0.3)
    began = time.monotonic()
    shots = rounds.run()
    assert time.monotonic() - began < 60
    assert set(shots) == {((), 1)}
    assert not shots[(), 1].finished


def test_as_many_epochs_are_taken_as_the_time_allows(bench):
    rounds = Round(bench("trainer.max_epochs=5000", "callback.early_stopping=null"), [((), 1), (FAST, 1)])
    (group,) = rounds.groups
    assert rounds.within(math.inf) == math.inf
    assert rounds.within(rounds.cost() + 1) == math.inf
    for epochs in (group.stack.epochs + 10, 1000, 4000):
        found = rounds.within(rounds.cost(epochs))
        assert abs(found - epochs) <= 1
        assert rounds.cost(found) <= rounds.cost(epochs) + 1e-9
    assert rounds.within(0.0) <= group.stack.epochs


def test_lone_trainings_are_counted_at_what_one_takes(bench):
    lone = ("trainer.check_val_every_n_epoch=2",)
    table = bench(alone_seconds=7.0)
    assert Round(table, [(lone, 1), (lone, 2)]).cost() == 14.0
    assert Round(table, [(lone, 1)]).within(6.9) == 0
    assert Round(table, [(lone, 1)]).within(7.0) == math.inf
