"""The model is too small for the data."""

from dataclasses import replace

from litmus.verdict import judge


def test_a_model_that_is_too_small_is_named(make):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"linear": 0.6, "boosted_trees": 0.96},
        config={"model.hidden": [2]},
    )
    verdict = judge(evidence)
    assert verdict.try_first.name == "underfitting"
    assert verdict.try_first.overrides == ("model.hidden=[64,64]",)


def named(evidence):
    return [one.name for one in judge(evidence).findings if one.alarms]


def test_a_trees_train_score_is_never_the_yardstick(make):
    evidence = make["classes"]([[150, 50], [50, 150]], references={"linear": 0.75, "boosted_trees": 0.76})
    assert "underfitting" not in named(evidence)


def test_a_layer_of_one_unit_is_named_where_few_rows_leave_open_what_better_there_is(make):
    def run(**changes):
        return make["numbers"](0.4, 0.32, n=40, references={"boosted_trees": 0.43}, **changes)

    narrow = {"config": {"model.hidden": [1]}}
    found = next(one for one in judge(run(**narrow)).findings if one.name == "underfitting")
    assert (found.severity, found.overrides) == ("warning", ("model.hidden=[64,64]",))
    assert "passes a layer of 1 unit," in found.summary
    assert "underfitting" not in named(run())
    tried = make["trial"]("larger", ("model.hidden=[64,64]",), gain=0.0)
    assert "underfitting" not in named(run(**narrow, trials=(tried,)))
    assert "underfitting" not in named(make["numbers"](0.9, 0.91, n=4000, references={"boosted_trees": 0.9}, **narrow))


def test_a_layer_of_one_unit_is_named_where_a_reference_surely_does_better_than_an_adequate_model(make):
    def run(**changes):
        return make["numbers"](0.8, n=4000, references={"boosted_trees": 0.84}, **changes)

    narrow = {"config": {"model.hidden": [1]}}
    assert judge(run()).verdict == "adequate"
    assert named(run()) == []
    assert named(run(**narrow)) == ["underfitting"]
    gained = make["trial"]("larger", ("model.hidden=[64,64]",), gain=0.04, half=0.01)
    found = judge(run(**narrow, trials=(gained,)))
    assert (found.verdict, found.findings[0].name, found.findings[0].severity) == (
        "inadequate",
        "underfitting",
        "error",
    )
    in_vain = make["trial"]("larger", ("model.hidden=[64,64]",), gain=0.0)
    assert named(run(**narrow, trials=(in_vain,))) == []


def test_a_layer_of_one_unit_goes_before_the_rare_class_that_does_not_pass_it_once_a_larger_one_was_tried(make):
    matrix = [[290, 10, 0], [10, 290, 0], [10, 30, 0]]
    tried = make["trial"]("suggestion", ("model.hidden=[64,64]",), gain=0.3, finding="underfitting")
    config = {"model.hidden": [1]}
    evidence = make["classes"](matrix, references={"boosted_trees": 0.95}, config=config, trials=(tried,))
    ranking = {split: {**by, "auroc": by["accuracy"]} for split, by in evidence.scores.items()}
    references = tuple(replace(one, scores={"test": {"auroc": 0.9}}) for one in evidence.references)
    found = judge(replace(evidence, scores=ranking, references=references)).findings
    assert next((one.name, one.consequence_of) for one in found if one.alarms) == ("underfitting", None)


def test_parts_that_never_learn_are_to_learn_before_more_units_are_added(make):
    evidence = make["classes"](
        [[140, 60], [60, 140]],
        references={"linear": 0.6, "boosted_trees": 0.96},
        config={"optimizer.parts": {"layers": {"1": 0, "3": 0.01}}, "optimizer.lr": 0.002},
    )
    found = judge(evidence).try_first
    assert (found.name, found.overrides) == ("underfitting", ("optimizer.parts.layers.1=0.002",))
    assert found.summary.endswith("on unseen rows; layers.1 never learns.")
