"""Pages of the documentation that are written from declarations and signatures, as a hook of mkdocs.

Nothing of them is stored: `pages()` makes them anew whenever the site is built.
"""

import html
import inspect
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import litmus
from litmus.cli import reference
from litmus.cli.commands import COMMANDS, FLAGS, SHORT
from litmus.config import signatures
from litmus.config.hints import describe
from litmus.config.root import Root
from litmus.config.targets import target
from litmus.metrics import measures
from litmus.report.figures import figures
from litmus.report.findings_page import index, section
from litmus.verdict.criteria import Criteria
from litmus.verdict.findings import diagnoses, explains

HERE = Path(__file__).resolve().parent
TARGET = re.compile(r"_target_: *(\S+)")
ALIGNED = {"share": "a share", "number": "a number", "target": "in the target's unit"}


def pages() -> dict[str, str]:
    """Every generated page as Markdown, by its path below docs/."""
    found = {f"findings/{name}.md": _finding(name) for name in diagnoses()}
    found |= {f"notebooks/{path.stem}.md": _notebook(path) for path in sorted((HERE / "notebooks").glob("*.ipynb"))}
    return found | {
        "findings.md": _findings(),
        "reference/commands.md": _commands(),
        "reference/config.md": _config(),
        "reference/metrics.md": _metrics(),
        "reference/figures.md": _figures(),
        "reference/experiments.md": _experiments(),
        "reference/python.md": _python(),
    }


# --- mkdocs ----------------------------------------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Puts the generated pages into the navigation, where it has an empty list for them."""
    paths = list(pages())
    lists = {
        "Findings": ["findings.md", *(path for path in paths if path.startswith("findings/"))],
        "Notebooks": [path for path in paths if path.startswith("notebooks/")],
        "Reference": [path for path in paths if path.startswith("reference/")],
    }
    config["nav"] = [
        {name: lists[name]} if isinstance(item, dict) and (name := next(iter(item))) in lists else item
        for item in config["nav"]
    ]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the generated pages; findings.md, which the repository has in one piece, becomes the list of its pages."""
    from mkdocs.structure.files import File

    for path, text in pages().items():
        if (stored := files.get_file_from_path(path)) is not None:
            files.remove(stored)
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001  # as mkdocs calls it
    """Links to files beside docs/ are words on the site: it may stand anywhere."""
    up = page.file.src_uri.count("/") + 1
    return re.sub(rf"(?<!!)\[([^\]]+)\]\((?:\.\./){{{up}}}[^)]*\)", r"\1", markdown)


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    cells = [[_cell(str(cell)) for cell in row] for row in rows]
    lines = [head, ["---"] * len(head), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if cells else ""


def _cell(text: str) -> str:
    """A table's cell."""
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    """Text in which nothing but code looks like markup."""
    parts = text.split("`")
    return "`".join(part if place % 2 else part.replace("<", "&lt;") for place, part in enumerate(parts))


def _code(words: object) -> str:
    return f"`{words}`" if str(words) else ""


def _finding(name: str) -> str:
    said = section(diagnoses()[name], link="{}.md").partition("\n\n")[2]
    causes = [cause for cause, effects in explains().items() if name in effects]
    causes = [cause for cause in diagnoses() if cause in causes]  # root cause first
    what, _, rest = said.partition("\n\n")
    above = "*May follow from*: " + ", ".join(f"[{cause}]({cause}.md)" for cause in causes) + "." if causes else ""
    return _page(name, what, _pictures(name), rest, above, "[All findings](../findings.md)")


def _pictures(name: str) -> str:
    """A run that has the finding beside the same run mended, where docs/pictures.py has drawn them."""
    known = json.loads((HERE / "pictures" / "pictures.json").read_text(encoding="utf-8"))
    if name not in known:
        return ""
    one = known[name]
    alt = f"Left: {one['failing']} Right: {one['healthy']}"
    rows = [f"- *Left*, {_with(one['planted'], 'as planted')}: {_plain(one['failing'])}"]
    rows.append(f"- *Right*, {_with(one['mended'], 'mended')}: {_plain(one['healthy'])}")
    return f"![{alt}](../pictures/{name}.png)\n\n" + "\n".join(rows)


def _with(words: str, otherwise: str) -> str:
    return f"with `{words}`" if words else otherwise


def _findings() -> str:
    head = "What a run may be found to have, root cause first: where one explains others, these are printed below it."
    severities = """
An `error` costs adequacy, a `warning` may, a `question` is for you to answer, `info` costs nothing. What could not be
judged is listed as such, never passed. [How the verdict is reached](verdict.md) has the rules."""
    return _page("Findings", head, severities.strip(), index("findings/{}.md"))


