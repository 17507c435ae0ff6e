"""A pytest plugin: no test changes what another one sees, and each draws from freshly seeded generators.

Some state belongs to the whole process: TensorFlow's determinism, Keras's dtype policy, the environment, the current
folder, the global random generators. It is compared before and after each test, and before and after the import of each
test module. A test that leaves it changed fails with a message that names the change, and the old state is restored, so
that the next test is not affected as well.

Each test, each fixture with a wider scope and the import of each module start with freshly seeded generators. The seed
depends on the name only, so random numbers do not depend on the order of the tests. A test may draw from the global
generators, but it must not seed them, except for a while:

    with seeded(0):
        model = build()

The plugin imports no framework. One that has not been imported still has its default settings.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any
from zlib import crc32

import numpy as np
import pytest

#: Variables that libraries set when they are imported. They are removed again, so that no process that a later test
#: starts depends on what was imported before, but no test is to blame for them.
MAY_APPEAR = {
    *("KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"),  # scikit-learn
    "HDF5_PLUGIN_PATH",  # h5py
    "TCM_ENABLE",  # Open3D
    *("KERAS_BACKEND", "TF_FORCE_GPU_ALLOW_GROWTH"),  # Keras, also by pcfilter_lib.frameworks
    *("TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"),  # pcfilter_lib.frameworks
    *("ENABLE_RUNTIME_UPTIME_TELEMETRY", "TF2_BEHAVIOR", "TPU_ML_PLATFORM", "TPU_ML_PLATFORM_VERSION"),  # TensorFlow
    "TPU_SKIP_MDS_QUERY",  # JAX
    "TORCHINDUCTOR_CACHE_DIR",  # PyTorch
}
#: Blocks of 624 numbers that a test may draw from a global generator. Beyond these it is taken for seeded.
MOST_BLOCKS = 2_000


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of the process, and how to read and write it once a module has been imported."""

    kind: str
    name: str
    module: str
    default: Any
    read: Callable[[], Any]
    write: Callable[[Any], object]

    def now(self) -> Any:
        """Return the value; the default if nothing has imported the module yet."""
        return self.read() if sys.modules.get(self.module) else self.default


def _keras() -> Any:
    return sys.modules["keras"]


def _policy() -> str:
    # `keras.config.dtype_policy()` would create the policy, and a later `set_floatx` would no longer change it.
    policy = sys.modules["keras.src.backend.common.global_state"].get_global_attribute("dtype_policy")
    return policy.name if policy else _keras().config.floatx()


def _config(name: str, default: Any) -> Setting:
    def write(value: Any) -> None:
        getattr(_keras().config, f"set_{name}")(value)

    return Setting("backend", f"keras.config.{name}", "keras", default, lambda: getattr(_keras().config, name)(), write)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


def _restore_environment(old: dict[str, str]) -> None:
    for name in _environment().keys() - old.keys():
        del os.environ[name]
    os.environ.update(old)


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "a folder that no longer exists"


def _tensorflow(name: str) -> Any:
    return sys.modules[f"tensorflow.python.{name}"]


def _set_determinism(on: bool) -> None:
    config = _tensorflow("framework.config")
    (config.enable_op_determinism if on else config.disable_op_determinism)()


