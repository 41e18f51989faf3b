"""From evidence to verdict."""

from dataclasses import fields, replace

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litmus.errors import ConfigError
from litmus.evidence import (
    Column,
    DataFacts,
    Estimate,
    Evidence,
    FeatureLeak,
    FitFacts,
    Layer,
    ModelFacts,
    NonFinite,
    Score,
    TaskFacts,
    Trial,
    Twins,
)
from litmus.verdict import Criteria, Finding, Settings, Verdict, judge
from litmus.verdict.findings import names
from litmus.verdict.judge import link, quieten, rank, settle

ORDER = {"inadequate": 0, "undetermined": 1, "limited": 1, "adequate": 2}


GOOD = Score(value=1.0)  # stands in for accuracy where the target is a number


def test_healthy_runs_raise_no_alarm_and_are_adequate_or_at_their_datas_limit(healthy):
    verdict = judge(healthy)
    assert [one.name for one in verdict.findings if one.alarms] == []
    assert verdict.verdict == ("limited" if healthy.scores["test"].get("accuracy", GOOD).value < 0.8 else "adequate")
    assert verdict.rows_needed is None


def test_healthy_runs_raise_no_alarm_from_evidence_alone(healthy):
    assert not any(one.alarms for one in judge(replace(healthy, probed=False)).findings)


def test_judging_twice_gives_the_same(healthy):
    assert judge(healthy) == judge(healthy)


def test_a_verdict_survives_its_json(healthy):
    verdict = judge(healthy)
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_evidence_judged_from_its_json_gets_the_same_verdict(healthy):
    assert judge(Evidence.from_json(healthy.to_json())) == judge(healthy)


def better(score: Score | Estimate, share: float) -> Score | Estimate:
    """The score moved towards 1 by a share of the way."""
    moved = {
        name: None if (value := getattr(score, name)) is None else value + share * (1 - value)
        for name in ("value", "low", "high")
    }
    return replace(score, **moved)


def lifted(evidence: Evidence, share: float) -> Evidence:
    """The evidence of a model that is better everywhere; the references stay as they are."""

    def lift(found):
        if isinstance(found, (Score, Estimate)):
            return better(found, share)
        return {key: value if key in {"rmse", "mae"} else lift(value) for key, value in found.items()}

    references = tuple(
        replace(
            one,
            difference={
                split: replace(gap, **{name: getattr(gap, name) + 0.2 * share for name in ("value", "low", "high")})
                for split, gap in one.difference.items()
            },
        )
        for one in evidence.references
    )
    return replace(
        evidence,
        scores=lift(evidence.scores),
        per_class=lift(evidence.per_class),
        gain=lift(evidence.gain),
        references=references,
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(st.integers(0, 60), min_size=4, max_size=4),
    share=st.floats(0.0, 1.0),
    strong=st.floats(0.4, 0.99),
    fault=st.sampled_from(["none", "linear", "short", "scales", "threshold"]),
)
def test_raising_all_scores_never_makes_a_verdict_worse(make, cells, share, strong, fault):
    matrix = [[cells[0] + 1, cells[1]], [cells[2], cells[3] + 1]]
    changes = {
        "none": {},
        "linear": {"model": {"linear": True}},
        "short": {"fit": {"epochs": 2, "max_epochs": 2, "steps": 20}},
        "scales": {"data": {"scale_ratio": 1e4}, "config": {"data.normalize": "none"}},
        "threshold": {"threshold_best": 0.3, "threshold_gain": Estimate(value=0.2, low=0.1, high=0.3)},
    }[fault]
    evidence = make["classes"](matrix, references={"boosted_trees": strong}, **changes)
    assert ORDER[judge(lifted(evidence, share)).verdict] >= ORDER[judge(evidence).verdict]


CAUSES = {
    "nothing known": {},
    "linear": {"model": {"linear": True}},
    "low rate": {"layers": (Layer(name="a", width=8, update=(1e-7,) * 4, gradient=(0.1,) * 4, moved=1e-4),)},
    "raw": {"data": {"scale_ratio": 1e5}, "config": {"data.normalize": "none"}},
    "dropout": {"config": {"model.dropout": 0.95, "optimizer.weight_decay": 2.0}},
    "zeros": {"layers": tuple(Layer(name=n, width=8, identical=True) for n in "abc"), "config": {"model.init_std": 2}},
    "one epoch": {"fit": {"epochs": 1, "max_epochs": 1, "steps": 3, "accumulate": 8}, "history": {}},
    "broken": {"fit": {"non_finite": NonFinite(epoch=0, step=0, where="loss")}, "scores": {}, "gain": {}},
    "squashed": {"model": {"output_activation": "softmax"}},
    "leaking column": {
        "data": {
            "leaks": (FeatureLeak(column="it's (a) ${x}, [b]", score=0.999, next_best=0.6),),
            "columns": tuple(Column(name=n, kind="number") for n in "abcd"),
        },
        "config": {"data.drop_columns": ["naïve column", "null"]},
    },
    "no config": {"config": {}},
    "nothing at all": {"history": {}, "layers": (), "references": (), "scores": {}, "gain": {}, "confusion": {}},
}