def _commands() -> str:
    parts = []
    for name, command in COMMANDS.items():
        parts += [f"## {name}", f"    litmus {name} {command.usage}", f"{_sentence(command.meaning)}"]
        if command.composed:
            parts.append("Takes any key of the [config](config.md).")
        rows = [(_code(f"{key}="), one.meaning, "yes" if one.needed else "") for key, one in command.keys.items()]
        parts.append(_table(("key", "meaning", "needed"), rows))
        if command.groups:
            takes = ", ".join(f"`{group}.`" for group in command.groups)
            parts.append(f"Overrides of {takes} are taken too, as by `litmus train`.")
        if command.document:
            parts.append(f"`--json` prints {command.document} alone.")
    short = {long: word for word, long in SHORT.items()}
    flags = [
        (
            _code(f"{name} {flag.value}".strip()) + (f", `{short[name]}`" if name in short else ""),
            flag.meaning,
            "all" if flag.commands == tuple(COMMANDS) else ", ".join(flag.commands),
        )
        for name, flag in FLAGS.items()
    ]
    head = "Each is also `python -m litmus <command>`. Flags may stand anywhere on the line."
    return _page("Commands", head, *parts, "## Flags", _table(("flag", "meaning", "of"), flags))


def _config() -> str:
    head = """
`litmus train key=value ...` sets any of these; `group=option` chooses one of a group. What a key accepts is checked
before anything is built. This page is made from the signatures of what the config names."""
    parts = ["## Keys that stand alone", _keys("", reference.entries())]
    for group, options in reference.groups().items():
        entries = reference.group_keys(group)
        chosen = _table(("option", "is"), [(f"`{group}={option}`", says) for option, says in options.items()])
        parts += [f"## {group}", chosen, _keys(group, entries)]
    heads = dict.fromkeys(entry.key.partition(".")[0] for entry in reference.entries() if "." in entry.key)
    for name in [head for head in heads if head not in reference.groups()]:
        parts += [f"## {name}", _keys(name, [one for one in reference.entries() if one.key.startswith(f"{name}.")])]
    return _page("Config", head.strip(), *parts)


def _keys(group: str, entries: Iterable[reference.Entry]) -> str:
    known = _parameters(group)
    rows = []
    for entry in entries:
        if not group and "." in entry.key:
            continue
        parameter = known.get(entry.key)
        takes = "" if parameter is None or parameter.hint is Any else describe(parameter.hint)
        default = "" if parameter is None or parameter.required else _default(parameter.default)
        only = f" ({', '.join(entry.options)})" if entry.options else ""
        rows.append((_code(entry.key), entry.meaning + only, takes, default))
    return _table(("key", "meaning", "takes", "default"), rows)


def _parameters(group: str) -> dict[str, signatures.Parameter]:
    """What the arguments of a group's targets accept, by dotted key; of several options with a key, the first's."""
    if not group:
        return dict(signatures.signature(Root, "litmus.config.root.Root").parameters)
    folder = reference.conf_dir() / group
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    found: dict[str, signatures.Parameter] = {}
    for file in files:
        found = _of_nodes(file.read_text(encoding="utf-8"), group) | found
    root = (reference.conf_dir() / "train.yaml").read_text(encoding="utf-8")
    return {key: one for key, one in _of_nodes(root, "").items() if key.startswith(f"{group}.")} | found


def _of_nodes(text: str, place: str) -> dict[str, signatures.Parameter]:
    import yaml

    found = {}
    for key, node in signatures.nodes(yaml.safe_load(text), place):
        name = node["_target_"]
        if name.startswith("litmus.verdict.criteria."):
            found |= _thresholds()
            continue
        for word, parameter in signatures.signature(target(name, key), name).parameters.items():
            found[f"{key}.{word}"] = parameter
    return found


def _thresholds() -> dict[str, signatures.Parameter]:
    askable = [one for one in measures().values() if one.askable]
    slack = signatures.signature(Criteria, "litmus.verdict.criteria.Criteria").parameters.get("slack")
    found = {f"criteria.{one.name}": signatures.Parameter(one.threshold_type, False, one.default) for one in askable}
    return found | ({} if slack is None else {"criteria.slack": slack})


def _default(value: object) -> str:
    words = {None: "null", True: "true", False: "false"}
    if isinstance(value, bool | None):
        return _code(words[value])
    if isinstance(value, int | float | str | list | tuple):
        return _code(list(value) if isinstance(value, tuple) else value)
    return ""


