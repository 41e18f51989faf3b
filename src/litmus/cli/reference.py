"""What can be written after `litmus train`: groups, options and keys, read from the sources without importing them."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import final

from litmus.metrics import measures

PACKAGE = Path(__file__).resolve().parents[1]
ORDER = (
    *("experiment", "data", "model", "task", "loss", "optimizer", "scheduler", "trainer", "callback", "criteria"),
    *("logger", "sweep"),
)


@final
@dataclass(frozen=True)
class Entry:
    """One key.

    Args:
        key: Dotted.
        meaning: One line; "" where the source says none.
        options: Options of the group that have it; empty if all have.
    """

    key: str
    meaning: str
    options: tuple[str, ...] = ()


def conf_dir() -> Path:
    """The folder of configs: beside src/ in a clone, inside the package in a wheel."""
    clone = PACKAGE.parents[1] / "conf"
    return clone if PACKAGE.parent.name == "src" and (clone / "train.yaml").is_file() else PACKAGE / "conf"


def groups() -> dict[str, dict[str, str]]:
    """By group, each option with the first line of its comment."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(conf_dir().glob("*/*.yaml")):
        found.setdefault(file.parent.name, {})[file.stem] = _header(file)
    names = [name for name in ORDER if name in found]
    return {name: found[name] for name in [*names, *sorted(set(found) - {*names, "hydra"})]}


def entries() -> list[Entry]:
    """Every key of the config: those at the root, those of each group, those of the verdict."""
    root = [Entry(name, meaning) for name, meaning in arguments("litmus.config.root.Root").items()]
    sections = [entry for entry in _sections() if entry.key.partition(".")[0] not in groups()]
    return [*root, *(entry for group in groups() for entry in group_keys(group)), *sections]


def _sections() -> list[Entry]:
    """The keys of what stands in the root config itself: those of the verdict and of the sweep."""
    return [Entry(key, meaning) for key, meaning in _entries(conf_dir() / "train.yaml", "").items()]


def group_keys(group: str) -> list[Entry]:
    """The keys of one group: what the targets of its options take."""
    tables = {option: _entries(conf_dir() / group / f"{option}.yaml", group) for option in groups()[group]}
    entries = [entry for entry in _sections() if entry.key.startswith(f"{group}.")]
    for key in dict.fromkeys(key for table in tables.values() for key in table):
        having = [option for option, table in tables.items() if key in table]
        meaning = next((tables[option][key] for option in having if tables[option][key]), "")
        entries.append(Entry(key, meaning, () if len(having) == len(tables) else tuple(having)))
    return entries


@cache
def arguments(target: str) -> dict[str, str]:
    """The arguments of a class or function, with their meaning."""
    module, _, name = target.rpartition(".")
    found = _documented(module, name) if target.startswith("litmus.") else {}
    if target == "litmus.verdict.criteria.Criteria":
        found = {measure.name: measure.meaning for measure in measures().values() if measure.askable} | {
            "slack": found["slack"]
        }
    table = {"torch.optim": "OPTIMIZER", "litmus.engine.trainer": "TRAINER"}.get(module)
    return (_known(table) if table else {}) | found


def _documented(module: str, name: str) -> dict[str, str]:
    """Arguments by name: those of `__init__`, or else the fields, inherited ones after a class's own."""
    module, node = _find(module, name)
    if isinstance(node, ast.FunctionDef):
        return _described(_names(node), _docs(node))
    if not isinstance(node, ast.ClassDef):
        return {}
    inherited: dict[str, str] = {}
    for base in node.bases:
        if isinstance(base, ast.Name):
            inherited |= _documented(module, base.id)
    start = next((item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
    if start is not None:
        return _described(_names(start), inherited | _docs(node))
    return _described([*_fields(node), *inherited], inherited | _docs(node))


def _described(names: list[str], docs: dict[str, str]) -> dict[str, str]:
    return {name: docs.get(name, "") for name in names}


def _find(module: str, name: str) -> tuple[str, ast.stmt | None]:
    """The definition of `name` and the module that it stands in, imports of ours followed."""
    tree = _tree(module)
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return module, node
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if (alias.asname or alias.name) == name:
                return _find(getattr(node, "module", None) or "", alias.name)
    return module, None


@cache
def _tree(module: str) -> ast.Module | None:
    package, *parts = module.split(".")
    if package != PACKAGE.name:
        return None
    path = PACKAGE.joinpath(*parts)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8")) if file.is_file() else None


def _names(function: ast.FunctionDef) -> list[str]:
    words = [argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)]
    return [word for word in words if word != "self"]


def _fields(node: ast.ClassDef) -> list[str]:
    """The fields of a dataclass."""
    written = [item for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)]
    named = [(item.target.id, ast.unparse(item.annotation)) for item in written if isinstance(item.target, ast.Name)]
    return [name for name, hint in named if not name.startswith("_") and "ClassVar" not in hint]


def _docs(node: ast.ClassDef | ast.FunctionDef) -> dict[str, str]:
    """What the docstring's `Args:` says of each argument, on one line."""
    _, _, section = (ast.get_docstring(node) or "").partition("Args:\n")
    section = re.split(r"\n(?=\S)", section)[0]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


@cache
def _known(table: str) -> dict[str, str]:
    """Meanings of third-party arguments, from the table of their ranges."""
    tree = _tree("litmus.config.ranges")
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == table and isinstance(node.value, ast.Dict):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            calls = [(key, value) for key, value in pairs if isinstance(value, ast.Call)]
            return {ast.literal_eval(key): ast.literal_eval(value.args[1]) for key, value in calls if key is not None}
    return {}


@cache
def _facts() -> frozenset[str]:
    """Arguments that the run supplies, so that nobody writes them."""
    tree = _tree("litmus.config.signatures")
    for node in tree.body if tree else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "FACTS":
            return frozenset(str(item.value) for item in ast.walk(node.value) if isinstance(item, ast.Constant))
    return frozenset()


def _entries(file: Path, place: str) -> dict[str, str]:
    """Dotted keys of every node with a target in a YAML file, and in the files that its defaults name."""
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if base := re.fullmatch(r"  - (\w+)", line):
            if base[1] != "_self_":
                found |= _entries(file.with_name(f"{base[1]}.yaml"), place)
            continue
        pair = re.match(r"( *)(\w+):\s*(\S*)", line)
        if pair is None:
            continue
        above = [(depth, word) for depth, word in above if depth < len(pair[1])]
        if pair[2] == "_target_":
            here = ".".join(filter(None, [place, *(word for _, word in above)]))
            given = {name: text for name, text in arguments(pair[3]).items() if name not in _facts()}
            found |= {f"{here}.{name}": text for name, text in given.items()}
        above.append((len(pair[1]), pair[2]))
    return found


def _header(file: Path) -> str:
    """What the first comment of a config file says, without the command that follows it."""
    with file.open(encoding="utf-8") as lines:
        comments = (line[1:].strip() for line in lines if line.startswith("#") and "@package" not in line)
        first = next(comments, "")
    return re.split(r"[.:;]? *litmus \w+ ", first)[0].strip().rstrip(".:")
