"""How every figure looks: size, colours, words from data made safe, and the two forms it leaves in, PNG and SVG."""

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter
from matplotlib.transforms import Bbox
from numpy.typing import NDArray
from PIL import Image

DPI = 120
WIDTH = 5.4
WIDE = 7.7  # inches from which a figure takes the whole width of a page
INK = "#24292f"  # the report's style sheet turns exactly this colour into the page's own
FAINT = "#8c959f"
# Okabe and Ito (2008): told apart with any common colour blindness, and in grey by lightness.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6a00", "#555555")
SPLIT_COLOURS = {"train": "#0072b2", "val": "#d55e00", "test": "#009e73"}
SPLIT_STYLES = {"train": "-", "val": "--", "test": ":"}
TICKS = 6  # intervals of an axis at most: each tick costs what a curve does
STEPS = (1, 2, 4, 5, 10)  # their sizes, whose numbers stay short
COLOUR_BAR = "<colorbar>"  # matplotlib's own label of its axes
PIXELS = 1.25  # of a page for a point of a figure, where there is room
HEAVY = 300  # points from which a picture is smaller than their outlines


def label(text: object, limit: int = 28) -> str:
    """Text from data as matplotlib may print it: one line, cut in the middle, and never read as a formula."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if len(line) > limit:
        tail = (limit - 1) // 3
        line = f"{line[: limit - 1 - tail]}…{line[len(line) - tail :]}"
    return line.replace("$", r"\$") or "(empty)"


def sentence(text: str) -> str:
    """The text with a capital first letter, abbreviations left as they are."""
    return text[:1].upper() + text[1:]


def figure(width: float = WIDTH, height: float = 3.6) -> Figure:
    """An empty figure; sizes in inches. `frame` says where its axes stand.

    matplotlib's layout engines cost as much as drawing, and need several rounds beside long labels.
    """
    host = Figure(figsize=(width, height), dpi=DPI)
    frame(host)
    return host


def frame(host: Figure, *, left: float = 0.85, right: float = 0.2, top: float = 0.38, bottom: float = 0.54) -> None:
    """Margins around all axes, in inches."""
    width, height = host.get_size_inches()
    host.subplots_adjust(left=left / width, right=1 - right / width, top=1 - top / height, bottom=bottom / height)


def inches(text: str, size: float = 9.0) -> float:
    """About how wide a text is; letters of scripts that are set full width count more."""
    wide = sum(0.35 for c in text if ord(c) > 0x2E80)
    return (len(text) * 0.62 + wide) * size / 72


def axes(host: Figure, title: str = "", x: str = "", y: str = "") -> Axes:
    """The only axes of a figure."""
    return dress(host.add_subplot(), title, x, y)


def dress(ax: Axes, title: str = "", x: str = "", y: str = "") -> Axes:
    """Title, axis labels and the house's quiet frame."""
    ax.set_title(title, loc="left", fontsize=11, color=INK, y=1.0)  # a given y spares measuring every tick label
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(TICKS, steps=STEPS))
        axis.set_major_formatter(StrMethodFormatter("{x:.6g}"))  # no offset "1e6" in the title's place
    ax.set_xlabel(x, color=INK)
    ax.set_ylabel(y, color=INK)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(INK)
    ax.tick_params(which="both", colors=INK, labelsize=9)
    ax.grid(visible=True, color=FAINT, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def legend(host: Figure, columns: int = 3) -> None:
    """One legend below everything, each label once, in as few columns as the labels' length asks for.

    The figure grows by its height, so that the axes stay as they are.
    """
    found: dict[str, Any] = {}
    for ax in host.axes:
        for handle, text in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(text, handle)
    if not found:
        return
    width, height = host.get_size_inches()
    fitting = int(width / (max(map(inches, found)) + 0.6))
    columns = max(1, min(columns, fitting, len(found)))
    extra = 0.19 * math.ceil(len(found) / columns) + 0.1
    margins = host.subplotpars
    host.set_size_inches(width, height + extra)
    top, bottom = (1 - margins.top) * height, margins.bottom * height
    frame(host, left=margins.left * width, right=(1 - margins.right) * width, top=top, bottom=bottom + extra)
    host.legend(
        list(found.values()),
        list(found),
        loc="lower center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=columns,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=2.4,
    )


def values(series: Sequence[float | None]) -> NDArray[np.float64]:
    """A series with None and infinities as NaN, which lines leave out."""
    array = np.array([math.nan if value is None else value for value in series], dtype=np.float64)
    array[~np.isfinite(array)] = math.nan
    return array


def log_if_wide(ax: Axes, *series: NDArray[np.float64], ratio: float = 50.0) -> None:
    """A logarithmic y axis where positive values span more than `ratio`."""
    every = np.concatenate([np.ravel(s) for s in series]) if series else np.empty(0)
    every = every[np.isfinite(every)]
    if len(every) and every.min() > 0 and every.max() / every.min() > ratio:
        logarithmic(ax)


def logarithmic(ax: Axes) -> None:
    """A logarithmic y axis with plain numbers: powers of ten as formulas cost more than the rest of the figure.

    Its ticks stand at 1, 2 and 5 of each power, or at powers alone where there are more than three of them.
    """
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,), numticks=TICKS))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:.6g}"))


