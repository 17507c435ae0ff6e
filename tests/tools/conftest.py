"""The tools are scripts beside each other, no package: their folder is put on the path, as running one does."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "tools"), str(Path(__file__).parent)]