SETTINGS = [
    Setting("environment", "os.environ", "os", {}, _environment, _restore_environment),
    Setting("folder", "the current folder", "os", "", _folder, os.chdir),
    Setting("path", "sys.path", "sys", [], lambda: [*sys.path], lambda old: sys.path.__setitem__(slice(None), old)),
    Setting(
        "determinism",
        "TensorFlow's op determinism",
        "tensorflow.python.framework.config",
        False,
        lambda: _tensorflow("framework.config").is_op_determinism_enabled(),
        _set_determinism,
    ),
    Setting(
        "determinism",
        "PyTorch's deterministic algorithms",
        "torch",
        False,
        lambda: sys.modules["torch"].are_deterministic_algorithms_enabled(),
        lambda on: sys.modules["torch"].use_deterministic_algorithms(on),
    ),
    Setting(
        "policy",
        "Keras's dtype policy",
        "keras.config",
        "float32",
        _policy,
        lambda name: _keras().config.set_dtype_policy(name),
    ),
    _config("floatx", "float32"),
    _config("epsilon", 1e-7),
    _config("image_data_format", "channels_last"),
    Setting(
        "backend",
        "tf.config.run_functions_eagerly",
        "tensorflow.python.eager.polymorphic_function.eager_function_run",
        False,
        lambda: _tensorflow("eager.polymorphic_function.eager_function_run").functions_run_eagerly(),
        lambda on: _tensorflow("eager.polymorphic_function.eager_function_run").run_functions_eagerly(on),
    ),
    Setting(
        "backend",
        "jax_enable_x64",
        "jax",
        False,
        lambda: sys.modules["jax"].config.jax_enable_x64,
        lambda on: sys.modules["jax"].config.update("jax_enable_x64", on),
    ),
]


def _difference(setting: Setting, old: Any, new: Any) -> str:
    """Say what has changed; nothing if no test is to blame for it."""
    if setting.kind == "path":
        gained, lost = ([*(one - other).elements()] for one, other in permutations(map(Counter, (new, old))))
        return f"path: sys.path has gained {gained} and lost {lost}"
    if setting.kind != "environment":
        return f"{setting.kind}: {setting.name} was {old!r} and is {new!r}"
    names = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    names -= MAY_APPEAR - old.keys()
    return f"environment: {', '.join(sorted(names))} differs" if names else ""


class Generators:
    """The state of all global random generators: Python's, NumPy's, Keras's and the backend's."""

    def __init__(self):
        self.python = random.getstate()
        self.numpy = np.random.get_state()
        self.keras = {name: _keras_state().get_global_attribute(name) for name in _KERAS} if _keras_state() else {}
        seed = _context()._seed if _context() else None  # where there is none, there are no seeds of operations either
        self.tensorflow = seed, None if seed is None else _context()._rng.getstate()
        torch = sys.modules.get("torch")
        self.torch = torch.random.get_rng_state() if torch else None
        self.torch_seed = torch.initial_seed() if torch else None

    def restore(self) -> None:
        """Put everything back as it was."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        if _keras_state():
            for name in _KERAS:
                _keras_state().set_global_attribute(name, self.keras.get(name))
        if _context():
            seed, state = self.tensorflow
            _context()._set_global_seed(seed)
            if state:
                _context()._rng.setstate(state)
        if self.torch is not None:
            sys.modules["torch"].random.set_rng_state(self.torch)

    def seeded_since(self, earlier: Generators) -> list[str]:
        """Name the generators that have been seeded, rather than only drawn from, since an earlier state."""
        found = []
        if not _drawn(earlier.python[1], self.python[1]):
            found.append("Python's global random generator")
        if not _drawn(_words(earlier.numpy), _words(self.numpy)):
            found.append("NumPy's global random generator")
        if self.keras.get(_KERAS[0]) != earlier.keras.get(_KERAS[0]):
            found.append("Keras's global random generator")
        if self.tensorflow[0] != earlier.tensorflow[0]:
            found.append("TensorFlow's global random generator")
        # Some builds of PyTorch begin with a seed of their own choice: to import it is no fault.
        if earlier.torch_seed is not None and self.torch_seed != earlier.torch_seed:
            found.append("PyTorch's global random generator")
        return found


_KERAS = ("global_random_seed", "global_seed_generator")


def _keras_state() -> Any:
    return sys.modules.get("keras.src.backend.common.global_state")


def _context() -> Any:
    module = sys.modules.get("tensorflow.python.eager.context")
    return module and module.context()


def _words(state: tuple) -> tuple[int, ...]:
    return (*state[1].tolist(), state[2])


def _drawn(before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Tell whether a Mersenne twister can get from one state to another by drawing numbers.

    The state is 624 words and a place among them. Whenever all words are used up, they are replaced by the next 624.
    """
    if before[:-1] == after[:-1]:
        return before[-1] <= after[-1]
    twister = random.Random()
    twister.setstate((3, before[:-1] + (624,), None))
    for _ in range(MOST_BLOCKS):
        twister.getrandbits(32 * 624)
        if twister.getstate()[1][:-1] == after[:-1]:
            return True
    return False


