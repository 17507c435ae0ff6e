import importlib.util
import json
import os
import subprocess
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcfilter_lib import frameworks
from pcfilter_lib.errors import InputError, MissingExtraError

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")


@pytest.fixture(scope="module")
def keras():
    frameworks.start()
    import keras

    return keras


@pytest.mark.backend
def test_the_environment_chooses_the_backend(keras):
    assert keras.backend.backend() == BACKEND == frameworks.start()


@pytest.mark.backend
@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_what_keras_calls_convolution_is_the_chapters_formula(keras, h, w, more_rows, more_columns, seed):
    """Equation 1 of *Convolution, three ways*, on every backend."""
    rng = np.random.default_rng(seed)
    x, k = rng.normal(size=(h + more_rows, w + more_columns)), rng.normal(size=(h, w))
    expected = np.zeros((more_rows + 1, more_columns + 1))
    for i, j in np.ndindex(expected.shape):
        expected[i, j] = (k * x[i : i + h, j : j + w]).sum()
    y = keras.ops.conv(np.float32(x)[None, :, :, None], np.float32(k)[:, :, None, None], padding="valid")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y)[0, :, :, 0], expected, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("installed", [True, False])
def test_a_backend_cannot_be_changed_later(keras, installed, monkeypatch):
    other = next(name for name in frameworks.BACKENDS if name != BACKEND)
    monkeypatch.setenv("KERAS_BACKEND", BACKEND)
    monkeypatch.setitem(sys.modules, other, types.ModuleType(other) if installed else None)
    words = f"Keras already runs on {BACKEND}. Remedy: restart" if installed else f"{other} is not installed"
    with pytest.raises((InputError, MissingExtraError), match=words):
        frameworks.start(other)
    assert os.environ["KERAS_BACKEND"] == BACKEND  # so the processes that this one starts do not take the other


def test_a_backend_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'theano'.*tensorflow, jax, torch"):
        frameworks.start("theano")


STARTS = {
    "start": ("frameworks.start()", True),
    "layers": ("import pcfilter_lib.layers", False),
    "register": ("import pcfilter_lib.register", True),
}
PROGRAM = """
import gc, json, sys
{collects}
from pcfilter_lib import frameworks
{start}
kept = gc.get_freeze_count()
frameworks.start()
told = dict(collects=gc.isenabled(), kept=kept, again=gc.get_freeze_count())
told["started"] = [name for name in frameworks.BACKENDS if name in sys.modules]
import keras
keras.ops.convert_to_numpy(keras.layers.Dense(1)(keras.ops.ones((1, 1))))
print("heard", file=sys.stderr)
try:
    import jax
    told["jax"] = int(jax.numpy.arange(3).sum())
except ImportError:
    pass
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def started():
    """What fresh processes found after they had started in different ways, and what they wrote to the error stream."""
    found = {}

    def how(name):
        if name not in found:
            start, collects = STARTS[name]
            code = PROGRAM.format(collects="" if collects else "gc.disable()", start=start)
            run = [sys.executable, "-c", code]
            done = subprocess.run(run, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            found[name] = json.loads(done.stdout), done.stderr
        return found[name]

    return how


@pytest.mark.backend
@pytest.mark.parametrize("name", STARTS)
def test_starting_is_silent_and_gives_the_error_stream_back(started, name):
    assert started(name)[1] == "heard\n"


@pytest.mark.backend
@pytest.mark.parametrize("name", STARTS)
def test_one_framework_is_started_and_jax_can_still_be_imported(started, name):
    told, _ = started(name)
    assert told["started"] == [BACKEND]
    if importlib.util.find_spec("jax"):
        assert told["jax"] == 3


@pytest.mark.backend
@pytest.mark.parametrize("name", STARTS)
def test_the_garbage_collector_goes_on_as_before_and_leaves_what_was_imported_alone(started, name):
    told, _ = started(name)
    assert told["collects"] == STARTS[name][1]
    assert told["kept"] > 100_000 and told["again"] == told["kept"]


def test_a_backend_that_keras_json_names_is_kept(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    code = "from pcfilter_lib import frameworks; print(frameworks.import_keras().backend.backend())"
    assert run_where_nothing_is_configured(code, tmp_path).stdout == "jax\n"


@pytest.mark.parametrize("chosen", [None, "0"])
def test_the_fast_kernels_are_asked_for_unless_the_environment_says_otherwise(tmp_path, chosen):
    code = "import os; from pcfilter_lib import frameworks as f; f.start(); print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    ours = {} if chosen is None else {"TF_ENABLE_ONEDNN_OPTS": chosen}
    assert run_where_nothing_is_configured(code, tmp_path, **ours).stdout == f"{chosen or 1}\n"


def run_where_nothing_is_configured(code, home, **ours):
    unset = ("KERAS_BACKEND", "TF_ENABLE_ONEDNN_OPTS")
    where = {name: value for name, value in os.environ.items() if name not in unset} | {"KERAS_HOME": str(home)} | ours
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=where)


@pytest.mark.backend
def test_the_device_is_that_of_the_numbers():
    import keras

    told = str(getattr(keras.ops.ones(1), "device", "cpu")).lower()  # "cpu", "/job:.../device:cpu:0", "cuda:0"
    assert frameworks.device() in told.replace("cuda", "gpu")
