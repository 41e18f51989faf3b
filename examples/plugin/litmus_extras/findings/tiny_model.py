"""The model has very few parameters."""

from litmus.evidence import Evidence
from litmus.verdict.context import Context, Judgement, make_finding
from litmus.verdict.diagnosis import Diagnosis

FEW = 100


def judge(evidence: Evidence, _context: Context) -> Judgement:
    """Fewer parameters than a spreadsheet has columns: worth knowing, and no fault by itself."""
    count = evidence.model.parameters
    if not 0 < count < FEW:
        return None
    return make_finding("tiny_model", "info", f"The model has only {count} parameters.", parameters=count)


TINY_MODEL = Diagnosis(
    name="tiny_model",
    stage=90,
    about="training",
    headline="the model is tiny",
    says="the model has fewer than 100 parameters",
    suggests="",
    judge=judge,
)
