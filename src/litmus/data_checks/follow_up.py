"""How long somebody was followed, in a table of an event: known only once it is known whether the event came."""

import re
from collections.abc import Sequence

import numpy as np

from litmus.data_checks.leaks import Feature
from litmus.task.spec import DataSpec

FEWEST_DISTINCT = 20
MOST_COLUMNS = 4
_EVENT = re.compile(
    r"death|\bdied\b|\bdead\b|deceased|\balive\b|\bsurviv|\bstatus\b|\bevent\b|\bcens|relapse|recur|\bprogressed\b"
    r"|\bfail(ed)?\b|\b\w?stat\b|\bmortality\b|\bvital\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"^(\w{0,3}|rfs|surv\w*|follow\w*|event|death|relapse|stop|end|exit)[\s_.]*time[\s_.]*\d?$"
    r"|^(days|weeks|months)$|follow[\s_.]*up|^(len\w*[\s_.]?)?fol$|^fu([\s_.]|$)|^tte$|^duration$"
    r"|^(os|pfs|rfs|dfs|efs)([\s_.](days|weeks|months|years))?$"
    r"|^surv\w*[\s_.](days|weeks|months|years)$|^time[\s_.]to[\s_.]",
    re.IGNORECASE,
)
_STATUS = re.compile(r"^(\w{2,}?)[\s_.]*(?:stat|status|event|cens(?:or(?:ed)?)?)$|^(\w{2,})[._]s$", re.IGNORECASE)


def follow_up_times(spec: DataSpec, features: Sequence[Feature]) -> tuple[str, ...]:
    """Columns that say by their name and values how long rows were followed, where the target is an event by its name.

    Whether the model lives on them is for a reference to show. None where the target is a number.

    Args:
        spec: Name and kind of the target.
        features: The columns that the model sees.
    """
    own = _own_times(spec.target)
    event = _EVENT.search(spec.target.replace("_", " ").replace(".", " ")) is not None
    if not spec.classes or not (own or event):
        return ()
    return tuple(
        feature.name
        for feature in features
        if (feature.name.lower() in own or (event and _TIME.search(feature.name))) and _is_duration(feature)
    )[:MOST_COLUMNS]


def _own_times(target: str) -> frozenset[str]:
    """Names of the time until an event whose target says whether it came, such as `srv` and `srvtime` of `srvstat`."""
    found = _STATUS.match(target)
    stem = (found.group(1) or found.group(2)).lower() if found else ""
    return frozenset({stem, f"{stem}time", f"{stem}_time", f"{stem}.time"}) if stem else frozenset()


def _is_duration(feature: Feature) -> bool:
    values = feature.train[np.isfinite(feature.train)]
    return feature.ordered and len(np.unique(values)) >= FEWEST_DISTINCT and bool(values.min() >= 0)
