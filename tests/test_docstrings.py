"""What stands behind >>> in docstrings does what it says, and so does the Python in README.md."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import pcfilter_lib

LIBRARY = Path(pcfilter_lib.__file__).parent
ROOT = LIBRARY.parent
WITH_EXAMPLES = sorted(path for path in LIBRARY.rglob("*.py") if ">>> " in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_examples_in_docstrings(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.failed == 0, "see what is printed above"
    assert found.attempted == path.read_text(encoding="utf-8").count(">>> "), "some examples were not run"
    assert "SKIP" not in path.read_text(encoding="utf-8")


def test_the_python_of_the_readme(tmp_path, monkeypatch):
    pytest.importorskip("open3d")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", text)
    assert len(blocks) >= 3
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"README.md, block {number}", "exec"), names)
        if number == 1:
            told = f"{names['near'].valid.sum():,} of {names['scan'].valid.sum():,}"
            assert told in block
    assert (tmp_path / "mug_near.pcd").stat().st_size
