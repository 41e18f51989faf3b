"""Shell completion: the script that a shell sources, and the candidates that it asks for."""

from typing import get_args

from litmus.cli import reference
from litmus.cli.commands import COMMANDS, FLAGS
from litmus.errors import ConfigError, quote
from litmus.report.figures import names as figure_names

BASH = """\
# litmus completion bash; add to ~/.bashrc:  source <(litmus completion bash)
_litmus() {
    local IFS=$'\\n' whole=whole
    [[ $COMP_WORDBREAKS == *=* ]] && whole=rest
    COMPREPLY=($(litmus completion bash "$whole:${COMP_LINE:0:COMP_POINT}" 2>/dev/null))
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}
complete -o default -F _litmus litmus"""
ZSH = """\
#compdef litmus
# litmus completion zsh; add to ~/.zshrc:  source <(litmus completion zsh)
_litmus() {
    local -a found
    found=("${(@f)$(litmus completion zsh "whole:${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
    found=(${found:#})
    if (( ${#found} )); then compadd -S '' -- "${found[@]}"; else compset -P "*="; _files; fi
}
compdef _litmus litmus"""
SCRIPTS = {"bash": BASH, "zsh": ZSH}


def script(shell: str) -> str:
    """The script to source.

    Raises:
        ConfigError: The shell is not known.
    """
    if shell not in SCRIPTS:
        raise ConfigError(f"completion: no script for {quote(shell)}; it knows {' and '.join(SCRIPTS)}")
    return SCRIPTS[shell]


def answer(question: str) -> str:
    """The candidates for `rest:<line>` or `whole:<line>`, a line each; `rest` is what stands behind an `=`."""
    part, _, line = question.partition(":")
    found = candidates(line)
    return "\n".join(
        word.partition("=")[2] if part == "rest" and "=" in line.split(" ")[-1] else word for word in found
    )


def candidates(line: str) -> list[str]:
    """Words that may stand at the end of `line`.

    Example:
        >>> candidates("litmus ju")
        ['judge']
    """
    words = line.split(" ")
    typed, command = words[-1], next((word for word in words[1:-1] if word in COMMANDS), "")
    if typed.startswith("-"):
        found = [name for name, flag in FLAGS.items() if not command or command in flag.commands]
    elif not command:
        found = list(COMMANDS)
    elif command == "completion":
        found = list(SCRIPTS)
    elif COMMANDS[command].composed:
        found = _overrides(typed)
    else:
        taken = COMMANDS[command].keys
        found = [f"{key}=" for key in taken] + (["last"] if COMMANDS[command].most != 0 else [])
        found += list(figure_names()) if command == "plot" else []
        found += [f"{key}=last" for key in ("checkpoint", "against") if key in taken]
    return [word for word in found if word.startswith(typed)]


def _overrides(typed: str) -> list[str]:
    """Groups and keys, or behind the `=` the options of a group."""
    group, sign, _ = typed.partition("=")
    groups = reference.groups()
    if not sign:
        return [f"{group}=" for group in groups] + [f"{entry.key}=" for entry in reference.entries()]
    if group == "fail_on":
        from litmus.config.root import FailOn  # what only this question needs

        return [f"{group}={word}" for word in get_args(FailOn)]
    options = ["last"] if group == "resume" else groups.get(group, ())
    return [f"{group}={option}" for option in options]
