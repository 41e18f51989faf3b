"""How a score meets what is asked of it."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from litmus.evidence import Score
from litmus.metrics import metrics_of
from litmus.verdict.criteria import ASKABLE, Criteria, ask, misses

PRESETS = sorted((Path(__file__).parents[2] / "conf" / "criteria").glob("*.yaml"))
LOGGED = "accuracy precision recall f1 auroc average_precision balanced_accuracy mcc log_loss brier ece mse rmse mae r2"


@pytest.mark.parametrize(
    ("low", "value", "high", "status"),
    [
        (0.80, 0.85, 0.90, "pass"),
        (0.75, 0.80, 0.84, "pass"),
        (0.74, 0.85, 0.90, "open"),
        (0.70, 0.79, 0.85, "open"),
        (0.70, 0.75, 0.79, "fail"),
        (None, 0.99, None, "open"),
    ],
)
def test_a_share_passes_fails_or_stays_open_by_its_interval(low, value, high, status):
    assert ask("accuracy", Score(value=value, low=low, high=high), 0.8, slack=0.05).status == status


@pytest.mark.parametrize(
    ("low", "value", "high", "status"),
    [(2.0, 2.5, 3.1, "pass"), (2.0, 2.5, 3.3, "open"), (2.9, 3.1, 3.3, "open"), (3.1, 3.3, 3.5, "fail")],
)
def test_an_error_must_stay_below_its_threshold(low, value, high, status):
    assert ask("rmse", Score(value=value, low=low, high=high), 3.0, slack=0.05).status == status


def test_without_slack_the_bound_itself_must_be_beyond():
    assert ask("gain", Score(value=0.1, low=0.001, high=0.2), 0.0).status == "pass"
    assert ask("gain", Score(value=0.1, low=0.0, high=0.2), 0.0).status == "open"
    assert ask("gain", Score(value=-0.1, low=-0.2, high=-0.01), 0.0).status == "fail"


def test_what_has_no_vote_never_fails():
    assert ask("f1", Score(value=0.1, low=0.05, high=0.2), 0.85, slack=0.05, votes=False).status == "open"


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 0.3), st.floats(0, 0.5), st.floats(0, 1))
def test_a_better_score_never_has_a_worse_status(value, below, above, more, threshold):
    order = {"fail": 0, "open": 1, "pass": 2}
    score = Score(value=value, low=value - below, high=value + above)
    better = Score(value=value + more, low=value - below + more, high=value + above + more)
    then, now = (ask("accuracy", one, threshold, slack=0.05).status for one in (score, better))
    assert order[now] >= order[then]


def test_every_logged_metric_can_be_asked_for():
    logged = {metric.name for kind in ("binary", "multiclass", "regression") for metric in metrics_of(kind)}
    assert {*LOGGED.split()} <= logged <= set(ASKABLE)


def test_only_what_differs_from_the_defaults_counts_as_stated():
    assert Criteria().stated() == {}
    assert Criteria(accuracy=0.9, recall=None, rmse=2.0).stated() == {"accuracy": 0.9, "rmse": 2.0}


def test_a_threshold_for_another_kind_of_target_is_reported():
    assert [unknown.name for unknown in Criteria(rmse=2.0).misplaced("binary")] == ["rmse"]
    assert [unknown.name for unknown in Criteria(recall=0.9).misplaced("regression")] == ["recall"]
    assert Criteria(recall=0.9, rmse=1.0).misplaced("multiclass")[0].name == "rmse"
    assert Criteria().misplaced("binary") == Criteria().misplaced("regression") == []


def test_the_wrong_side_is_above_for_errors_and_below_for_scores():
    assert misses(ask("rmse", Score(value=4.0, low=3.5, high=4.5), 3.0))
    assert not misses(ask("rmse", Score(value=2.0, low=1.5, high=2.5), 3.0))
    assert misses(ask("recall", Score(value=0.7, low=0.6, high=0.8), 0.8))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_every_preset_is_made_of_known_keys(preset):
    node = yaml.safe_load(preset.read_text())
    assert node.pop("_target_") == "litmus.verdict.criteria.Criteria"
    assert set(node) <= {*ASKABLE, "slack"}
    assert (Criteria(**node) == Criteria()) == (preset.stem == "default")
