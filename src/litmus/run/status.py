"""status.json: what a run is doing, or how it ended."""

import json
from datetime import UTC, datetime
from typing import Literal

from litmus.disk import write_text
from litmus.run.paths import Paths

Status = Literal["running", "finished", "failed", "interrupted"]


def write_status(paths: Paths, status: Status, *, reason: str | None = None) -> None:
    """status.json: what the run is doing; `started` is kept from its first writing."""
    write_text(paths.status, status_text(status, started=_known(paths, "started"), reason=reason))


def read_status(paths: Paths) -> str | None:
    """What status.json says that the run is doing, or how it ended; None where it says nothing."""
    return _known(paths, "status")


def _known(paths: Paths, key: str) -> str | None:
    try:
        found: str | None = json.loads(paths.status.read_text(encoding="utf-8"))[key]
    except (OSError, ValueError, KeyError):
        return None
    return found


def status_text(status: Status, *, started: str | None = None, reason: str | None = None) -> str:
    """The content of status.json; `started` None: now."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    ended = None if status == "running" else now
    return json.dumps({"status": status, "started": started or now, "ended": ended, "reason": reason}, indent=1)
