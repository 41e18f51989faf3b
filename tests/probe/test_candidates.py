"""What is tried: only changes that compose, each once, and those that fit what the run showed."""

import pytest

from litmus.config import check
from litmus.config.changes import apply
from litmus.probe.candidates import combinations, singles
from litmus.verdict import Finding
from litmus.verdict.candidate import Candidate
from litmus.verdict.rates import usual

LINEAR = Finding(
    name="model_is_linear", severity="error", summary="", overrides=("model.activation=relu",), evidence={}
)
SHORT = Finding(name="too_few_epochs", severity="error", summary="", overrides=("trainer.max_epochs=50",))
RUNS = {
    "as composed": (),
    "linear stack": ("model.activation=none", "optimizer=sgd", "optimizer.lr=0.1"),
    "deep sigmoid": ("model.hidden=[8,8,8]", "model.activation=sigmoid", "optimizer=sgd"),
    "everything wrong": (
        *("data=wine", "data.normalize=none", "data.shuffle=false", "model.init=zeros", "model.init_bias=3.0"),
        *("model.output_activation=softmax", "model.dropout=0.2", "optimizer=adamw", "optimizer.lr=5"),
        *("optimizer.weight_decay=2", "scheduler=cosine", "trainer.accumulate_grad_batches=4"),
        *("trainer.gradient_clip_val=0.001", "callback.checkpoint.use=last"),
    ),
    "numbers": ("data=diabetes", "task=regression", "data.normalize_target=false", "model.hidden=[40]"),
    "no hidden layer": ("data=wine", "model=linear"),
    "pictures": ("data=digits", "model=cnn"),
}


@pytest.fixture(params=RUNS, ids=list(RUNS))
def evidence(request, make_evidence):
    words = RUNS[request.param]
    facts = {
        "fit": {"accumulate": 4 if "trainer.accumulate_grad_batches=4" in words else 1},
        "data": {"target_mean": 150.0, "target_sd": 70.0},
    }
    return make_evidence(*words, **facts)


def texts(candidates) -> list[str]:
    return [" ".join(one.changes) for one in candidates]


def test_every_candidate_composes_passes_the_check_and_changes_something(evidence, make_verdict):
    tried = singles(evidence, make_verdict(LINEAR if evidence.model.linear else SHORT))
    more = combinations(evidence, [(one, 0.1) for one in tried], "model_is_linear", least=0.01)
    assert tried
    for one in [*tried, *more]:
        changed = apply(evidence.config, one.changes)
        assert not check(changed), one
        assert changed != evidence.config, one


def test_each_change_is_tried_once(evidence, make_verdict):
    tried = singles(evidence, make_verdict(LINEAR))
    sets = [frozenset(one.changes) for one in tried]
    assert len(set(sets)) == len(sets)
    more = combinations(evidence, [(one, 0.1) for one in tried], None, least=0.01)
    assert not {frozenset(one.changes) for one in more} & set(sets)


@pytest.mark.parametrize(("alone", "name"), [(0.38, "lr_too_high"), (0.05, "underfitting")])
def test_changes_together_are_the_roots_cure_where_its_own_change_does_a_good_part_alone(make_evidence, alone, name):
    slower = Candidate("lr_ladder", ("optimizer.lr=0.001",), "lr_too_high")
    larger = Candidate("larger", ("model.hidden=[128,128]",), "underfitting")
    more = combinations(make_evidence(), [(larger, 0.41), (slower, alone)], "lr_too_high", least=0.01)
    both = [one for one in more if set(one.changes) == {*slower.changes, *larger.changes}]
    assert [one.finding for one in both] == [name]


def test_no_candidate_sets_a_key_twice(evidence, make_verdict):
    tried = singles(evidence, make_verdict(LINEAR))
    for one in [*tried, *combinations(evidence, [(one, 0.1) for one in tried], None, least=0.01)]:
        assert len(one.keys) == len(one.changes)


def test_the_findings_own_suggestion_comes_first_then_with_the_rates_it_may_need(make_evidence, make_verdict):
    tried = singles(make_evidence(*RUNS["linear stack"]), make_verdict(LINEAR))
    assert tried[0] == Candidate("suggestion", ("model.activation=relu",), "model_is_linear")
    assert texts(tried)[1:4] == [f"model.activation=relu optimizer.lr={rate}" for rate in (1, 0.3, 3)]


def test_what_is_wrong_with_a_run_is_undone_one_thing_at_a_time(make_evidence, make_verdict):
    evidence = make_evidence(*RUNS["everything wrong"], fit={"accumulate": 4})
    tried = texts(singles(evidence, make_verdict()))
    for change in (
        "optimizer.weight_decay=0 model.dropout=0",
        "trainer.gradient_clip_val=null",
        "trainer.accumulate_grad_batches=1",
        "data.normalize=standard",
        "data.shuffle=true",
        "scheduler=none",
        "model.output_activation=none",
        "model.init=default model.init_bias=null",
        "optimizer.lr=0.001",
        "trainer.max_epochs=24",
    ):
        assert change in tried


