"""Packages that extend Litmus: the entry point `litmus.plugins` names them, and `--allow <package>` lets them in.

A plugin's folders hold what ours do: metrics, tasks, findings and figures a file each, and conf/ the options of config
groups. Of one that is not allowed, nothing but its metadata is read.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

GROUP = "litmus.plugins"
# a plugin's folder, and the package of ours whose modules it adds to; in the order in which they build on each other
ROOMS = {
    "metrics": "litmus.metrics.catalogue",
    "tasks": "litmus.task",
    "findings": "litmus.verdict.findings",
    "figures": "litmus.report.figures",
}


def installed() -> list[tuple[str, str]]:
    """Package and version of every plugin that is installed, from its metadata alone."""
    found = sorted(entry_points(group=GROUP), key=lambda point: point.value)
    return [(point.value, point.dist.version if point.dist else "") for point in found]


def join(packages: Iterable[str]) -> None:
    """Adds the folders of those plugins that are trusted to ours; called before any of them is looked into."""
    for place in _places(packages):
        for folder, room in ROOMS.items():
            path = str(place / folder)
            if (place / folder).is_dir() and path not in (ours := import_module(room).__path__):
                ours.append(path)


def config_folders(packages: Iterable[str]) -> list[str]:
    """Their folders of config groups."""
    return [str(place / "conf") for place in _places(packages) if (place / "conf").is_dir()]


def _places(packages: Iterable[str]) -> Iterator[Path]:
    trusted = set(packages)
    if not trusted:
        return
    for point in entry_points(group=GROUP):
        if _allowed(point, trusted) and (spec := find_spec(point.value)) is not None:
            yield from map(Path, spec.submodule_search_locations or ())


def _allowed(point: EntryPoint, trusted: set[str]) -> bool:
    """Whether its package, or one that it stands in, is trusted; its entry names a package and nothing in it."""
    parts = point.value.split(".")
    return ":" not in point.value and any(".".join(parts[: i + 1]) in trusted for i in range(len(parts)))