def _seed(name: str) -> None:
    """Seed all global generators by a name."""
    seed = crc32(name.encode())
    random.seed(seed)
    np.random.seed(seed)
    if _keras_state():
        for attribute in _KERAS:  # Keras draws its seeds from Python's generator
            _keras_state().set_global_attribute(attribute, None)
    if _context():
        _context()._set_global_seed(seed)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(seed)


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed all global generators, Keras's included if it has been imported, and put them back afterwards."""
    before = Generators()
    if "keras" in sys.modules:
        _keras().utils.set_random_seed(seed)
    else:
        random.seed(seed)
        np.random.seed(seed)
    try:
        yield
    finally:
        before.restore()


class Watch:
    """Compares the state of the process with what it was, and restores it."""

    def __init__(self, name: str):
        self.settings = {setting: setting.now() for setting in SETTINGS}
        self.changes: list[str] = []
        self.seed(name)

    def seed(self, name: str) -> None:
        """Seed the generators freshly; from now on nobody else may."""
        _seed(name)
        self.generators = Generators()

    def look(self) -> None:
        """Note which generators have been seeded since."""
        self.changes += [f"generator: {name} was seeded" for name in Generators().seeded_since(self.generators)]

    def restore(self) -> None:
        """Note which settings have changed, and change them back."""
        for setting, old in self.settings.items():
            if (new := setting.now()) != old:
                self.changes += filter(None, [_difference(setting, old, new)])
                setting.write(old)

    def message(self, name: str) -> str:
        """Name all changes; an empty text if there are none."""
        if not self.changes:
            return ""
        remedy = "All of it has been restored. Use monkeypatch, or `with isolation.seeded(0)` for random generators."
        return "\n  ".join([f"{name} changes what other tests see:", *dict.fromkeys(self.changes)]) + f"\n{remedy}"


WATCH = pytest.StashKey[Watch]()


def pytest_configure(config):
    """Leave the order to pytest-randomly, but not the seeds: they would differ in each run."""
    if hasattr(config.option, "randomly_reset_seed"):
        config.option.randomly_reset_seed = False


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(collector):
    if not isinstance(collector, pytest.Module):
        return (yield)
    watch = Watch(collector.nodeid)
    report = yield
    watch.look()
    watch.restore()
    if message := watch.message(f"The import of {collector.nodeid}"):
        also = f"{report.longrepr}\n\n" if report.failed else ""
        report.outcome, report.longrepr, report.result = "failed", also + message, []
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[WATCH] = Watch(f"setup of {item.nodeid}")
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    item.stash[WATCH].look()
    item.stash[WATCH].seed(item.nodeid)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    watch = item.stash[WATCH]
    del item.stash[WATCH]  # the states of generators are large, and tests are many
    try:
        return (yield)
    finally:
        watch.look()
        watch.restore()
        if message := watch.message(item.nodeid):
            pytest.fail(message, pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    """Seed a fixture that several tests share by its own name: whichever test comes first must not matter."""
    if fixturedef.scope == "function":
        return (yield)
    name = f"{fixturedef.baseid}::{fixturedef.argname}{request.param_index if hasattr(request, 'param') else ''}"
    before = Generators()
    _seed(name)
    begin = Generators()
    try:
        result = yield
    finally:
        seeded_here = Generators().seeded_since(begin)
        before.restore()
        if seeded_here:
            pytest.fail(f"The fixture {name} seeded {', '.join(seeded_here)}. Use `with isolation.seeded(0)`.", False)
    return result