def test_a_gap_asks_for_restraint_and_no_gap_for_a_larger_model(make_evidence, make_verdict):
    words = ("data=wine", "model.hidden=[40]", "callback.checkpoint.use=last")
    gap = texts(singles(make_evidence(*words, train=1.0, val=0.7), make_verdict()))
    none = texts(singles(make_evidence(*words, train=0.7, val=0.7), make_verdict()))
    restraints = {
        "optimizer.weight_decay=0.1",
        "model.dropout=0.5",
        "callback.checkpoint.use=best",
        "model.hidden=[16]",
    }
    assert restraints <= set(gap)
    assert not restraints & set(none)
    assert "model.hidden=[80,80]" in none
    assert "model.hidden=[80,80]" not in gap


@pytest.mark.parametrize(
    "finding",
    [
        Finding(name="train_test_leakage", severity="error", summary="", overrides=("data.dedupe=true",)),
        Finding(name="bad_threshold", severity="error", summary="", overrides=("task.threshold=0.2",)),
        Finding(name="class_imbalance", severity="error", summary="", overrides=("task.threshold=tuned",)),
        Finding(name="non_finite", severity="error", summary="", overrides=("trainer.gradient_clip_val=1.0",)),
        Finding(name="underfitting", severity="error", summary=""),
    ],
    ids=lambda finding: finding.name,
)
def test_remedies_that_val_cannot_judge_are_not_tried(make_evidence, make_verdict, finding):
    with_it, without = (texts(singles(make_evidence(), verdict)) for verdict in (make_verdict(finding), make_verdict()))
    assert with_it == without


def test_a_run_that_stopped_early_is_not_tried_for_longer(make_evidence, make_verdict):
    tried = texts(singles(make_evidence(fit={"stopped_early": True}), make_verdict()))
    assert not any("max_epochs" in one for one in tried)


def test_both_at_once_belong_to_the_first_and_never_share_a_key():
    relu, rate = Candidate("relu", ("model.activation=relu",), "a"), Candidate("lr", ("optimizer.lr=1",), "b")
    assert relu.with_(rate) == Candidate("relu", ("model.activation=relu", "optimizer.lr=1"), "a")
    assert rate.with_(rate) is None
    assert rate.with_(Candidate("sgd", ("optimizer=sgd",))) is None


def test_a_rate_that_gained_is_followed_further_the_same_way(make_evidence):
    evidence = make_evidence("optimizer.lr=0.001")
    higher = Candidate("lr_ladder", ("optimizer.lr=0.1",), "lr_too_low")
    more = texts(combinations(evidence, [(higher, 0.2)], None, least=0.01))
    assert {"optimizer.lr=1", "optimizer.lr=0.3", "optimizer.lr=0.03", "optimizer.lr=0.01"} <= set(more)
    assert "optimizer.lr=0.0001" not in more


def test_nothing_is_built_on_what_did_not_gain(make_evidence, make_verdict):
    evidence = make_evidence()
    assert combinations(evidence, [(one, 0.0) for one in singles(evidence, make_verdict())], None, least=0.01) == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("optimizer=adam", "optimizer.lr=0.003"), True),
        (("optimizer=adam", "optimizer.lr=0.1"), False),
        (("optimizer=sgd", "optimizer.lr=0.1"), True),
        (("optimizer=sgd", "optimizer.lr=0.0001"), False),
    ],
)
def test_the_usual_learning_rate_depends_on_the_optimizer(make_evidence, words, found):
    assert usual(make_evidence(*words)) is found


def test_a_change_of_the_task_is_never_tried_beside_the_run(make_evidence, make_verdict):
    codes = Finding(name="wrong_loss", severity="error", summary="", overrides=("task=multiclass", "loss=auto"))
    assert "task=multiclass" not in texts(singles(make_evidence(), make_verdict(codes)))


def test_a_robust_loss_is_tried_where_outliers_rule_a_squared_one_and_the_absolute_error_is_asked_for(
    make_evidence, make_verdict
):
    words = ("data=diabetes", "loss=mse")
    facts = {"data": {"target_tail": 80.0}, "task": {"kind": "regression", "loss": "mse"}}
    asked = make_evidence(*words, "criteria.mae=20", **facts)
    assert {"loss=huber", "loss=l1"} <= set(texts(singles(asked, make_verdict())))
    assert "loss=huber" not in texts(singles(make_evidence(*words, **facts), make_verdict()))
