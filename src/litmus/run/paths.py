"""Where a run keeps what."""

from dataclasses import dataclass
from pathlib import Path
from typing import final


@final
@dataclass(frozen=True)
class Paths:
    """The files of one run directory."""

    directory: Path

    @property
    def config(self) -> Path:
        return self.directory / "config.yaml"

    @property
    def status(self) -> Path:
        return self.directory / "status.json"

    @property
    def log(self) -> Path:
        return self.directory / "log.txt"

    @property
    def checkpoints(self) -> Path:
        return self.directory / "checkpoints"

    @property
    def best(self) -> Path:
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        return self.checkpoints / "last.ckpt"

    @property
    def history(self) -> Path:
        return self.directory / "history.csv"

    @property
    def profile(self) -> Path:
        return self.directory / "profile.txt"

    @property
    def evidence(self) -> Path:
        return self.directory / "evidence.json"

    @property
    def provenance(self) -> Path:
        return self.directory / "provenance.json"

    @property
    def verdict(self) -> Path:
        return self.directory / "verdict.json"
