from pathlib import Path

from litmus.report.card import TO_FILL_IN, escape, model_card


def card(verdict, evidence, **provenance) -> str:
    return model_card(verdict, evidence, provenance=provenance, directory=Path("outputs/churn/2026"))


def test_the_card_has_scores_with_intervals_limits_findings_and_what_to_fill_in(make_verdict, make_evidence):
    data = {"path": "churn.csv", "sha256": "abc", "rows": 1000}
    command = ["litmus", "train", "data.path=my churn.csv"]
    text = card(make_verdict(), make_evidence(), data=data, command=command, seeds=[42], packages={"torch": "2"})
    for part in (
        "# Model card: churn",
        "**Inadequate: accuracy 46 %.**",
        "predicts churn from age.",
        "Source: churn.csv, 1,000 rows, SHA-256 `abc`.",
        "| balanced accuracy | 0.900 | 0.850 to 0.940 | 0.500 | 200 |",
        "- accuracy: 46 %, asked for 80 %: not met",
        "- error, model\\_is\\_linear: The model is linear, the data are not.",
        "litmus evaluate checkpoint=outputs/churn/2026",
        "- command: `litmus train 'data.path=my churn.csv'`",
        "- seed: 42",
    ):
        assert part in text, part
    assert text.count(TO_FILL_IN) == 4


def test_a_card_of_little_knowledge_is_a_card(make_verdict, make_evidence):
    verdict = make_verdict(verdict="undetermined", criteria=(), findings=(), unknown=(), headroom=None)
    text = card(verdict, make_evidence("regression", scores={}, references=()))
    assert "No score is known." in text


def test_names_from_data_are_no_markup(make_verdict, make_evidence, nasty):
    text = card(make_verdict(nasty), make_evidence("binary", (nasty, "b")))
    assert "<script" not in text.replace("\\<", "")
    assert "![i](" not in text
    assert escape("a_b*c|d") == "a\\_b\\*c\\|d"
