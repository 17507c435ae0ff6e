"""What tests of the training scripts share."""

import importlib.util
import sys
from pathlib import Path

import pytest
from isolation import seeded

from pcfilter_lib.weights import _ship

SCRIPTS = Path(__file__).parents[2] / "data_scripts"


@pytest.fixture
def load_script(monkeypatch, tmp_path):
    """Return a function that loads a script with some constants replaced; its ``run`` takes the command line.

    Whatever it ships goes to ``tmp_path / "weights"``.
    """
    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(_ship, "FOLDER", tmp_path / "weights")

    def load(name, **constants):
        spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        for constant, value in constants.items():
            monkeypatch.setattr(script, constant, value)

        def run(*arguments):
            monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments), "--out", str(tmp_path / "runs")])
            with seeded(0):  # each training seeds the generators itself
                script.main()

        script.run = run
        return script

    return load
