"""docs/findings.md, from the declarations: `python -m litmus.report.findings_page > docs/findings.md`."""

import ast
import inspect
import itertools
import sys
from collections.abc import Iterator

from litmus.verdict.diagnosis import Diagnosis
from litmus.verdict.findings import diagnoses, explains

ABOUT = {
    "data": "the rows alone, whatever the model does",
    "outcome": "what training came to",
    "training": "how the model was built and trained",
    "decision": "how scores become classes",
}
HEAD = """# Findings

What a run may be found to have, root cause first: where one explains others, these are printed below it as its
consequences. This page is made from the findings' own declarations by `python -m litmus.report.findings_page`.
"""


def page() -> str:
    """The page as Markdown."""
    return "\n\n".join([HEAD.rstrip(), index(), *map(section, diagnoses().values())]) + "\n"


def index(link: str = "#{}") -> str:
    """A table of all findings; `link` is where one stands, with its name for the braces."""
    rows = [f"| [`{name}`]({link.format(name)}) | {diagnose.says} |" for name, diagnose in diagnoses().items()]
    return "\n".join(["| finding | says |", "|---|---|", *rows])


def section(diagnosis: Diagnosis, link: str = "#{}") -> str:
    """What there is to say of one finding; `link` as in `index`."""
    module = inspect.getmodule(diagnosis.judge)
    what = (module.__doc__ or "").strip() if module else ""
    how = " ".join((inspect.getdoc(diagnosis.judge) or "").split())
    lines = [
        f"## {diagnosis.name}",
        what,
        f"*Cause in the summary*: {diagnosis.headline}. *About*: {ABOUT[diagnosis.about]}.",
    ]
    lines.append(f"*Seen by*: {diagnosis.says}." + (f" {how}" if how else ""))
    lines.append(f"*What to do*: {diagnosis.suggests}{f'; {diagnosis.remedy}' if diagnosis.remedy else ''}.")
    effects = explains()[diagnosis.name]
    if effects:
        lines.append("*May explain*: " + ", ".join(f"[{name}]({link.format(name)})" for name in effects) + ".")
    limits = [] if module is None else list(_limits(inspect.getsource(module)))
    if limits:
        lines.append("*Limits*:\n\n" + "\n".join(limits))
    lines.append(f"`litmus train verdict.accept=[{diagnosis.name}]` keeps it visible and takes its vote away.")
    return "\n\n".join(line for line in lines if line)


def _limits(source: str) -> Iterator[str]:
    """The numbers of a module that have a sentence below them."""
    body = ast.parse(source).body
    for node, below in itertools.pairwise(body):
        predicted = (
            isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
        )
        if not isinstance(node, ast.Assign) or not predicted:
            continue
        names = ast.unparse(node.targets[0]).strip("()").split(", ")
        if all(name.isupper() for name in names) and _is_number(node.value):
            text = " ".join(ast.literal_eval(below.value).split())  # type: ignore[attr-defined]
            yield f"- {ast.unparse(node.value).strip('()')}: {text[:1].lower()}{text[1:]}"


def _is_number(node: ast.expr) -> bool:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return False
    return all(isinstance(entry, int | float) for entry in (value if isinstance(value, tuple) else (value,)))


if __name__ == "__main__":
    sys.stdout.write(page())
