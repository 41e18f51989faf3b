import numpy as np
import polars as pl
import pytest
import torch

from litmus.data.preparation import prepare
from litmus.data.rows import Origin, Rows
from litmus.data.sources.frame import Frame
from litmus.data_checks.checks import check_data, with_twin_scores
from litmus.metrics.answers import Predictions
from litmus.task import auto

RNG = np.random.default_rng(0)
N = 400
X = RNG.normal(size=(N, 4))
LABEL = np.where(X[:, 0] + 0.5 * RNG.normal(size=N) > 0, "yes", "no")


def frame(**columns):
    return pl.DataFrame({**{f"x{i}": X[:, i] for i in range(4)}, "y": LABEL, **columns})


def checked(table, kind=None, **source):
    held = Frame(frame=table, target="y", **source)
    prepared = prepare(held, kind=kind, seed=0)
    task = auto(spec=prepared.spec)
    found = check_data(
        task,
        prepared.rows,
        prepared.assignment,
        prepared.splits,
        split_rule=held.split,
        finish=prepared.preprocess.finish,
        exchangeable=held.split == "stratified",
    )
    return found, task, prepared


def test_a_healthy_table_shows_nothing():
    facts = checked(frame(city=RNG.choice(["a", "b", "c"], N), age=RNG.integers(18, 80, N)))[0].facts
    assert [(twins.split, twins.exact) for twins in facts.twins] == [("val", 0), ("test", 0)]
    assert all(twins.near <= 2 for twins in facts.twins)
    assert facts.groups == ()
    assert facts.leaks == ()
    assert facts.input == "table"
    assert facts.sizes == {"train": 240, "val": 80, "test": 80}
    assert sum(facts.class_counts["val"].values()) == 80
    assert facts.scale_ratio == pytest.approx(1, abs=0.01)


def test_copies_groups_and_leaks_are_all_seen_at_once():
    table = frame(customer_id=[f"c{c}" for c in RNG.integers(80, size=N)], paid=np.where(LABEL == "yes", 1.0, 0.0) * 3)
    found, _, prepared = checked(pl.concat([table, table[:120]]))
    facts = found.facts
    assert all(twins.exact / twins.n > twins.expected + 0.15 for twins in facts.twins)
    assert {leak.column for leak in facts.groups} == {"customer_id"}
    assert facts.leaks[0].column == "paid"
    assert facts.leaks[0].score == 1.0
    assert facts.leaks[0].next_best < 0.9
    held_out, train = facts.twins[0].rows[0]
    assert abs(held_out - train) == N
    assert found.twins["val"].sum() == facts.twins[0].exact
    assert len(found.twins["val"]) == len(prepared.splits["val"])


def test_a_group_split_leaves_no_group_to_leak():
    table = frame(customer_id=[f"c{c}" for c in RNG.integers(80, size=N)])
    assert checked(table, split="group", group="customer_id")[0].facts.groups == ()
    named = checked(table, group="customer_id")[0].facts.groups
    assert named
    assert not named[0].inferred


def test_splits_that_are_not_given_are_not_looked_at():
    held = Frame(frame=frame(), target="y")
    prepared = prepare(held, seed=0)
    kept = {name: split for name, split in prepared.splits.items() if name != "test"}
    facts = check_data(auto(spec=prepared.spec), prepared.rows, prepared.assignment, kept).facts
    assert [twins.split for twins in facts.twins] == ["val"]
    assert set(facts.sizes) == {"train", "val"}


def test_columns_and_scales_are_described_raw_and_as_seen():
    table = frame(year=2000.0 + RNG.integers(0, 20, N), income=np.exp(10 + RNG.normal(size=N)), order=np.arange(N) + 7)
    plain = checked(table, normalize="none")[0].facts
    columns = {column.name: column for column in plain.columns}
    assert plain.scale_ratio > 1000
    assert plain.seen_mean_ratio > 100
    assert columns["year"].mean == pytest.approx(2009.5, abs=1.5)
    assert columns["year"].seen_mean == columns["year"].mean
    assert columns["order"].kind == "id"
    assert columns["x0"].kind == "number"
    standard = checked(table)[0].facts
    assert standard.scale_ratio < 1.1
    assert standard.seen_mean_ratio < 0.1
    assert {column.name: column.seen_sd for column in standard.columns}["income"] == pytest.approx(1, abs=0.01)


def test_spread_out_categories_are_no_matter_of_scale():
    facts = checked(frame(rare=np.where(np.arange(N) % 200 == 0, "a", "b")))[0].facts
    assert facts.scale_ratio < 1.1


def test_numbers_to_predict_are_described_in_their_own_unit():
    target = np.r_[100 + RNG.integers(0, 5, N - 8), np.full(8, 1000)].astype(float)
    facts = checked(frame(y=target), kind="regression", normalize_target=True, split="random")[0].facts
    assert facts.class_counts == {}
    assert 90 < facts.target_mean < 150
    assert facts.target_low == pytest.approx(100)
    assert facts.target_whole
    assert facts.target_distinct <= 6
    assert facts.target_tail == pytest.approx(898 / 1.4826, rel=0.05)


