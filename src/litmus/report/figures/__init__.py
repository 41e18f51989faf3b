"""Every figure, a file each that declares a `Plot`; a module that is put here is found by itself."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from litmus.report.plot import Plot
    from litmus.report.scene import Scene


def names() -> tuple[str, ...]:
    """Names of all figures, without importing what draws them."""
    return tuple(sorted(module.name for module in iter_modules(__path__)))


@cache
def figures() -> "Mapping[str, Plot]":
    """Every figure's declaration by name, in the order in which they are shown."""
    declared: list[Plot] = [import_module(f"{__name__}.{name}").PLOT for name in names()]
    return {plot.name: plot for plot in sorted(declared, key=lambda plot: (plot.order, plot.name))}


def draw(scene: "Scene") -> "Iterator[tuple[Plot, Figure]]":
    """Each figure that applies, drawn when it is asked for."""
    for plot in figures().values():
        if plot.applies(scene):
            yield plot, plot.draw(scene)