def _metrics() -> str:
    rows = [
        (
            _code(one.name),
            one.label,
            ", ".join(sorted(one.tasks)),
            "more" if one.higher_is_better else "less",
            ALIGNED[one.unit],
            "" if one.default is None else f"{one.default:g}",
            one.meaning,
        )
        for one in measures().values()
    ]
    head = """
`{split}/{name}` is a metric's name in `history.csv`, TensorBoard and `monitor=`; `criteria.{name}=` asks for it.
Precision, recall and F1 are the positive class's in binary tasks and means over the classes otherwise. All are computed
over whole splits."""
    return _page(
        "Metrics",
        head.strip(),
        _table(("name", "is", "of", "good is", "read as", "asked by default", "`criteria.` asks for"), rows),
    )


def _figures() -> str:
    rows = []
    for name, plot in figures().items():
        said = inspect.getdoc(inspect.getmodule(plot.draw)) or ""
        rows.append((_code(name), plot.title, said))
    head = (
        "`litmus plot last <figure>` writes one, `run.figures.<figure>()` draws it; each has its place in the report."
    )
    return _page("Figures", head, _table(("figure", "title", "shows"), rows))


def _experiments() -> str:
    rows = []
    for name, says in reference.groups()["experiment"].items():
        lines = (reference.conf_dir() / "experiment" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        expected = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]
        verdict = next(line.removeprefix("# verdict: ") for line in lines if line.startswith("# verdict: "))
        rows.append((_code(f"litmus train experiment={name}"), says, "; ".join(expected), verdict))
    head = "Overlays in `conf/experiment/` that any override may change. A test holds what they expect on three seeds."
    return _page("Experiments", head, _table(("command", "what", "expected", "verdict"), rows))


def _python() -> str:
    parts = []
    for name in litmus.__all__:
        found = getattr(litmus, name)
        if name.startswith("__"):
            continue
        if name == "sweep":
            from litmus.api import sweep as found
        parts += [f"## {name}", *_documented(name, found)]
        if inspect.isclass(found):
            for word, one in inspect.getmembers(found):
                if not word.startswith("_") and _ours(one):
                    parts += [f"### {name}.{word}", *_documented(f"{name}.{word}", one)]
    head = "The commands as functions; nothing is printed. [Notebooks and Python](../howto/python.md) shows how."
    return _page("Python", head, *parts)


def _ours(member: Any) -> bool:
    """Whether a class's member is written here, not inherited from a library."""
    home = getattr(member.fget if isinstance(member, property) else member, "__module__", None) or ""
    return home.startswith("litmus.") and bool(inspect.getdoc(member))


def _documented(name: str, found: Any) -> list[str]:
    docs = inspect.getdoc(found) or ""
    if isinstance(found, property) or not callable(found):
        return [docs]
    signature = inspect.signature(found)
    bare = [one.replace(annotation=one.empty) for one in signature.parameters.values() if one.name != "self"]
    shown = signature.replace(parameters=bare, return_annotation=signature.empty)
    return [f"    {'' if '.' in name else 'litmus.'}{name}{shown}", *_sections(docs)]


def _sections(docs: str) -> list[str]:
    """A docstring as Markdown: its prose, and what it says under Args, Returns, Raises and Example."""
    parts = re.split(r"^(Args|Returns|Raises|Example):\n", _plain(docs), flags=re.MULTILINE)
    found = [parts[0].strip()]
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        body = inspect.cleandoc(text)
        if title == "Example":
            found.append("\n".join(f"    {line}" for line in body.splitlines()))
        elif title == "Returns":
            found.append(f"Returns: {' '.join(body.split())}")
        else:
            pairs = re.findall(r"^(\w+): (.*(?:\n[ \n].*)*)", body, re.MULTILINE)
            items = [f"- `{word}`: {' '.join(meaning.split())}" for word, meaning in pairs]
            found.append(f"{title}:\n\n" + ("\n".join(items) or " ".join(body.split())))
    return found


def _notebook(path: Path) -> str:
    """A notebook with the outputs that docs/notebooks.py has kept."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append("\n".join(f"    {line}" for line in source.splitlines()))
        shown = [output.get("data", {}) for output in cell["outputs"]]
        parts += [_output({kind: "".join(text) for kind, text in data.items()}, source) for data in shown]
    return "\n\n".join(part for part in parts if part) + "\n"


def _output(data: dict[str, str], source: str) -> str:
    if "text/html" in data:
        return f'<div class="output">\n{_dense(data["text/html"])}\n</div>'
    if "image/png" in data:
        png = data["image/png"].replace("\n", "")
        alt = html.escape(f"What {source} draws", quote=True)
        return f'<div class="output"><img alt="{alt}" src="data:image/png;base64,{png}"></div>'
    return f"<pre class='output'>{html.escape(data.get('text/plain', ''))}</pre>"


def _dense(text: str) -> str:
    """Without empty lines, which would end a block of HTML in Markdown."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
