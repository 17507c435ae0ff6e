"""What is saved in one process is loaded in another, which has seen nothing of how the model was made."""

import json
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from isolation import seeded

import pcfilter_lib
from pcfilter_lib.models import FCN, PretrainedUNet, SegNet, UNet

pytestmark = pytest.mark.backend
MODELS = {
    "fcn-32s": lambda: FCN(2, stride=32, base_filters=1, hidden=3),
    "fcn-16s": lambda: FCN(2, classes=2, stride=16, base_filters=1, batch_norm=False),
    "fcn-8s": lambda: FCN(2, stride=8, base_filters=1, dropout=0.5),
    "segnet": lambda: SegNet(2, depth=2, base_filters=2),
    "unet": lambda: UNet(2, depth=1, base_filters=2, dropout=0.2, drop_block=2),
    "unet, transposed": lambda: UNet(
        2, depth=1, base_filters=2, dropout=0.2, batch_norm=False, upsampling="transposed"
    ),
    "on vgg16": lambda: PretrainedUNet(2, depth=1, base_filters=2),
    "on mobilenet_v2": lambda: PretrainedUNet(2, encoder="mobilenet_v2", depth=1, base_filters=2, freeze_encoder=True),
}
#: As a user would write it. One of them trains on; that the others could, their optimisers' counts say.
PROGRAM = """
import json, sys
import keras
import numpy as np
import pcfilter_lib.register

folder, names = sys.argv[1], json.loads(sys.argv[2])
x = np.load(f"{folder}/x.npy")
found = {}
for name in names:
    model = keras.saving.load_model(f"{folder}/{name}.keras")
    outputs = model.predict_on_batch(x)
    np.save(f"{folder}/{name}.npy", outputs)
    found[name] = [type(model).__name__, int(model.optimizer.iterations)]
print(json.dumps([found, float(model.train_on_batch(x, np.ones_like(outputs)))]))
"""


@pytest.fixture(scope="module")
@seeded(0)
def loaded(tmp_path_factory):
    """All models, trained for a step and saved; what they predict; and what one fresh process found."""
    folder = tmp_path_factory.mktemp("models")
    random = np.random.default_rng(0)
    first, x = (random.normal(size=(2, *size, 2)).astype("float32") for size in ((9, 13), (14, 7)))
    np.save(folder / "x.npy", x)
    expected = {}
    for name, make in MODELS.items():
        model = make()
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.compile("adam", loss, run_eagerly=keras.backend.backend() != "jax")  # compiling takes longest
        assert np.isfinite(model.train_on_batch(first, np.ones((2, 9, 13, model.output_shape[-1]), "float32")))
        model.save(folder / f"{name}.keras")
        expected[name] = [type(model).__name__, model.predict_on_batch(x)]
    run = [sys.executable, "-c", PROGRAM, str(folder), json.dumps(list(MODELS))]
    finished = subprocess.run(run, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return folder, expected, json.loads(finished.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", MODELS)
def test_a_fresh_process_predicts_the_same_and_trains_on(loaded, name):
    folder, expected, (found, loss) = loaded
    kind, outputs = expected[name]
    assert found[name] == [kind, 1] and np.isfinite(loss)
    np.testing.assert_allclose(np.load(folder / f"{name}.npy"), outputs, rtol=1e-4, atol=1e-5)


def test_every_class_is_registered_wherever_its_file_lies():
    root = Path(pcfilter_lib.__file__).parent
    decorated = re.compile(
        r"^@keras\.saving\.register_keras_serializable\(package=\"pcfilter_lib\"\)\n(?:class|def) (\w+)", re.M
    )
    names = sorted(name for path in root.rglob("*.py") for name in decorated.findall(path.read_text()))
    assert {"VoxelUNet", "GroupMask", "EdgeConv", "DiceLoss"} <= set(names)
    program = "import sys, keras, pcfilter_lib.register; get = keras.saving.get_registered_object;"
    program += "print([name for name in sys.argv[1:] if get(f'pcfilter_lib>{name}') is None])"
    found = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
