"""What is said of a run that was to learn a few batches by heart."""

from dataclasses import replace

import pytest

from litmus.evidence import Evidence, Memorised
from litmus.verdict import Verdict
from litmus.verdict.judge import judge


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Memorised(learnt=True, batches=1, rows=32, right=32), "learns a batch by heart: yes; 32 of 32 are right"),
        (Memorised(learnt=False, batches=2, rows=64, right=29), "learns the batches by heart: no; 29 of 64 are right"),
        (Memorised(learnt=False, batches=1, rows=8, r2=0.5), "learns a batch by heart: no; R\u00b2 on them is 0.500"),
    ],
)
def test_a_few_batches_answer_one_question_and_settle_no_verdict(make, found, said):
    evidence = replace(make["classes"]([[90, 10], [10, 90]]), memorised=found)
    verdict = judge(Evidence.from_json(evidence.to_json()))
    assert verdict.verdict == "undetermined"
    assert verdict.memorises is found.learnt
    assert said in verdict.summary
    assert (verdict.criteria, verdict.findings, verdict.headroom) == ((), (), None)
    assert Verdict.from_json(verdict.to_json()) == verdict
    assert judge(make["classes"]([[90, 10], [10, 90]])).memorises is None
