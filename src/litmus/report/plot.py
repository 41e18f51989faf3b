"""What a figure is: a declaration each, which page, TensorBoard, `litmus plot` and Python follow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from litmus.report.scene import Scene

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@final
@dataclass(frozen=True, kw_only=True)
class Plot:
    """One kind of figure.

    Args:
        name: As in TensorBoard's tag, the page's anchor and `litmus plot`; its module is called the same.
        title: The page's heading.
        order: Its place, the smallest first.
        draw: From a scene that it applies to.
        applies: Whether the scene holds what it draws.
        takeaway: What it shows in one sentence, computed from the scene; also what stands for the picture where it
            cannot be seen.
        findings: Names of findings whose evidence it shows: the page has it beside them.
    """

    name: str
    title: str
    order: int
    draw: "Callable[[Scene], Figure]"
    applies: Callable[[Scene], bool]
    takeaway: Callable[[Scene], str]
    findings: tuple[str, ...] = ()
