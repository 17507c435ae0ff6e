"""A deliberate leak of each kind is caught by name, and does not reach the next test."""

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import isolation
import numpy as np
import pytest

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
DETERMINISM = {
    "tensorflow": ("import tensorflow; tensorflow.config.experimental.enable_op_determinism()", "determinism: .*"),
    "jax": ("import jax; jax.config.update('jax_enable_x64', True)", "backend: jax_enable_x64 "),
    "torch": ("import torch; torch.use_deterministic_algorithms(True)", "determinism: .*"),
}
SEED = {
    "tensorflow": ("import tensorflow; tensorflow.random.set_seed(0)", "generator: TensorFlow's "),
    "torch": ("import torch; torch.manual_seed(0)", "generator: PyTorch's "),
}
LEAKS = {
    "determinism": DETERMINISM[BACKEND],
    "policy": ("keras.config.set_dtype_policy('mixed_bfloat16')", "policy: .*'float32' and is 'mixed_bfloat16'"),
    "floatx": ("keras.config.set_floatx('float16')", "backend: keras.config.floatx was 'float32' and is 'float16'"),
    "epsilon": ("keras.config.set_epsilon(0.1)", "backend: keras.config.epsilon was 1e-07 and is 0.1"),
    "data_format": ("keras.config.set_image_data_format('channels_first')", "backend: .*'channels_last' and is"),
    "new_variable": ("os.environ['LEAKED'] = '1'", "environment: LEAKED differs"),
    "other_variable": ("os.environ['KEPT'] = '1'", "environment: KEPT differs"),
    "no_variable": ("del os.environ['KEPT']", "environment: KEPT differs"),
    "folder": ("os.chdir('/')", "folder: the current folder was .* and is '/'"),
    "path": ("sys.path.insert(0, 'elsewhere')", r"path: sys.path has gained \['elsewhere'\] and lost \[\]"),
    "python_generator": ("random.seed(0)", "generator: Python's "),
    "numpy_generator": ("np.random.seed(0)", "generator: NumPy's "),
    "keras_generator": ("keras.utils.set_random_seed(0)", "generator: .*(\n  generator: .*)*\n  generator: Keras's "),
    **({"backend_generator": SEED[BACKEND]} if BACKEND in SEED else {}),
}
CLEAN = """
def test_drawing_is_allowed_and_so_is_seeding_for_a_while():
    with isolation.seeded(0):
        np.random.normal(size=1000)
    random.random(), np.random.normal(size=10_000), keras.random.normal((3,))
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])

def test_nothing_is_left():
    assert keras.config.dtype_policy().name == keras.config.floatx() == "float32"
    assert keras.config.epsilon() == 1e-7 and keras.config.image_data_format() == "channels_last"
    assert os.environ["KEPT"] == "0" and "LEAKED" not in os.environ
    assert os.getcwd() == FOLDER and "elsewhere" not in sys.path
"""


