"""What a run showed: the one document between those who observe and those who judge.

Frozen, plain, without torch; `to_json` and `from_json` are exact inverses, so that a run can be judged again years
later. Everything undefined is None, everything that could not be computed stands in `unknown` with its reason.
"""

from litmus.evidence.data import (
    Apart,
    ClassLeak,
    Column,
    DataFacts,
    Drift,
    FarValue,
    FeatureLeak,
    FollowUp,
    FormulaKind,
    GroupLeak,
    HonestSplit,
    JointLeak,
    LabelNoise,
    Moved,
    RowFormula,
    Shift,
    Twins,
)
from litmus.evidence.document import (
    Attempt,
    Calibration,
    Evidence,
    Reference,
    Segment,
    ThresholdPoint,
    Trial,
    Unknown,
    plain,
)
from litmus.evidence.training import FitFacts, Layer, Memorised, ModelFacts, NonFinite, TaskFacts
from litmus.evidence.values import Estimate, Score

__all__ = [
    "Apart",
    "Attempt",
    "Calibration",
    "ClassLeak",
    "Column",
    "DataFacts",
    "Drift",
    "Estimate",
    "Evidence",
    "FarValue",
    "FeatureLeak",
    "FitFacts",
    "FollowUp",
    "FormulaKind",
    "GroupLeak",
    "HonestSplit",
    "JointLeak",
    "LabelNoise",
    "Layer",
    "Memorised",
    "ModelFacts",
    "Moved",
    "NonFinite",
    "Reference",
    "RowFormula",
    "Score",
    "Segment",
    "Shift",
    "TaskFacts",
    "ThresholdPoint",
    "Trial",
    "Twins",
    "Unknown",
    "plain",
]
