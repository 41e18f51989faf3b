import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from litmus.evidence import DataFacts
from litmus.report.first_screen import facts, make_first_screen, replaced
from litmus.report.html import render
from litmus.report.pages import typed
from litmus.verdict import Finding


def test_the_first_sentences_say_what_was_predicted_from_what_on_how_many_rows(make_evidence):
    assert " ".join(facts(make_evidence(config={"data": {"path": "a/my churn.csv"}}))) == (
        "A network with 2 hidden layers (MLP, 1,234 parameters) predicts churn from age of my churn.csv. "
        "The positive class is yes, 50 % of the test rows; the other is no. "
        "It learnt from 600 rows, 200 others (val) guided its training, "
        "and the verdict is about 200 rows (test) that it had not seen."
    )


def test_the_first_sentences_name_grades_classes_and_the_range_of_numbers(make_evidence):
    many = tuple(f"c{i}" for i in range(10))
    assert "There are 10 classes, from c0 to c9." in facts(make_evidence("multiclass", many))
    assert "There are 3 grades, in this order: a, b and c." in facts(make_evidence("ordinal", ("a", "b", "c")))
    data = DataFacts(input="image", sizes={"train": 9, "val": 3}, target_low=25.0, target_high=346.0)
    predicted = " ".join(facts(make_evidence("regression", data=data, scored="val")))
    assert "predicts churn from the images. The target is a number, from 25 to 346 in train." in predicted
    assert predicted.endswith("the verdict is about the 3 rows (val) that guided its training.")


def test_of_predictions_of_another_tool_nothing_is_said_that_is_not_known(make_evidence):
    evidence = make_evidence(data=DataFacts(input="table", sizes={"test": 143}))
    judged = replace(evidence, model=replace(evidence.model, name="y_pred", parameters=0))
    predicted = " ".join(facts(judged))
    assert predicted.startswith("A model of which nothing is known but what it predicts (y_pred) predicts churn. ")
    assert predicted.endswith("The verdict is about 143 rows.")


def test_a_table_given_in_python_is_not_called_by_its_digest(make_evidence):
    kept = make_evidence(config={"data": {"path": "outputs/frames/c84bed738ce83fc4.parquet"}})
    assert "predicts churn from age. " in " ".join(facts(kept))


def test_one_command_runs_what_is_suggested_on_top_of_what_was_typed(make_verdict, make_evidence):
    words = ["data.path=my data.csv", "model.activation=none", "--config-dir", "own"]
    opening = make_first_screen(make_verdict(), make_evidence(), words=words)
    assert shlex.split(opening.command) == [
        *("litmus", "train", "data.path=my data.csv", "--config-dir", "own"),
        *("model.activation=relu", "model.hidden=[10,10]"),
    ]
    page = render(make_verdict(), make_evidence(), title="t", words=words)
    assert "<code>litmus train &#39;data.path=my data.csv&#39;" in page
    assert page.index("guided its training") < page.index("Inadequate: ") < page.index("<code>") < page.index("<nav")


def test_a_suggestion_that_was_not_tried_is_said_not_to_be(make_verdict, make_evidence):
    untried = Finding(name="underfitting", severity="error", summary="Low.", overrides=("model=mlp",))
    opening = make_first_screen(make_verdict(findings=(untried,)), make_evidence(), words=())
    assert opening.known == "Whether it helps was not tried."
    assert opening.because == "Low."


@pytest.mark.parametrize(
    ("answer", "summary", "command"),
    [
        ("adequate", "Adequate.", "litmus predict checkpoint=here input=a.csv output=predictions.csv"),
        ("inadequate", "Inadequate.", "litmus improve here"),
        ("undetermined", "Undetermined.\ndata.folds=5 scores every row once.", "litmus train x=1 data.folds=5"),
        ("limited", "Limited.", "litmus check x=1"),
    ],
)
def test_without_a_suggestion_a_command_follows_from_the_verdict(answer, summary, command, make_verdict, make_evidence):
    verdict = make_verdict(verdict=answer, summary=summary, findings=())
    evidence = make_evidence(config={"data": {"path": "a.csv"}})
    assert make_first_screen(verdict, evidence, words=["x=1"], directory=Path("here")).command == command


def test_an_open_question_gives_the_command_of_a_no(make_verdict, make_evidence):
    choices = (("data.drop_columns=[id]",), ("verdict.accept=[target_leakage:id]",))
    question = Finding(name="target_leakage", severity="question", summary="Is id known?", choices=choices)
    opening = make_first_screen(make_verdict(findings=(question,)), make_evidence(), words=["data=csv"])
    assert opening.command == "litmus train data=csv 'data.drop_columns=[id]'"


def test_a_group_takes_the_keys_below_it_out_of_the_command():
    assert replaced(["model.hidden=[3]", "seed=1"], ["model=linear"]) == ("seed=1", "model=linear")


def test_the_words_of_a_sweeps_job_are_its_own():
    assert typed({"command": ["litmus", "train", "-m", "seed=1,2"]}, ["seed=2"]) == ["seed=2"]
    assert typed({"command": ["litmus", "train", "--allow", "own", "seed=1"]}, []) == ["--allow", "own", "seed=1"]


def test_a_good_model_of_bundled_data_gets_its_card(make_verdict, make_evidence):
    verdict = make_verdict(verdict="adequate", findings=())
    opening = make_first_screen(verdict, make_evidence(), words=[], directory=Path("runs/a b"))
    assert opening.command == "litmus card 'runs/a b'"