def run_pytest(folder, *arguments, **environment):
    """Run pytest with the plugin, and nothing of this project's configuration."""
    command = [sys.executable, "-m", "pytest", "-p", "isolation", "-q"]
    where = os.environ | {"PYTHONPATH": str(Path(isolation.__file__).parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run([*command, *arguments], cwd=folder, env=where | environment, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def leaks(tmp_path_factory):
    """The output of a run in which each test leaks."""
    folder = tmp_path_factory.mktemp("leaks")
    head = "import os, random, sys, keras, isolation, numpy as np\nFOLDER = os.getcwd()\n"
    tests = [f"def test_{name}():\n    {code}\n" for name, (code, _) in LEAKS.items()]
    (folder / "test_leaks.py").write_text(head + "\n".join(tests) + CLEAN)
    return run_pytest(folder, KEPT="0")


@pytest.mark.backend
@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_caught_by_name(leaks, name):
    words = LEAKS[name][1]
    assert re.search(
        rf"_ ERROR at teardown of test_{name} _+\ntest_leaks.py::test_{name} changes what .*:\n  {words}", leaks
    ), leaks


@pytest.mark.backend
def test_a_leak_does_not_reach_the_next_test_and_innocent_tests_pass(leaks):
    assert leaks.splitlines()[-1].startswith(f"{len(LEAKS) + 2} passed, {len(LEAKS)} errors"), leaks


def test_a_leak_while_a_module_is_imported_is_caught(tmp_path):
    (tmp_path / "test_module.py").write_text(
        "import os, random\nrandom.seed(3)\nos.environ['LEAKED'] = '1'\ndef test(): pass\n"
    )
    (tmp_path / "test_other.py").write_text("import os\ndef test(): assert 'LEAKED' not in os.environ\n")
    printed = run_pytest(tmp_path)
    assert "The import of test_module.py changes what other tests see:" in printed
    assert "generator: Python's global random generator was seeded" in printed
    assert "environment: LEAKED differs" in printed
    assert "1 passed" in run_pytest(tmp_path, "--continue-on-collection-errors")


def test_a_shared_fixture_that_seeds_is_caught(tmp_path):
    (tmp_path / "test_fixture.py").write_text(
        "import random, pytest\n"
        "@pytest.fixture(scope='module')\n"
        "def data(): return random.seed(0)\n"
        "def test(data): pass\n"
    )
    assert "The fixture test_fixture.py::data seeded Python's global random generator" in run_pytest(tmp_path)


def test_random_numbers_do_not_depend_on_the_order_of_tests(tmp_path):
    (tmp_path / "test_draws.py").write_text(
        "import random, pytest, numpy as np\n"
        "TOP = random.random()\n"
        "@pytest.fixture(scope='module')\n"
        "def shared(): return np.random.normal()\n"
        "@pytest.fixture\n"
        "def own(): return random.random()\n"
        "def test_one(shared, own): print('one', TOP, shared, own, random.random(), np.random.normal())\n"
        "def test_two(own, shared): print('two', TOP, shared, own, random.random(), np.random.normal())\n"
    )

    def drawn(*order):
        printed = run_pytest(tmp_path, "-s", *(f"test_draws.py::test_{name}" for name in order))
        return {tuple(words.split()) for words in re.findall("(?:one|two) [^.].*[0-9]", printed)}

    both = drawn("one", "two")
    assert len(both) == 2 and drawn("two", "one") == both
    assert drawn("one") | drawn("two") == both
    one, two = sorted(both)
    assert one[1:3] == two[1:3] and not {*one[3:]} & {*two[3:]}


@pytest.mark.parametrize("count", [0, 623, 624, 100_000])
def test_drawing_is_told_from_seeding(count):
    before = isolation.Generators()
    for _ in range(count):
        random.getrandbits(32)
    np.random.random_sample(count)
    assert isolation.Generators().seeded_since(before) == []
    with isolation.seeded(count):
        assert [name.split("'")[0] for name in isolation.Generators().seeded_since(before)][:2] == ["Python", "NumPy"]
    assert isolation.Generators().seeded_since(before) == []


def test_going_back_is_seeding_too():
    random.random()
    before = isolation.Generators()
    words = random.getstate()
    random.random()
    after = isolation.Generators()
    random.setstate(words)
    assert after.seeded_since(before) == [] and isolation.Generators().seeded_since(after)


@pytest.mark.backend
def test_seeding_for_a_while_changes_nothing_afterwards():
    import keras

    def draw():
        return [random.random(), np.random.normal(), float(keras.random.normal(()))]

    with isolation.seeded(7):
        first = draw()
        with isolation.seeded(8):
            assert draw() != first
        second = draw()
    with isolation.seeded(7):
        assert draw() + draw() == first + second


@pytest.mark.parametrize("content", [os.urandom(8)])
def test_the_name_of_a_test_does_not_depend_on_bytes(request, content):
    assert request.node.name.endswith("[content]")
