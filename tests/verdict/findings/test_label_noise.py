"""Many labels look wrong."""

from litmus.evidence import Estimate, LabelNoise, Twins
from litmus.verdict import judge

GOOD = [[190, 10], [12, 188]]


def test_many_wrong_labels_are_named_with_the_worst_rows(make):
    noise = LabelNoise(share=Estimate(value=0.2, low=0.17, high=0.23), n=1200, rows=tuple(range(50, 70)))
    verdict = judge(make["classes"](GOOD, data={"noise": noise}))
    assert verdict.findings[0].name == "label_noise"
    assert verdict.findings[0].severity == "error"
    assert verdict.findings[0].evidence["rows"] == list(range(50, 60))


def test_wrong_labels_that_chance_could_explain_are_silent(make):
    noise = LabelNoise(share=Estimate(value=0.03, low=0.0, high=0.06), n=1200)
    assert judge(make["classes"](GOOD, data={"noise": noise})).findings == ()


def severity(make, low, expected=0.0):
    noise = LabelNoise(share=Estimate(value=0.12, low=low, high=0.2), n=400, rows=(1, 2))
    twins = Twins(split="test", exact=round(400 * expected), near=0, n=400, within_train=expected, expected=expected)
    verdict = judge(make["classes"](GOOD, data={"noise": noise, "twins": (twins,)}))
    return [one.severity for one in verdict.findings if one.name == "label_noise"]


def test_wrong_labels_that_are_few_for_sure_are_no_alarm(make):
    assert severity(make, low=0.1) == ["error"]
    assert severity(make, low=0.06) == ["warning"]
    assert severity(make, low=0.03) == ["info"]


def test_labels_that_differ_among_equal_rows_are_no_alarm_where_columns_are_coarse(make):
    assert severity(make, low=0.08, expected=0.8) == ["info"]


def test_wrong_labels_of_one_class_are_told_as_a_share_of_its_rows(make):
    noise = LabelNoise(
        share=Estimate(value=0.03, low=0.01, high=0.05),
        n=900,
        rows=(4, 8),
        label="b",
        within=Estimate(value=0.3, low=0.2, high=0.4),
    )
    (finding,) = judge(make["classes"](GOOD, data={"noise": noise})).findings
    assert (finding.severity, finding.evidence["label"]) == ("error", "b")
    assert finding.summary == "About 30 % of the rows of class b look wrongly labelled; look at rows 4, 8."


def test_a_good_score_on_labels_that_look_wrong_is_no_adequate_one(make):
    noise = LabelNoise(share=Estimate(value=0.09, low=0.07, high=0.11), n=1200, rows=(1, 2))
    verdict = judge(make["classes"](GOOD, data={"noise": noise}))
    assert (verdict.findings[0].severity, verdict.verdict) == ("warning", "undetermined")
