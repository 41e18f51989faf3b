"""The shape of the source tree: what stands where, and who imports whom.

Run as a program it lists the long files and functions: advice, as a file is as long as its subject.
"""

import ast
import itertools
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
PACKAGE = SRC / "litmus"
CONF = ROOT / "conf"
TESTS = ROOT / "tests"

LONG_FILE, LONG_FUNCTION = 400, 50  # lines from which a look is worth while

# Lowest first; a module imports from its own layer and from those below it, never from one above.
LAYERS = (
    ("evidence", "statistics", "config", "disk", "errors", "memory"),
    ("metrics",),
    ("task",),
    ("loss", "data"),
    ("engine", "scoring"),
    ("references",),
    ("data_checks",),
    ("run",),
    ("verdict", "probe"),
    ("report",),
    ("sweeps",),
    ("commands",),
    ("cli",),
    ("__init__", "__main__", "notebook", "estimator", "api"),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
# The same within the data room.
DATA_ROOMS = (
    ("location", "cell_reading", "rows", "tensors", "files", "packing"),
    ("columns",),
    ("encoding", "split", "rare_classes"),
    ("sources",),
    ("preparation", "loading"),
    ("module",),
)
DATA_RANK = {name: rank for rank, names in enumerate(DATA_ROOMS) for name in names}

# Where a name may be used, in one module of it, and nowhere else.
ONLY_HOME = {
    "hydra.utils.instantiate": "litmus.config",
    "torch.load": "litmus.engine.checkpoint",
}


@cache
def modules() -> dict[str, Path]:
    """Dotted name of every module under src, with its file."""
    return {_dotted(path): path for path in sorted(SRC.rglob("*.py"))}


def _dotted(path: Path) -> str:
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(name: str) -> set[str]:
    """Our modules that the module imports, at its top or inside its functions."""
    found: set[str] = set()
    for node in ast.walk(tree(modules()[name])):
        if isinstance(node, ast.Import):
            found |= {_module(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {_module(f"{node.module}.{alias.name}") for alias in node.names}
    return found - {"", name}


def _module(dotted: str) -> str:
    """The longest prefix that is a module of ours, or nothing."""
    while dotted and dotted not in modules():
        dotted = dotted.rpartition(".")[0]
    return dotted


def layer(name: str) -> str:
    """The part of litmus that a module belongs to: its second dotted word."""
    return name.split(".")[1] if "." in name else "__init__"


def names_used(path: Path) -> set[str]:
    """Dotted names that a file imports or reaches through an imported module, aliases resolved."""
    alias: dict[str, str] = {}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            alias |= {
                a.asname or a.name.partition(".")[0]: a.name if a.asname else a.name.partition(".")[0]
                for a in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            alias |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    used = set(alias.values())
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            head, _, rest = ast.unparse(node).partition(".")
            used.add(f"{alias.get(head, '')}.{rest}")
    return used


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of the graph, first node repeated at the end; empty if there is none."""
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        done.add(node)
        return next(filter(None, (visit(other, [*trail, node]) for other in sorted(graph.get(node, ())))), [])

    return next(filter(None, (visit(node, []) for node in sorted(graph))), [])


def test_every_option_of_model_and_task_has_its_module():
    missing = [
        str(option.relative_to(ROOT))
        for group in ("model", "task")
        for option in sorted((CONF / group).glob("*.yaml"))
        if option.stem != "auto" and not (PACKAGE / group / f"{option.stem}.py").is_file()
    ]
    assert missing == [], "options without a module of the same name in src/litmus"


def test_every_option_of_data_is_a_class_among_the_sources():
    targets = {
        option.stem: yaml.safe_load(option.read_text(encoding="utf-8"))["_target_"]
        for option in sorted((CONF / "data").glob("*.yaml"))
    }
    homes = {stem: target.rpartition(".")[0] for stem, target in targets.items()}
    strays = {stem: home for stem, home in homes.items() if not home.startswith("litmus.data.sources.")}
    assert strays == {}, "options of data outside src/litmus/data/sources"
    assert {stem: home for stem, home in homes.items() if home not in modules()} == {}


def test_every_test_file_mirrors_a_module():
    flows = (
        {"test_layout"}
        | {path.stem for path in TESTS.glob("test_flow*.py")}
        | {path.stem for path in TESTS.glob("test_browser*.py")}
    )
    stray = [
        str(path.relative_to(ROOT))
        for path in sorted(TESTS.rglob("test_*.py"))
        if path.stem not in flows and not _mirrored(path)
    ]
    assert stray == [], "tests of no module: tests/data/test_split.py tests src/litmus/data/split.py"


def _mirrored(path: Path) -> bool:
    """Whether a module or package stands where the test's path says, or, for a folder of options, the folder."""
    folder = path.parent.relative_to(TESTS)
    stem = path.stem.removeprefix("test_")
    homes = (PACKAGE / folder, SRC / folder)
    return any((home / f"{stem}.py").is_file() or (home / stem).is_dir() or home / stem == CONF for home in homes) or (
        (CONF / stem).is_dir() or stem == "conf"
    )


def long_parts() -> dict[str, int]:
    """Files and functions that are long, with their number of lines, the longest first."""
    files = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules().values()
    }
    functions = {
        f"{name}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for name, path in modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    found = {name: lines for name, lines in files.items() if lines > LONG_FILE}
    found |= {name: lines for name, lines in functions.items() if lines > LONG_FUNCTION}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def test_no_module_is_a_drawer_for_everything():
    drawers = [
        name for name in modules() if {"utils", "util", "common", "core", "helpers", "misc"} & set(name.split("."))
    ]
    assert drawers == []


def test_every_part_of_litmus_has_a_place_in_the_order():
    assert {layer(name) for name in modules() if name.split(".")[0] == "litmus"} <= {*RANK, "model"}


def test_the_drawing_of_the_rooms_is_their_order():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = page.partition("```text\n")[2].partition("```")[0].splitlines()
    lines = [line[42:].split() for line in drawn]
    assert [{*rooms} for rooms in lines] == [{*rooms} for rooms in reversed(LAYERS)]


def test_imports_point_one_way():
    upward = [
        f"{name} -> {other}"
        for name in modules()
        for other in sorted(imported(name))
        if layer(name) in RANK
        and layer(other) in RANK
        and name.startswith("litmus")
        and RANK[layer(other)] > RANK[layer(name)]
    ]
    assert upward == [], "imports of a layer above"


def test_steps_of_data_import_earlier_ones_only():
    def room(name: str) -> str:
        return name.split(".")[2]

    steps = [name for name in modules() if name.startswith("litmus.data.")]
    assert {room(name) for name in steps} == {*DATA_RANK}
    upward = [
        f"{name} -> {other}"
        for name in steps
        for other in sorted(imported(name) & {*steps})
        if DATA_RANK[room(other)] > DATA_RANK[room(name)]
    ]
    assert upward == []


def test_keys_of_the_config_are_text_in_its_own_room_only():
    read = re.compile(r"\b(?:config|tree)(?:\[\"|\.get\(\")")
    found = [
        f"{path.relative_to(SRC)}:{number}"
        for name, path in modules().items()
        if not name.startswith("litmus.config")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if read.search(line)
    ]
    assert found == [], "RunConfig has what is read outside litmus/config"


def test_models_import_nothing_of_ours_but_models():
    reaching_out = [
        f"{name} -> {other}"
        for name in modules()
        for other in sorted(imported(name))
        if name.startswith("litmus.model") and other.startswith("litmus") and layer(other) != "model"
    ]
    assert reaching_out == []


def test_nothing_but_models_imports_models():
    """They are reached by name, from the config."""
    reaching_in = [
        f"{name} -> {other}"
        for name in modules()
        for other in sorted(imported(name))
        if layer(other) == "model" and layer(name) != "model"
    ]
    assert reaching_in == []


def test_the_verdict_imports_evidence_statistics_and_what_metrics_and_tasks_are_called_only():
    allowed = {"verdict", "evidence", "statistics", "errors"}
    impure = [
        f"{name} -> {other}"
        for name in modules()
        for other in sorted(imported(name) - {"litmus.metrics", "litmus.task", "litmus.task.base"})
        if name.startswith("litmus.verdict") and layer(other) not in allowed
    ]
    assert impure == []


def test_metrics_and_tasks_are_declared_without_torch_or_numpy():
    heavy = {"torch", "numpy", "torchmetrics", "scipy"}
    command = "import sys, litmus.metrics as m, litmus.task as t; m.measures(), t.kinds(); "
    command += f"print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_plugins_reach_into_sweeps_only():
    reaching = [
        f"{name} -> {other}"
        for name in modules()
        for other in sorted(imported(name))
        if name.startswith("hydra_plugins") and other.startswith("litmus") and layer(other) not in {"sweeps", "errors"}
    ]
    assert reaching == []


def test_hydra_plugins_is_a_namespace_package():
    assert not (SRC / "hydra_plugins" / "__init__.py").exists()


def test_no_modules_import_each_other_in_a_circle():
    assert cycle({name: imported(name) for name in modules()}) == []


def test_a_circle_is_found_where_there_is_one():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c", "b"]


def test_guarded_names_are_used_in_their_one_home():
    users = {
        guarded: [name for name, path in modules().items() if guarded in names_used(path)] for guarded in ONLY_HOME
    }
    elsewhere = {
        guarded: names
        for guarded, names in users.items()
        if len(names) > 1 or not all(f"{name}.".startswith(f"{ONLY_HOME[guarded]}.") for name in names)
    }
    assert elsewhere == {}


def test_private_api_of_lightning_and_torch_is_used_in_one_module():
    def private(name: str) -> bool:
        home, *parts = name.split(".")
        hidden = any(part.startswith("_") and not part.startswith("__") for part in parts)
        return (home in {"lightning", "torch"} and hidden) or bool({"fit_loop", "epoch_loop"} & set(parts))

    users = {name for name, path in modules().items() if any(map(private, names_used(path)))}
    assert users == {"litmus.engine.lean"}


def test_guarded_names_are_seen_through_aliases(tmp_path):
    path = tmp_path / "sly.py"
    path.write_text("import torch as t\nfrom hydra import utils\nt.load('x')\nutils.instantiate({})\n")
    assert names_used(path) >= set(ONLY_HOME)


def test_the_wheel_ships_the_config_inside_the_package():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "conf" in wheel["only-include"]
    assert wheel["sources"] == {"src": "", "conf": "litmus/conf"}


def test_every_dependency_is_pinned_to_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *itertools.chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.match(r"[\w.-]+", line).group().lower().replace("_", "-") for line in asked} - {"litmus"}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[\w.]+", line) for line in pinned)
    assert names <= {line.partition("==")[0] for line in pinned}


if __name__ == "__main__":
    sys.stdout.writelines(f"{lines:5} lines: {name}\n" for name, lines in long_parts().items())
