"""The parts of Pix2Vox and YOVO agree with an independent port to PyTorch that was given the same weights."""

import keras
import numpy as np
import pytest
from isolation import seeded
from keras import ops

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.layers import ContextFusion, PictureToCube
from pcfilter_lib.models.pictures import _parts

torch = pytest.importorskip("torch")
nn = torch.nn
pytestmark = pytest.mark.backend

WIDTH, EPSILON = 1 / 32, 1e-3
ACTIVATIONS = {"leaky_relu": lambda: nn.LeakyReLU(0.2), "relu": nn.ReLU, "mish": nn.Mish, "elu": nn.ELU}


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def copied(weights, module):
    """Give a module of PyTorch the weights of Keras's layers, which stand in the same order."""
    remaining = iter([ops.convert_to_numpy(each) for each in weights])
    with torch.no_grad():
        for each in module.modules():
            if isinstance(each, nn.ConvTranspose3d):
                each.weight.copy_(torch.tensor(next(remaining).transpose(4, 3, 0, 1, 2)))
            elif isinstance(each, nn.Conv2d | nn.Conv3d):
                kernel = next(remaining)
                each.weight.copy_(
                    torch.tensor(kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2)))
                )
                if each.bias is not None:
                    each.bias.copy_(torch.tensor(next(remaining)))
            elif isinstance(each, nn.Linear):
                each.weight.copy_(torch.tensor(next(remaining).T))
                each.bias.copy_(torch.tensor(next(remaining)))
            elif isinstance(each, nn.BatchNorm2d | nn.BatchNorm3d):
                for name in ("weight", "bias", "running_mean", "running_var"):
                    getattr(each, name).copy_(torch.tensor(next(remaining)))
    assert next(remaining, None) is None, "weights are left"
    return module.eval()


def shaken(model):
    """Draw all weights anew, so that no statistics are those of a fresh normalisation; variances stay positive."""
    draw = np.random.default_rng(5)
    model.set_weights([
        draw.uniform(0.5, 1.5, each.shape) if each.ndim == 1 else draw.normal(0, 0.1, each.shape)
        for each in map(ops.convert_to_numpy, model.weights)
    ])  # fmt: skip
    return model


def first(x):
    return torch.tensor(np.moveaxis(x, -1, 1).copy())


def last(y):
    return np.moveaxis(y.detach().numpy(), 1, -1)


def block3(into, out, activation):
    return nn.Sequential(nn.Conv3d(into, out, 3, padding=1), nn.BatchNorm3d(out, EPSILON), ACTIVATIONS[activation]())


def doubling(into, out, activation):
    convolution = nn.ConvTranspose3d(into, out, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(out, EPSILON), ACTIVATIONS[activation]())


class Refiner(nn.Module):
    def __init__(self, channels, dense, activation):
        super().__init__()
        upwards = "relu" if activation == "leaky_relu" else activation
        a, b, c = channels
        self.down = nn.ModuleList(
            nn.Sequential(
                nn.Conv3d(i, o, 4, padding=2), nn.BatchNorm3d(o, EPSILON), ACTIVATIONS[activation](), nn.MaxPool3d(2)
            )
            for i, o in ((1, a), (a, b), (b, c))
        )
        self.dense = nn.ModuleList(nn.Linear(i, o) for i, o in dense)
        self.up = nn.ModuleList([doubling(c, b, upwards), doubling(b, a, upwards)])
        self.final = nn.ConvTranspose3d(a, 1, 4, stride=2, padding=1, bias=False)

    def forward(self, volume):
        x, kept = volume, []
        for down in self.down:
            x = down(x)
            kept.append(x)
        flat = x.permute(0, 2, 3, 4, 1).flatten(1)  # channels last, as the dense layers of Keras see them
        for dense in self.dense:
            flat = torch.relu(dense(flat))
        x = kept[2] + flat.reshape(len(x), 4, 4, 4, -1).permute(0, 4, 1, 2, 3)
        x = kept[1] + self.up[0](x)
        x = kept[0] + self.up[1](x)
        return (volume + torch.sigmoid(self.final(x))) / 2


