"""Parsing the command line, and handing over to the command."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

import pcfilter_lib

#: Each command's name and what it does. The command ``name`` stands in the module ``_name`` of this package, which has
#: ``configure(parser)`` and ``run(options)``, and is imported only when the command is run.
COMMANDS = {
    "info": "say what is in files",
    "filter": "remove artefacts from scans",
    "label": "let views of one scene label each other's points",
    "tune": "fit a filter to labelled scans of one scanner",
    "evaluate": "compare filters on labelled scans",
    "bench": "measure this machine with the workloads of the book",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command-line arguments. Defaults to ``sys.argv[1:]``.

    Returns
    -------
    int
        0 if all went well, 1 if a file could not be used. Wrong options end the program with 2.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name may hold what the terminal cannot show
    if arguments is None:  # a program may choose, a library may not: threads that spin take cores from others
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="pcfilter",
        description="Say what is in scans, clouds and meshes, remove artefacts from scans, and measure a machine.",
        epilog="Exit status: 0 all went well, 1 a file could not be used, 2 wrong options.",
    )
    parser.add_argument("--version", action="version", version=f"pcfilter {pcfilter_lib.__version__}")
    parsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    commands = {name: parsers.add_parser(name, help=text) for name, text in COMMANDS.items()}
    chosen = next((word for word in arguments if not word.startswith("-")), None)
    if chosen in commands:
        module = importlib.import_module(f"pcfilter_lib.cli._{chosen}")
        module.configure(commands[chosen])
    options = parser.parse_args(arguments)
    try:
        status = module.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return status
