"""Copy one installed package into a folder of its own, and print the folder, for a PYTHONPATH with nothing else."""

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp(prefix="only-"))
source = Path(importlib.util.find_spec(sys.argv[1]).origin).parent
shutil.copytree(source, folder / sys.argv[1])
print(folder)
