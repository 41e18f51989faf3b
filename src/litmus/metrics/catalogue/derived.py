"""Measures without a curve: of the loss, of several metrics together, or of the model beside others."""

import math

from litmus.metrics.declaration import ANY, BINARY, CLASSES, NUMBERS, Measure

LOSS = Measure(
    name="loss",
    order=50,
    label="loss",
    meaning="The loss itself, at most this.",
    tasks=ANY,
    unit="number",
    higher_is_better=False,
    perfect=0.0,
    low=-math.inf,
    high=math.inf,
    threshold_range=(0.0, math.inf),
    relative_slack=True,
)
WORST_CLASS_RECALL = Measure(
    name="worst_class_recall",
    order=51,
    label="recall",
    meaning="Fails if even the upper bound of some class's recall is below, with Holm over the classes.",
    tasks=CLASSES,
    default=0.5,
    vetoes=True,
)
PRECISION_RECALL_GAP = Measure(
    name="precision_recall_gap",
    order=52,
    label="the difference of precision and recall",
    meaning="Fails if even the lower bound of |precision - recall| is above.",
    tasks=CLASSES,
    higher_is_better=False,
    perfect=0.0,
    default=0.4,
    vetoes=True,
)
BRIER_SKILL = Measure(
    name="brier_skill",
    order=53,
    label="Brier skill",
    meaning="Share of the base rate's Brier score that the model takes away.",
    tasks=CLASSES,
    low=-math.inf,
)
CALIBRATION_SLOPE = Measure(
    name="calibration_slope",
    order=54,
    label="the calibration slope's distance from 1",
    meaning="Farthest distance from 1 of the slope of the log-odds' recalibration.",
    tasks=CLASSES,
    unit="number",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
)
NON_INFERIORITY = Measure(
    name="non_inferiority",
    order=55,
    label="distance to the best reference",
    meaning="By how much of R2 the model may at most explain less than the best reference model.",
    tasks=NUMBERS,
    perfect=math.inf,
    low=-math.inf,
    high=math.inf,
    default=0.05,
    threshold_range=(0.0, 1.0),
)
GAIN = Measure(name="gain", order=60, label="gain over the baseline", tasks=ANY, low=-math.inf)
MAE_SKILL = Measure(
    name="mae_skill",
    order=61,
    label="share of the baseline's absolute error that is saved",
    tasks=NUMBERS,
    low=-math.inf,
)
COST = Measure(
    name="cost",
    order=62,
    label="cost a row",
    tasks=BINARY,
    unit="number",
    higher_is_better=False,
    perfect=0.0,
    high=math.inf,
)
