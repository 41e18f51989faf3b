"""Small further trainings that settle what a run's evidence alone cannot; on training and validation rows only."""

from litmus.probe.probe import probe

__all__ = ["probe"]
