#!/usr/bin/env python3
"""Run a module in the project's environment, whichever Python starts this: `python tools/in_environment.py ruff check`.

For the pre-commit hooks, which git also starts where nobody has activated the environment.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = [ROOT / ".venv" / "bin" / "python", ROOT / ".venv" / "Scripts" / "python.exe"]


def main(arguments: list[str]) -> int:
    """Return the exit code of the module, or of the script if the first argument names a file."""
    python = next((path for path in PYTHONS if path.exists()), Path(sys.executable))
    what = arguments if arguments[0].endswith(".py") else ["-m", *arguments]
    return subprocess.run([python, *what], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
