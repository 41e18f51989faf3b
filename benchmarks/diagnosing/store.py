"""Where evidence and scores are kept between runs, by case, seed and the version of the code they rest on."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, final

from cases.case import Case

ROOT = Path(__file__).resolve().parents[2]
ABOVE = ("verdict", "report", "cli", "sweep")  # parts that evidence does not rest on
COMMANDS = ("evaluate", "predict", "judge", "improve", "compare", "export", "board", "notebook", "__init__", "__main__")


def code_version(*, probing: bool) -> str:
    """A digest of all sources that evidence rests on; trials also rest on what the verdict suggests."""
    package, digest = ROOT / "src" / "litmus", hashlib.sha256()
    above = set(ABOVE) - ({"verdict"} if probing else set())
    files = [*sorted(package.rglob("*.py")), *sorted((ROOT / "conf").rglob("*.yaml"))]
    for file in files:
        parts = file.relative_to(package).with_suffix("").parts if file.is_relative_to(package) else ()
        if not parts or not (parts[0] in above or parts[0] in COMMANDS):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@final
@dataclass(frozen=True)
class Store:
    """A folder of JSON files.

    Args:
        folder: Created where it is missing.
    """

    folder: Path

    @cached_property
    def fits(self) -> str:
        """Version of the code that one training rests on."""
        return code_version(probing=False)

    @cached_property
    def probes(self) -> str:
        """Version of the code that a training and the trials after it rest on."""
        return code_version(probing=True)

    def read(self, case: Case, key: str, version: str | None) -> dict[str, Any] | None:
        """What was kept under a key, by this version of the code; None as version: whatever is newest."""
        files = sorted(self._folder(case).glob(f"{key}.{version or '*'}.json"), key=lambda file: file.stat().st_mtime)
        return json.loads(files[-1].read_text(encoding="utf-8")) if files else None

    def write(self, case: Case, key: str, version: str, content: dict[str, Any]) -> None:
        """Keeps `content`; what older code gave under this key is dropped."""
        folder = self._folder(case)
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(f"{key}.*.json"):
            old.unlink(missing_ok=True)
        file = folder / f"{key}.{version}.json"
        part = file.with_suffix(".part")
        part.write_text(json.dumps(content), encoding="utf-8")
        part.replace(file)

    def _folder(self, case: Case) -> Path:
        """One per case and definition: words and the code that makes its rows are part of it."""
        return self.folder / case.name.replace("/", "-") / definition(case)


def definition(case: Case) -> str:
    """A digest of words and rows."""
    digest = hashlib.sha256(repr(case.words).encode())
    for maker in (case.table, case.test):
        if maker is not None:
            digest.update(maker().write_csv().encode())
    return digest.hexdigest()[:12]


def changes_key(words: tuple[str, ...], seed: int) -> str:
    """The key of a training with changes at a seed."""
    return f"fit-{hashlib.sha256(repr(words).encode()).hexdigest()[:10]}-{seed}"