def whole_numbers(ax: Axes) -> None:
    """Whole numbers on the x axis, for epochs."""
    ax.xaxis.set_major_locator(MaxNLocator(TICKS, steps=STEPS, integer=True, min_n_ticks=1))
    low, high = ax.get_xlim()
    if high - low < 1:
        ax.set_xlim(round(low) - 0.6, round(low) + 0.6)


def png(host: Figure) -> bytes:
    """The figure on white; lines and words in 256 colours, in which only a picture's shades would show steps."""
    with _quiet(), mpl.rc_context({"text.hinting": "none"}):  # hinted letters take a fifth of the drawing
        canvas: Any = FigureCanvasAgg(host)
        canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    if not any(ax.images for ax in host.axes):
        image = image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)
    return out.getvalue()


def svg(host: Figure, name: str = "figure") -> str:
    """The figure as an `<svg>` element without background, its text as text; `name` keeps ids apart within one page."""
    with _quiet(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        out = io.StringIO()
        host.savefig(out, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    start, end = text.index("<svg"), text.rindex("</svg>")
    body = text.index(">", start) + 1
    return f'{text[start:body]}<g id="drawing-{name}">{text[body:end]}</g></svg>'


def parts(host: Figure, name: str = "figure") -> str:
    """The panels of a drawn figure one by one, for a narrow page: `<svg>` elements that show parts of its `svg`.

    A panel takes along the labels that it shares with the one at its left, and its colour bar; legends of the figure
    come last. Empty where there is one panel only.
    """
    canvas: Any = FigureCanvasAgg(host)
    renderer = canvas.get_renderer()
    cuts = [_cut(ax, renderer) for ax in host.axes if ax.get_visible() and ax.axison and ax.get_label() != COLOUR_BAR]
    if len(cuts) < 2:
        return ""
    cuts += [[legend.get_window_extent(renderer)] for legend in host.legends]
    return "".join(_cut_out(boxes, float(host.bbox.height), 72 / host.dpi, name) for boxes in cuts)


def _cut(ax: Axes, renderer: Any) -> list[Any]:
    """What belongs to a panel, from left to right, in pixels: labels that another one shows, and all of its own."""
    bars = [bar for image in (*ax.images, *ax.collections) if (bar := image.colorbar) is not None]
    around: list[Any] = [part.get_tightbbox(renderer) for part in (ax, *(bar.ax for bar in bars))]
    own = Bbox.union(around)
    place = ax.get_window_extent(renderer)
    for other in ax.get_shared_y_axes().get_siblings(ax):
        beside = other.get_window_extent(renderer)
        if other is not ax and abs(beside.y0 - place.y0) < 1 and _is_labelled(other) and not _is_labelled(ax):
            return [Bbox([[other.get_tightbbox(renderer).x0, own.y0], [beside.x0, own.y1]]), own]
    return [own]


def _is_labelled(ax: Axes) -> bool:
    return any(text.get_visible() and text.get_text() for text in ax.get_yticklabels())


def _cut_out(boxes: Sequence[Any], height: float, scale: float, name: str) -> str:
    """Boxes side by side, with a little room around them; `height` is that of the figure, whose y axis points up."""
    room, left, shown = 4.0, 0.0, []
    low, high = min(box.y0 for box in boxes), max(box.y1 for box in boxes)
    tall = (high - low) * scale + 2 * room
    for box in boxes:
        before, after = room * (box is boxes[0]), room * (box is boxes[-1])
        x, y, wide = box.x0 * scale - before, (height - high) * scale - room, box.width * scale + before + after
        view = f'x="{left:.1f}" width="{wide:.1f}" height="{tall:.1f}" viewBox="{x:.1f} {y:.1f} {wide:.1f} {tall:.1f}"'
        shown.append(f'<svg {view}><use href="#drawing-{name}"/></svg>')
        left += wide
    return f'<svg viewBox="0 0 {left:.1f} {tall:.1f}" width="{left * PIXELS:.0f}">{"".join(shown)}</svg>'


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a warning for each glyph that the font lacks: a class may be named in any script."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield
