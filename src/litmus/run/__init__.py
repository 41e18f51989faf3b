"""Runs: what a config and its data build and fit, and what a run directory gives back."""

from litmus.run.paths import Paths, find_checkpoint, find_run
from litmus.run.predictor import Predictor
from litmus.run.training import Run, prepare_data, write_status

__all__ = ["Paths", "Predictor", "Run", "find_checkpoint", "find_run", "prepare_data", "write_status"]