@pytest.mark.parametrize("cause", CAUSES)
def test_every_override_parses_and_every_text_is_made_of_whole_sentences(make, cause):
    verdict = judge(make["stuck"](**CAUSES[cause]))
    texts = [text for one in verdict.findings for text in one.overrides]
    for override in OverridesParser.create().parse_overrides(texts):
        assert override.key_or_group
        override.value()
    assert verdict.verdict == "inadequate" or cause == "nothing at all"
    assert len(verdict.summary.splitlines()) <= 3
    for text in (*verdict.summary.splitlines(), *(one.summary for one in verdict.findings)):
        assert text.endswith(".")
        assert "..." not in text
        assert "…" not in text
        assert text[0].isupper()


def test_a_list_override_is_the_union_with_what_is_set(make):
    verdict = judge(make["stuck"](**CAUSES["leaking column"]))
    found = next(one for one in verdict.findings if one.name == "target_leakage")
    (parsed,) = OverridesParser.create().parse_overrides(list(found.overrides))
    assert parsed.value() == ["naïve column", "null", "it's (a) ${x}, [b]"]


def test_what_was_not_computed_is_unknown_and_never_passed(make):
    verdict = judge(make["stuck"](**CAUSES["nothing at all"]))
    assert verdict.verdict == "undetermined"
    assert {"accuracy", "precision", "recall", "gain"} <= {one.name for one in verdict.unknown}


def test_an_empty_run_is_judged_without_failing():
    verdict = judge(
        Evidence(
            task=TaskFacts(kind="binary", target="y"),
            model=ModelFacts(name="", parameters=0, hidden_layers=0, linear=False),
            fit=FitFacts(epochs=0, max_epochs=0, steps=0, batches_per_epoch=0),
            data=DataFacts(input="table", sizes={}),
        )
    )
    assert verdict.verdict == "undetermined"


def test_at_most_one_suggestion_is_first_and_consequences_stand_below_their_cause(make):
    layers = make["layers"](dead=1.0, update=(4.0, 0.0, 0.0, 0.0))
    verdict = judge(
        make["stuck"](
            layers=layers,
            history={"train/loss": (900.0, *(0.694,) * 60), "val/loss": (0.7,) * 61},
            config={"data.normalize": "none", "optimizer.lr": 3.0},
            data={"scale_ratio": 1e5},
        )
    )
    alarms = [one for one in verdict.findings if one.alarms]
    assert alarms[0].name == "unnormalised_inputs"
    assert verdict.try_first == alarms[0]
    assert all(one.consequence_of == "unnormalised_inputs" for one in alarms[1:])
    assert len(alarms) > 2


def test_links_end_and_point_at_a_root():
    every = [Finding(name=name, severity="error", summary="") for name in names()]
    linked = {one.name: one.consequence_of for one in link(every)}
    assert all(linked[cause] is None for cause in set(linked.values()) - {None})
    assert {one.name for one in rank(link(every))} == set(names())


def test_information_explains_nothing():
    found = [
        Finding(name="lr_too_high", severity="info", summary=""),
        Finding(name="dead_relu", severity="error", summary=""),
    ]
    assert {one.consequence_of for one in link(found)} == {None}
    assert rank(found)[0].name == "dead_relu"


def test_an_accepted_name_that_no_finding_has_is_refused(make):
    with pytest.raises(ConfigError, match="did you mean overfitting"):
        judge(make["stuck"](), settings=Settings(accept=["overfittin"]))


def test_other_criteria_give_another_verdict_of_the_same_run(make):
    evidence = make["classes"]([[170, 30], [32, 168]])
    assert judge(evidence).verdict == "adequate"
    strict = Criteria(accuracy=0.9, precision=0.9, recall=0.9, slack=0.0)
    assert judge(evidence, strict).verdict == "inadequate"


def test_criteria_of_another_kind_are_reported(make):
    verdict = judge(make["numbers"](0.9), Criteria(recall=0.95))
    assert "recall" in {one.name for one in verdict.unknown}
    assert verdict.verdict == "adequate"


def test_a_run_without_a_test_split_is_judged_on_val(make):
    evidence = make["classes"]([[190, 10], [12, 188]])
    val = replace(
        evidence,
        scored="val",
        scores={split: found for split, found in evidence.scores.items() if split != "test"},
        gain={"val": evidence.gain["test"]},
    )
    verdict = judge(val)
    assert (verdict.verdict, verdict.split) == ("adequate", "val")
    assert "400 val rows" in verdict.summary


