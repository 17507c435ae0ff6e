"""The public front: every public name exists, and no import changes what kind of thing a name is.

`make test-lowest` runs this with the lowest lazy-loader, too, which lets a module replace a function of its name.
"""

import ast
import importlib
import json
import pkgutil
import random
import subprocess
import sys
from pathlib import Path

import pytest

import pcfilter_lib
from pcfilter_lib import data

PACKAGE = Path(pcfilter_lib.__file__).parent
LONGEST, MOST = 300, 24  # lines of a file, modules of a folder

TOUCH = """
import importlib, json, random, sys
names = json.loads(sys.argv[1])
kinds = {}
for name in names:
    package, _, attribute = name.rpartition(".")
    kinds[name] = type(getattr(importlib.import_module(package), attribute)).__name__
after = {}
for name in names:
    package, _, attribute = name.rpartition(".")
    after[name] = type(getattr(sys.modules[package], attribute)).__name__
print(json.dumps([name for name in names if kinds[name] != after[name]]))
"""


def packages():
    """The packages of the library, but for the chapters' checks, which are modules without a common front."""
    found = [pcfilter_lib.__name__]
    found += [each.name for each in pkgutil.walk_packages([str(PACKAGE)], "pcfilter_lib.") if each.ispkg]
    return [name for name in found if hasattr(importlib.import_module(name), "__all__")]


def public_names():
    """Every public name of every package that can be had with the extras that are installed."""
    return [f"{package}.{name}" for package in packages() for name in importlib.import_module(package).__all__]


def touched(names):
    """Return the names whose kind changed after all of them were touched, in this order, in a fresh process."""
    done = subprocess.run([sys.executable, "-c", TOUCH, json.dumps(names)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_name_changes_its_kind_whatever_is_imported_first(seed):
    names = public_names()
    random.Random(seed).shuffle(names)
    assert len(names) > 200 and touched(names) == []


def test_what_the_readme_calls_after_a_depth_image():
    scan = data.load_scan(
        data.example_path("mug_depth.png"), intrinsics=data.example_path("mug_camera.json"), depth_scale=10_000
    )
    assert data.scan_depth(scan).shape == scan.shape


def modules():
    """Every module of the library with its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), ast.parse(path.read_text(encoding="utf-8"))


def imports():
    """For each module the modules of this library that it imports, also within functions; types alone do not count."""
    trees = dict(modules())
    graph = {}
    for name, tree in trees.items():
        skipped = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        graph[name] = set()
        for node in ast.walk(tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pcfilter_lib"):
                for alias in node.names:
                    inside = f"{node.module}.{alias.name}"
                    graph[name].add(_home(node.module, alias.name, trees) if inside not in trees else inside)
            elif isinstance(node, ast.Import):
                graph[name] |= {
                    alias.name for alias in node.names if alias.name in trees and alias.name != "pcfilter_lib"
                }
        graph[name] -= {name, "pcfilter_lib"}
    return graph


def _home(package, attribute, trees):
    """The module behind a public name of a package."""
    where = getattr(importlib.import_module(package), attribute, None)
    home = getattr(where, "__module__", None)
    return home if home in trees else package


def test_the_import_graph_has_no_circle():
    graph, state = imports(), {}

    def visit(name, way):
        state[name] = "open"
        for other in sorted(graph.get(name, ())):
            if state.get(other) == "open":
                circle = " -> ".join([*way[way.index(other) :], other])
                raise AssertionError(f"imports in a circle: {circle}")
            if other not in state:
                visit(other, [*way, other])
        state[name] = "done"

    for name in sorted(graph):
        if name not in state:
            visit(name, [name])
    assert len(graph) > 150


def test_modules_are_short_and_folders_small():
    own = [path for path in PACKAGE.rglob("*.py") if "exercises" not in path.parts]
    lines = {str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines()) for path in own}
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}
    folders = {path.parent for path in own}
    counts = {str(folder.relative_to(PACKAGE)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counts.items() if count > MOST} == {}