def test_logarithms_tell_skewed_amounts_from_a_few_wild_ones():
    amounts = np.exp(1.5 * RNG.normal(size=N))
    wild = np.r_[10 + RNG.normal(size=N - 8), np.full(8, 1000)]
    signed = amounts - 1
    tails = [
        checked(frame(y=target), kind="regression", split="random")[0].facts.target_tail_of_logs
        for target in (amounts, wild, signed)
    ]
    assert tails[0] < 5
    assert tails[1] > 20
    assert tails[2] is None


@pytest.mark.parametrize(("copied", "least", "most"), [(True, 0.99, 1.01), (False, -0.3, 0.3)])
def test_copies_have_the_target_of_their_row_and_other_observations_of_equal_inputs_do_not(copied, least, most):
    half = {name: RNG.normal(size=N // 2) for name in ("a", "b")} | {"y": RNG.choice(["no", "yes"], N // 2)}
    table = pl.DataFrame({name: np.r_[values, values] for name, values in half.items()})
    if not copied:
        table = table.with_columns(pl.Series("y", RNG.choice(["no", "yes"], N)))
    found = checked(table)[0].facts.twins
    assert all(least <= twins.same_target <= most for twins in found)


def test_images_and_texts_are_compared_whole():
    digits = np.random.default_rng(0).integers(0, 255, (60, 1, 8, 8)).astype(np.uint8)
    images = np.concatenate([digits, digits[:20]])
    rows = Rows(inputs=images, target=None, numbers=np.arange(80), origin=Origin(path="x", sha256="0", rows=80))
    assert _exact(rows) == 20
    texts = [f"word{i} and then {i} more words" for i in range(60)]
    repeated = [*texts, *(text.upper() for text in texts[:20])]
    assert _exact(Rows(inputs=repeated, target=None, numbers=np.arange(80), origin=rows.origin)) == 20


def _exact(rows):
    from litmus.data.tensors import Split
    from litmus.task.binary import Binary
    from litmus.task.spec import DataSpec

    text = isinstance(rows.inputs, list)
    kind, shape = ("text", (4,)) if text else ("image", (1, 8, 8))
    spec = DataSpec(task="binary", input=kind, in_shape=shape, target="y", classes=("a", "b"))
    x = torch.zeros(80, 4).long() if text else torch.from_numpy(rows.inputs)
    parts = {"train": slice(0, 60), "val": slice(60, 80)}
    splits = {
        name: Split(x=x[part], y=torch.arange(80)[part] % 2, rows=torch.arange(80)[part])
        for name, part in parts.items()
    }
    assignment = np.r_[np.zeros(60), np.ones(20)].astype(np.int8)
    facts = check_data(Binary(spec=spec), rows, assignment, splits).facts
    assert facts.twins[0].expected < 0.01
    return facts.twins[0].exact


def test_the_models_score_with_and_without_a_twin_is_added_after_the_fit():
    table = frame()
    found, task, prepared = checked(pl.concat([table, table[:150]]))
    split = prepared.splits["test"]
    has = torch.from_numpy(found.twins["test"])
    pred = torch.where(has, split.y, 1 - split.y)
    prob = torch.nn.functional.one_hot(pred, 2).double()
    predicted = Predictions(split="test", rows=split.rows, target=split.y, pred=pred, prob=prob)
    facts = with_twin_scores(found, task, {"test": predicted}, primary="accuracy")
    by_split = {twins.split: twins for twins in facts.twins}
    assert by_split["test"].score_with == 1.0
    assert by_split["test"].score_without == 0.0
    assert by_split["val"].score_with is None


def test_a_handful_of_a_class_among_the_twins_says_nothing_of_their_score():
    table = frame()
    found, task, prepared = checked(pl.concat([table, table[:150]]))
    split = prepared.splits["test"]
    has = torch.from_numpy(found.twins["test"])
    target = torch.zeros_like(split.y)
    target[torch.nonzero(has).flatten()[:4]] = 1
    target[~has] = split.y[~has]
    prob = torch.nn.functional.one_hot(target, 2).double()
    predicted = Predictions(split="test", rows=split.rows, target=target, pred=target, prob=prob)
    by_split = {one.split: one for one in with_twin_scores(found, task, {"test": predicted}, primary="accuracy").twins}
    assert by_split["test"].score_with is None
    assert by_split["test"].score_without == 1.0


@pytest.mark.parametrize(("gradual", "units"), [(True, set()), (False, {"rate"})])
def test_what_falls_bit_by_bit_over_time_has_not_changed_its_unit(gradual, units):
    place = np.arange(N) / N
    rate = np.exp(RNG.normal(0, 0.1, size=N)) * (
        2.2046 ** (-1.8 * place) if gradual else np.where(place < 0.8, 1, 1 / 2.2046)
    )
    facts = checked(frame(rate=rate, day=np.arange(N)), split="time", time="day")[0].facts
    assert set(facts.drifts["test"].units) == units
