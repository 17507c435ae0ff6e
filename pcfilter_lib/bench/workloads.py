"""The fixed workloads: what is timed. Change one, and raise `VERSION`: times of different versions do not compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

VERSION = 1
CONV_CHANNELS = (8, 16, 32, 64, 128)
#: Winograd's F(4, 3) makes four neighbouring outputs of a window of 3 with 6 multiplications instead of 12.
WINOGRAD = 2.0
CONV_POSITIONS = {1: (65536,), 2: (256, 256), 3: (40, 40, 40)}  # about as many numbers in each


@dataclass(frozen=True)
class Work:
    """A call to be timed, and what it does.

    Parameters
    ----------
    call : callable
        Does the work and returns when it is done.
    items : int
        Clouds, scans or windows that one call handles.
    steps : int
        Steps of training, or batches, in one call.
    flops : int or None
        Floating-point operations of one call: two for each multiplication, since a sum goes with it. None where they
        are not counted.
    traffic : int or None
        Bytes that one call has to move between memory and processor at least.
    """

    call: Callable[[], object]
    items: int
    steps: int = 1
    flops: int | None = None
    traffic: int | None = None


@dataclass(frozen=True)
class Workload:
    """How to set up some work, and what to call it.

    Parameters
    ----------
    about : str
    unit : str
        What an item is.
    make : callable
        ``make(jit, quick)`` returns a :class:`Work`; `quick` ones are smaller, for tests, and never kept.
    network : bool
        Whether a framework computes it; the others run on NumPy alone.
    trains : bool
        Whether it trains.
    saving : float
        How many times fewer multiplications than those counted the best algorithm in use needs.
    """

    about: str
    unit: str
    make: Callable[[bool, bool], Work]
    network: bool = True
    trains: bool = False
    saving: float = 1.0


def _cost(model, shape: tuple[int, ...], batch: int) -> tuple[int, int, int, int]:
    """Return multiplications forward and backward, bytes of the layers' outputs, for a batch; bytes of the weights.

    Backward, a layer multiplies twice as often: for the gradient of its weights and for that of its input. A
    DenseGlobalMax knows which point each maximum is from, and multiplies next to nothing.
    """
    from pcfilter_lib import cost

    found = cost.table(model, shape)
    forward = found.multiplications
    backward = 2 * sum(row.multiplications for row in found.rows if row.kind != "DenseGlobalMax")
    return batch * forward, batch * backward, batch * found.memory, 4 * found.parameters


def _training(model, loss, x: np.ndarray, y: np.ndarray, batch: int, jit: bool) -> Work:
    """Return the work of `Model.fit` over arrays, with Adam.

    The least traffic: every output is written once and read once, backward; of each weight, Adam reads and writes the
    value, both moments and the gradient.
    """
    import keras

    model.compile(keras.optimizers.Adam(1e-4), loss, jit_compile=jit)
    steps = len(x) // batch
    forward, backward, outputs, weights = _cost(model, x.shape[1:], batch)

    def call():
        model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)  # the loss is a number when it returns

    return Work(call, len(x), steps, 2 * steps * (forward + backward), steps * (2 * outputs + 8 * weights))


def _inference(model, x: np.ndarray, jit: bool) -> Work:
    """Return the work of one batch that is asked for, and whose answer is there as numbers.

    The least traffic: input, output and weights; a perfect program keeps everything between in its caches.
    """
    model.compile(jit_compile=jit)
    forward, _, _, weights = _cost(model, x.shape[1:], len(x))
    out = np.prod([size or 1 for size in model.compute_output_shape(x.shape)])

    def call():
        return model.predict_on_batch(x)

    return Work(call, len(x), 1, 2 * forward, weights + x.nbytes + 4 * int(out))


def _scan_network():
    from pcfilter_lib import filters, models

    return models.UNet(channels=len(filters.CHANNELS), depth=4, base_filters=8, max_filters=128, batch_norm=False)


def training_material(name: str, quick: bool = False):
    """Return what "unet-training" or "pointnet-training" trains with.

    Returns
    -------
    model : keras.Model
        Not compiled.
    loss : keras.losses.Loss
    x, y : array
        Of several steps.
    batch : int
    """
    import keras

    from pcfilter_lib import models

    if name == "pointnet-training":
        x, y, batch = _clouds(quick, 2 if quick else 6)
        return (
            models.PointNet(10, transforms=False),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            x,
            y,
            batch,
        )
    batch, size, steps = (2, 32, 2) if quick else (12, 128, 6)
    model = _scan_network()
    g = np.random.default_rng(0)
    x = g.normal(size=(batch * steps, size, size, model.input_shape[-1])).astype("float32")
    y = (g.random((batch * steps, size, size, 1)) < 0.98).astype("float32")
    return model, keras.losses.BinaryCrossentropy(from_logits=True), x, y, batch


def _training_of(name: str) -> Callable[[bool, bool], Work]:
    return lambda jit, quick: _training(*training_material(name, quick), jit)


def unet_inference(jit: bool, quick: bool) -> Work:
    """Judge every point of one whole scan of 640 x 480."""
    rows, columns = (48, 64) if quick else (480, 640)
    model = _scan_network()
    x = np.random.default_rng(0).normal(size=(1, rows, columns, model.input_shape[-1])).astype("float32")
    return _inference(model, x, jit)


def _clouds(quick: bool, batches: int):
    batch, points = (4, 64) if quick else (32, 1024)
    x = np.random.default_rng(0).uniform(-0.6, 0.6, (batch * batches, points, 3)).astype("float32")
    return x, np.arange(len(x)) % 10, batch


def pointnet_inference(jit: bool, quick: bool) -> Work:
    """Tell the class of a batch of clouds."""
    from pcfilter_lib import models

    return _inference(models.PointNet(10, transforms=False), _clouds(quick, 1)[0], jit)


def convolution(dimensions: int, channels: int) -> Callable[[bool, bool], Work]:
    """Return what makes one convolution of 3 in each direction, with as many channels in as out."""

    def make(jit: bool, quick: bool) -> Work:
        import keras

        positions = tuple(max(4, size // 8) for size in CONV_POSITIONS[dimensions]) if quick else None
        positions = positions or CONV_POSITIONS[dimensions]
        layer = getattr(keras.layers, f"Conv{dimensions}D")(channels, 3, padding="same", use_bias=False)
        inputs = keras.Input((*positions, channels))
        model = keras.Model(inputs, layer(inputs))
        x = np.random.default_rng(0).normal(size=(1, *positions, channels)).astype("float32")
        return _inference(model, x, jit)

    return make


def loading(jit: bool, quick: bool) -> Work:
    """Read clouds from files, vary them, and put them into batches, without workers."""
    import tempfile
    from pathlib import Path

    from pcfilter_lib import data

    count, points = (8, 64) if quick else (128, 2048)
    kept = tempfile.TemporaryDirectory()  # lives as long as `call` does
    g = np.random.default_rng(0)
    files = [Path(kept.name) / f"{number}.npz" for number in range(count)]
    for file in files:
        np.savez(file, points=g.uniform(-1, 1, (points, 3)).astype("float32"))
    batches = data.CloudBatches(
        files, np.arange(count) % 10, batch_size=min(32, count), seed=0, augment=data.CloudAugmentation(drop=0.3)
    )

    def call(kept=kept):
        return [batches[index] for index in range(len(batches))]

    return Work(call, count, len(batches))


def scanner(jit: bool, quick: bool) -> Work:
    """Simulate a scan of 320 x 240 of parts on a bench, light transport included."""
    from pcfilter_lib import synthesis

    recipe = synthesis.Recipe.preset("workbench")
    return Work(lambda: synthesis.simulate_scan(recipe, 0), 1)


WORKLOADS: dict[str, Workload] = {
    "unet-training": Workload("the artefact filter's U-Net, windows of 128 x 128, 12 a step", "windows",
                              _training_of("unet-training"), trains=True, saving=WINOGRAD**2),
    "unet-inference": Workload("one scan of 640 x 480 through the artefact filter's U-Net", "scans", unet_inference,
                               saving=WINOGRAD**2),
    "pointnet-training": Workload("PointNet, 1,024 points, 32 clouds a step", "clouds",
                                  _training_of("pointnet-training"), trains=True),
    "pointnet-inference": Workload("32 clouds of 1,024 points through PointNet", "clouds", pointnet_inference),
    **{
        f"conv{dimensions}d-{channels}": Workload(
            f"a {dimensions}-D convolution of 3, {channels} channels in and out, "
            f"{' x '.join(map(str, CONV_POSITIONS[dimensions]))} positions", "inputs",
            convolution(dimensions, channels), saving=WINOGRAD**dimensions)
        for dimensions in CONV_POSITIONS for channels in CONV_CHANNELS
    },
    "loading": Workload("128 clouds of 2,048 points from files into varied batches", "clouds", loading, network=False),
    "scanner": Workload("one simulated scan of 320 x 240", "scans", scanner, network=False),
}  # fmt: skip
