"""`python -m litmus` is the command `litmus`."""

from litmus.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
