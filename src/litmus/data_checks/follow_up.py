"""How long somebody was followed, in a table of an event: known only once it is known whether the event came."""

import re
from collections.abc import Sequence

import numpy as np

from litmus.data_checks.leaks import Feature
from litmus.task.spec import DataSpec

FEWEST_DISTINCT = 20
MOST_COLUMNS = 4
_EVENT = re.compile(
    r"death|\bdied\b|\bdead\b|deceased|\balive\b|\bsurviv|\bstatus\b|\bevent\b|\bcens|relapse|recur|\bprogressed\b|\bfailed\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"^(\w{0,3}|rfs|surv\w*|follow\w*|event|death|relapse|stop|end|exit)[\s_.]*time[\s_.]*\d?$"
    r"|^(days|weeks|months)$|follow[\s_.]*up|^(os|pfs|rfs|dfs|efs)([\s_.](days|weeks|months|years))?$"
    r"|^surv\w*[\s_.](days|weeks|months|years)$|^time[\s_.]to[\s_.]",
    re.IGNORECASE,
)


def follow_up_times(spec: DataSpec, features: Sequence[Feature]) -> tuple[str, ...]:
    """Columns that say by their name and values how long rows were followed, where the target is an event by its name.

    Whether the model lives on them is for a reference to show. None where the target is a number.

    Args:
        spec: Name and kind of the target.
        features: The columns that the model sees.
    """
    if not spec.classes or not _EVENT.search(spec.target.replace("_", " ").replace(".", " ")):
        return ()
    return tuple(feature.name for feature in features if _TIME.search(feature.name) and _is_duration(feature))[
        :MOST_COLUMNS
    ]


def _is_duration(feature: Feature) -> bool:
    values = feature.train[np.isfinite(feature.train)]
    return feature.ordered and len(np.unique(values)) >= FEWEST_DISTINCT and bool(values.min() >= 0)
