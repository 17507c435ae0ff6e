import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcfilter_lib import frameworks
from pcfilter_lib.errors import InputError

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
def test_a_backend_cannot_be_changed_later(keras):
    other = next(name for name in frameworks.BACKENDS if name != BACKEND)
    code = f"import keras\nfrom pcfilter_lib import frameworks\nframeworks.start({other!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    # Either the other backend is not installed, or Keras runs already: both say so in one line.
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("pcfilter_lib.errors.")


@pytest.mark.backend
def test_keras_on_another_backend_is_noticed_even_if_both_are_installed():
    other = next(name for name in frameworks.BACKENDS if name != BACKEND)
    code = f"""
import sys, types
from pcfilter_lib import frameworks
frameworks.start()
sys.modules[{other!r}] = types.ModuleType({other!r})  # as if it were installed
frameworks.start({other!r})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"Keras already runs on {BACKEND}. Remedy: restart" in done.stderr


def test_a_backend_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="'theano'.*tensorflow, jax, torch"):
        frameworks.start("theano")


@pytest.mark.backend
def test_starting_is_silent_and_gives_the_error_stream_back():
    code = "from pcfilter_lib import frameworks; frameworks.start(); import sys; print('heard', file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == "heard\n"


@pytest.mark.parametrize("first", ["frameworks.start('tensorflow')", "models"])
def test_tensorflow_does_not_bring_jax_along_which_can_still_be_imported(first, tmp_path):
    code = f"""
import sys
from pcfilter_lib import frameworks, models
{first}
assert "tensorflow" in sys.modules
assert not [name for name in sys.modules if name.partition(".")[0] in ("jax", "jaxlib")]
import jax
print(jax.numpy.arange(3).sum())
"""
    done = run_where_nothing_is_configured(code, tmp_path)
    assert done.stdout == "3\n", done.stderr


def test_a_backend_that_keras_json_names_is_kept(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}')
    code = "from pcfilter_lib import frameworks; print(frameworks.import_keras().backend.backend())"
    assert run_where_nothing_is_configured(code, tmp_path).stdout == "jax\n"


def run_where_nothing_is_configured(code, home):
    where = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"} | {"KERAS_HOME": str(home)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=where)


@pytest.mark.backend
@pytest.mark.parametrize("collects", [True, False])
def test_the_garbage_collector_goes_on_as_before_and_leaves_what_was_imported_alone(collects):
    code = f"""
import gc
{"" if collects else "gc.disable()"}
from pcfilter_lib import frameworks
frameworks.start()
kept = gc.get_freeze_count()
frameworks.start()
print(gc.isenabled(), kept > 100_000, gc.get_freeze_count() == kept)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == f"{collects} True True\n", done.stderr


@pytest.mark.backend
@pytest.mark.parametrize("part", ["layers", "register"])
def test_a_part_that_needs_keras_imports_it_silently(part):
    code = (
        f"import pcfilter_lib.{part}, keras; keras.ops.convert_to_numpy(keras.layers.Dense(1)(keras.ops.ones((1, 1))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.backend
def test_the_device_is_that_of_the_numbers():
    import keras

    told = str(getattr(keras.ops.ones(1), "device", "cpu")).lower()  # "cpu", "/job:.../device:cpu:0", "cuda:0"
    assert frameworks.device() in told.replace("cuda", "gpu")
