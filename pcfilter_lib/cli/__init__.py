"""The ``pcfilter`` command: one module a command, each imported only when it is run."""

from pcfilter_lib.cli._main import main

__all__ = ["main"]
