"""Every finding, a file each that declares a `Diagnosis`; a module that is put here is found by itself.

Limits stand in the file of their finding. One whose comment names no source has none on record.
"""

from collections.abc import Callable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from itertools import groupby
from pkgutil import iter_modules

from litmus.verdict.diagnosis import GROUPS, Diagnosis


@cache
def _declared() -> dict[str, Diagnosis]:
    modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, Diagnosis)]
    return {diagnosis.name: diagnosis for diagnosis in declared}


@cache
def diagnoses() -> Mapping[str, Diagnosis]:
    """Every finding's declaration by name, root cause first: what stands above may explain what stands below."""
    ordered = sorted(_declared().values(), key=lambda diagnosis: (diagnosis.stage, diagnosis.name))
    stages = groupby(ordered, key=lambda diagnosis: diagnosis.stage)
    return {name: _declared()[name] for _, stage in stages for name in _causes_first([item.name for item in stage])}


def _causes_first(names: list[str]) -> list[str]:
    """Names of one stage, each below all that explain it, those at the same depth by name."""
    causes = {name: [other for other in names if name in explains()[other]] for name in names}
    sorter = TopologicalSorter(causes)
    sorter.prepare()
    ordered: list[str] = []
    while ready := sorted(sorter.get_ready()):
        ordered += ready
        sorter.done(*ready)
    return ordered


@cache
def explains() -> Mapping[str, tuple[str, ...]]:
    """What each finding, where it alarms, explains of the others: these are printed below it as its consequences."""
    return {
        name: tuple(effect for word in diagnosis.explains for effect in _members(word, diagnosis))
        for name, diagnosis in _declared().items()
    }


def _members(word: str, cause: Diagnosis) -> list[str]:
    """The findings that a word of `explains` stands for."""
    if word not in GROUPS:
        return [word]
    later = [other for other in _declared().values() if other.stage >= cause.stage and other is not cause]
    return [other.name for other in later if getattr(other, GROUPS[word])]


def names(having: Callable[[Diagnosis], object] = lambda _: True) -> tuple[str, ...]:
    """Names of the findings, root cause first; of those that have a trait, where one is asked for."""
    return tuple(name for name, diagnosis in diagnoses().items() if having(diagnosis))


def about_data(name: str) -> bool:
    """Whether a finding is about the rows alone, and stands whatever the model does."""
    return name in names(lambda diagnosis: diagnosis.about == "data")