@pytest.mark.parametrize("activation", ["relu", "mish"])
def test_the_decoder(activation):
    with seeded(0):
        ours = shaken(_parts.decoder(24, WIDTH, activation))
    sizes = [24, *(_parts.scaled(each, WIDTH) for each in (512, 128, 32)), 8]
    layers = [doubling(a, b, activation) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    theirs = copied(ours.weights, nn.Sequential(*layers, nn.Conv3d(8, 1, 1, bias=False)))
    x = numbers(1, 2, 2, 2, 2, 24)
    context = theirs[:-1](first(x))
    expected = last(torch.cat([context, torch.sigmoid(theirs[-1](context))], dim=1))
    np.testing.assert_allclose(ours.predict_on_batch(x), expected, atol=1e-4)


@pytest.mark.parametrize(("activation", "dense"), [("leaky_relu", 2), ("mish", 3)])
def test_the_refiner(activation, dense):
    with seeded(0):
        ours = shaken(_parts.refiner(WIDTH, activation, dense))
    channels = [_parts.scaled(each, WIDTH) for each in (32, 64, 128)]
    middle, size = _parts.scaled(2048, WIDTH), 64 * channels[2]
    sizes = [size, *[middle] * (dense - 1), size]
    theirs = copied(ours.weights, Refiner(channels, list(zip(sizes[:-1], sizes[1:], strict=True)), activation))
    x = np.random.default_rng(1).random((2, 32, 32, 32, 1)).astype("float32")
    np.testing.assert_allclose(ours.predict_on_batch(x), last(theirs(first(x))), atol=1e-4)


@pytest.mark.parametrize("activation", ["leaky_relu", "mish"])
def test_the_fusion(activation):
    views, filters = 3, (16, 8, 4, 2, 1)
    x = numbers(1, 2, views, 6, 6, 6, 9)
    inputs = keras.Input(x.shape[1:])
    with seeded(0):
        ours = shaken(keras.Model(inputs, ContextFusion(filters, activation)(inputs)))
    sizes = (9, *filters)
    theirs = nn.Sequential(*(block3(a, b, activation) for a, b in zip(sizes[:-1], sizes[1:], strict=True)))
    copied(ours.weights, theirs)
    scores = torch.stack([theirs(first(x[:, view])) for view in range(views)], dim=1)
    volumes = torch.stack([first(x[:, view])[:, 8:] for view in range(views)], dim=1)
    expected = (torch.softmax(scores, dim=1) * volumes).sum(dim=1)
    np.testing.assert_allclose(ours.predict_on_batch(x), last(expected), atol=1e-4)


def test_a_level_of_the_encoder():
    inputs = keras.Input((14, 14, 6))
    maps = inputs
    plan = ((12, "elu"), (10, "elu"), (8, "mish"))
    for number, (filters, activation) in enumerate(plan):
        maps = _parts.convolved(maps, filters, 3, activation, f"level_{number}")
    with seeded(0):
        ours = shaken(keras.Model(inputs, maps))
    modules, before = [], 6
    for filters, activation in plan:
        modules += [nn.Conv2d(before, filters, 3), nn.BatchNorm2d(filters, EPSILON), ACTIVATIONS[activation]()]
        before = filters
    theirs, x = copied(ours.weights, nn.Sequential(*modules)), numbers(1, 2, 14, 14, 6)
    np.testing.assert_allclose(ours.predict_on_batch(x), last(theirs(first(x))), atol=1e-4)


def test_the_reshape_from_maps_to_a_cube():
    x = numbers(1, 2, 8, 8, 5)
    cube = ops.convert_to_numpy(PictureToCube(2, "channels_first")(x))
    np.testing.assert_array_equal(cube, last(first(x).contiguous().reshape(2, 40, 2, 2, 2)))
