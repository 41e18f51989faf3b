"""Runs: what a config and its data build and fit, and what a run directory gives back."""

from litmus.run.kept_rows import KeptRows
from litmus.run.paths import Paths
from litmus.run.predictor import Predictor
from litmus.run.status import status_text, write_status
from litmus.run.training import Decided, Fitted, Run, prepare_data

__all__ = ["Decided", "Fitted", "KeptRows", "Paths", "Predictor", "Run", "prepare_data", "status_text", "write_status"]
