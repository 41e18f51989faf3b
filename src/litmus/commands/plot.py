"""`litmus plot <run|last|best> [figure] [output=]`: the figures of a finished run as PNG or SVG files."""

import difflib
from pathlib import Path

from litmus.commands.judge import save, stored_evidence
from litmus.config.command_words import path_of
from litmus.disk import write_bytes
from litmus.errors import ConfigError, quote
from litmus.report import canvas
from litmus.report.figures import figures
from litmus.report.plot import Plot
from litmus.report.scene import Scene
from litmus.report.stored import stored_scene
from litmus.report.terminal import Terminal
from litmus.run.paths import Paths
from litmus.sweeps.places import find_run

FORMATS = (".png", ".svg")


def main(run: str, figure: str | None = None, *, output: str | None = None, output_dir: str = "outputs") -> None:
    """Draws one figure, or all that the run has, and says what each shows.

    Args:
        run: Run directory, last or best.
        figure: Its name; None: all of them, into a folder.
        output: File to write, .png or .svg, or for all figures a folder; None: `<run>/figures`.
        output_dir: Where `last` and `best` are looked for.

    Raises:
        InputError: There is no such run or figure, or the file cannot be written.
    """
    terminal = Terminal()
    if figure is not None:
        _check_name(figure)
    if output is not None and figure is not None and path_of(output).suffix.lower() not in FORMATS:
        raise ConfigError(f"output={output}: must end in {' or '.join(FORMATS)}")
    directory = find_run(run, output_dir=output_dir, tell=terminal.line)
    scene, missing = stored_scene(directory, stored_evidence(Paths(directory)))
    if figure is None:
        folder = directory / "figures" if output is None else path_of(output)
        places = {plot: folder / f"{plot.name}.png" for plot in figures().values() if plot.applies(scene)}
    else:
        plot = applicable(figure, scene, missing)
        places = {plot: directory / "figures" / f"{figure}.png" if output is None else path_of(output)}
    for plot, path in places.items():
        content = picture(plot, scene, path.suffix.lower())
        save(lambda path=path, content=content: _write(path, content), path)
        terminal.line(f"{path}: {plot.takeaway(scene)}")
    if missing and figure is None:
        terminal.line(f"figures that need the model and its rows are left out: {missing}", "dim")


def applicable(name: str, scene: Scene, missing: str = "") -> Plot:
    """The figure of that name; raises ConfigError where the run has none."""
    plot = figures()[_check_name(name)]
    if not plot.applies(scene):
        has = [figure.name for figure in figures().values() if figure.applies(scene)]
        reason = f" ({missing})" if missing else ""
        raise ConfigError(f"this run has no figure {quote(name)}{reason}; it has {', '.join(has)}")
    return plot


def picture(plot: Plot, scene: Scene, suffix: str) -> bytes:
    """The figure as a file's content."""
    drawn = plot.draw(scene)
    return canvas.svg(drawn, plot.name).encode() if suffix == ".svg" else canvas.png(drawn)


def _check_name(name: str) -> str:
    if name not in figures():
        meant = difflib.get_close_matches(name, figures(), 1)
        hint = f"; did you mean {meant[0]}?" if meant else ""
        raise ConfigError(f"plot: no such figure {quote(name)}{hint}; there are {', '.join(figures())}")
    return name


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
