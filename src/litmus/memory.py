"""How much memory there is, so that what cannot fit is refused before the system ends the process without a word."""

import os
import re
from pathlib import Path

from litmus.errors import ConfigError, Problem

CGROUP = Path("/sys/fs/cgroup")
LEAST = 1 << 28  # bytes below which nobody looks at what is free
UNITS = ("bytes", "KB", "MB", "GB", "TB", "PB", "EB")


def free_memory() -> float:
    """Bytes that this process may still take; infinite where the system does not say."""
    return min(_of_machine(), _of_container())


def size(count: float) -> str:
    """A number of bytes as people say it.

    Example:
        >>> size(24_300_000_000)
        '24.3 GB'
    """
    place = 0
    while count >= 1000 and place < len(UNITS) - 1:
        count, place = count / 1000, place + 1
    return f"{count:.3g} {UNITS[place]}" if count < 1e6 else f"{count:.1e} {UNITS[place]}"


def check_rows(key: str, rows: int, each: int) -> None:
    """Refuses rows that are to be made and cannot be held; `each` takes so many bytes, copies included.

    Raises:
        ConfigError: They are more than the memory that is free.
    """
    need = rows * each
    if need > LEAST and need > (free := free_memory()):
        message = f"{rows:,} rows need about {size(need)} of memory, and {size(free)} are free; lower {key}"
        raise ConfigError([Problem(key, message)])


def _of_machine() -> float:
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        fields = {name: int(kb) * 1024 for name, kb in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
        return float(fields["MemAvailable"] + fields.get("SwapFree", 0))
    except (OSError, ValueError, KeyError):  # not Linux
        pass
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return float("inf")


def _of_container() -> float:
    """What the container's limit leaves; caches of files count as free."""
    try:
        limit, used = (int((CGROUP / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
        cached = re.search(r"^inactive_file (\d+)", (CGROUP / "memory.stat").read_text(encoding="ascii"), re.MULTILINE)
    except (OSError, ValueError):  # no container, or no limit
        return float("inf")
    return float(max(limit - used + (int(cached[1]) if cached else 0), 0))