def test_small_and_even_good_figures_end_undetermined_with_the_rows_that_would_do(make):
    verdict = judge(make["classes"]([[35, 5], [10, 50]]))
    assert verdict.verdict == "undetermined"
    assert 100 < verdict.rows_needed < 1000
    assert f"{verdict.rows_needed:,} test rows" in verdict.summary


def test_the_data_are_said_to_be_the_limit_where_references_fail_too(make):
    evidence = make["classes"]([[1450, 550], [560, 1440]], references={"linear": 0.72, "boosted_trees": 0.72})
    verdict = judge(evidence, Criteria(accuracy=0.9))
    assert verdict.verdict == "inadequate"
    assert "as far as was tried, the data are the limit" in verdict.summary
    assert judge(evidence).verdict == "limited"
    assert judge(evidence).summary.startswith("Limited by the data: recall is 72 % (95 % interval 70 to 74 %)")


def test_a_model_that_lags_for_no_known_cause_is_said_to(make):
    evidence = make["classes"](
        [[150, 50], [50, 150]], [[480, 120], [120, 480]], references={"boosted_trees": 0.84}, layers=(), history={}
    )
    verdict = judge(evidence)
    assert not any(one.alarms for one in verdict.findings)
    assert "No cause was found, but with boosted trees balanced accuracy is 84 %" in verdict.summary


def test_the_first_suspect_of_a_lag_becomes_a_warning(make):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"boosted_trees": 0.96},
        fit={"epochs": 3, "max_epochs": 50, "steps": 57, "stopped_early": True},
        layers=(),
        history={"train/loss": (0.7, 0.65, 0.6), "val/loss": (0.7, 0.66, 0.62)},
    )
    alarms = [one for one in judge(evidence).findings if one.alarms]
    assert [(one.name, one.severity) for one in alarms] == [("underfitting", "warning")]


def test_every_field_of_the_verdict_is_told_by_its_json(make):
    assert {item.name for item in fields(Verdict)} <= set(judge(make["stuck"]()).__dict__)


def test_an_error_that_was_seen_makes_the_rows_enough():
    scarce = Finding(name="too_little_data", severity="warning", summary="")
    error = Finding(name="lr_too_high", severity="error", summary="")
    explained = Finding(name="overfitting", severity="error", summary="", consequence_of="too_little_data")
    assert [one.severity for one in settle([scarce, error])] == ["info", "error"]
    assert [one.severity for one in settle([scarce, explained])] == ["warning", "error"]
    assert [one.severity for one in settle([scarce])] == ["warning"]


def test_a_symptom_is_information_below_a_cause_as_grave_and_stays_below_a_lighter_one():
    symptom = Finding(name="underfitting", severity="error", summary="", consequence_of="lr_too_low")
    grave = Finding(name="lr_too_low", severity="error", summary="")
    light = replace(grave, severity="warning")
    assert [one.severity for one in quieten([grave, symptom])] == ["error", "info"]
    assert [one.severity for one in quieten([light, symptom])] == ["warning", "error"]
    assert [one.severity for one in quieten([light, replace(symptom, severity="warning")])] == ["warning", "info"]


def test_a_leak_without_a_remedy_by_setting_says_what_to_do(make):
    twins = Twins(split="test", exact=0, near=200, n=400, within_train=0.3, expected=0.0)
    verdict = judge(make["classes"]([[190, 10], [12, 188]], data={"twins": (twins,)}))
    assert "What may help: making copies only after the split" in verdict.summary


def test_without_references_no_cause_is_named_that_only_a_reference_could_exclude(make):
    evidence = make["classes"]([[42, 58], [50, 50]], references={})
    evidence = make["change"](
        evidence,
        threshold_gain=Estimate(value=0.4, low=0.34, high=0.46),
        threshold_best=0.4883,
        task={"threshold": 0.7},
        model={"linear": True},
    )
    verdict = judge(evidence)
    assert verdict.verdict == "inadequate"
    assert [one.name for one in verdict.findings if one.alarms] == []
    assert {"bad_threshold", "model_is_linear"} <= {one.name for one in verdict.unknown}
    assert "threshold" not in verdict.summary
    assert "No reference model was fitted" in verdict.summary


def test_a_trial_that_gained_names_a_cause_without_references_too(make):
    evidence = make["classes"]([[60, 40], [40, 60]], references={})
    trial = Trial(
        probe="longer",
        overrides=("trainer.max_epochs=400",),
        metric="val/balanced_accuracy",
        seeds=(1, 2, 3),
        before=(0.6, 0.61, 0.6),
        after=(0.9, 0.91, 0.9),
        difference=Estimate(value=0.3, low=0.25, high=0.35),
        confirmed=True,
        finding="too_few_epochs",
    )
    verdict = judge(make["change"](evidence, trials=(trial,), fit={"epochs": 30, "max_epochs": 30}))
    assert "too_few_epochs" in [one.name for one in verdict.findings if one.alarms]
