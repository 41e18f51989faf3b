"""The command line: `litmus <command> ...`; nothing heavy is imported before a command needs it.

What a command is, stands in `commands.py`. `train` and `check` take config overrides: `launch.py` composes and checks
them, and calls `main(cfg)` of `litmus.commands.train` or `.check`. Every other command `x` is a module
`litmus.commands.x` with a function `main(*positionals, **keys)` that returns an exit status, or None for 0:

    litmus judge last criteria=strict             judge.main("last", overrides=("criteria=strict",))
    litmus evaluate checkpoint=last data.path=a   evaluate.main(checkpoint="last", data_path="a")
    litmus improve last steps=3                   improve.main("last", steps=3)

Dots in keys become underscores. Keys that are not given are not passed: their defaults stand in `main`.
"""

from litmus.cli.entry import main

__all__ = ["main"]
