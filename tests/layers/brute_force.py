"""Layers on neighbourhoods, in NumPy and 64 bits, edge by edge: what the library's have to equal."""

import keras
import numpy as np
from keras import ops

EPSILON = 1e-3


def ball(points, centres, radius, max_nn):
    """Return the table of one cloud: the first points of each ball, the first of them again where it holds fewer."""
    table = np.empty((len(centres), max_nn), int)
    for row, centre in enumerate(centres):
        distances = ((points - centre) ** 2).sum(-1)
        inside = np.flatnonzero(distances < radius**2)[:max_nn]
        first = inside[0] if len(inside) else distances.argmin()
        table[row] = first
        table[row, : len(inside)] = inside
    return table


def normalised(values, gamma, beta, slope=0.0):
    """Return batch normalisation over all axes but the last, and a leaky rectifier."""
    axes = tuple(range(values.ndim - 1))
    values = gamma * (values - values.mean(axes)) / np.sqrt(values.var(axes) + EPSILON) + beta
    return np.where(values > 0, values, slope * values)


def edge_conv(x, table, kernel, gamma, beta, slope):
    """Return EdgeConv in training, from a dense layer of all edges."""
    edges = np.empty((*table.shape, 2 * x.shape[-1]))
    for cloud, rows in enumerate(table):
        for i, neighbours in enumerate(rows):
            for place, j in enumerate(neighbours):
                edges[cloud, i, place] = np.concatenate([x[cloud, i], x[cloud, j] - x[cloud, i]])
    return normalised(edges @ kernel, gamma, beta, slope).max(axis=2)


def set_abstraction(points, features, tables, centres, kernels, norms):
    """Return one scale of set abstraction in training: grouped, shared layers, maximum."""
    grouped = np.concatenate(
        [
            np.stack([p[t] - p[:centres, None] for p, t in zip(points, tables, strict=True)]),
            np.stack([f[t] for f, t in zip(features, tables, strict=True)]),
        ],
        axis=-1,
    )
    for kernel, (gamma, beta) in zip(kernels, norms, strict=True):
        grouped = normalised(grouped @ kernel, gamma, beta)
    return grouped.max(axis=2)


def three_nearest(points, few, features):
    """Return interpolated features of one cloud."""
    result = np.empty((len(points), features.shape[-1]))
    for row, point in enumerate(points):
        distances = ((few - point) ** 2).sum(-1)
        chosen = np.argsort(distances, kind="stable")[:3]
        weights = 1 / np.maximum(distances[chosen], 1e-10)
        result[row] = (weights / weights.sum()) @ features[chosen]
    return result


def central_differences(function, arrays, upstream, step=1e-7):
    """Return the gradient of ``(function(*arrays) * upstream).sum()`` for each array, number by number."""
    arrays = [np.array(each, np.float64) for each in arrays]
    found = []
    for array in arrays:
        gradient = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            values = []
            for moved in (kept + step, kept - step):
                array[place] = moved
                values.append((function(*arrays) * upstream).sum())
            array[place] = kept
            gradient[place] = (values[0] - values[1]) / (2 * step)
        found.append(gradient)
    return found


def vary(layer, random):
    """Give all weights other values: kernels around 0, scales of both signs that are not small, shifts."""
    for weight in layer.trainable_weights:
        values = random.normal(size=weight.shape)
        if weight.name == "gamma":
            values = np.sign(values) * random.uniform(0.5, 1.5, weight.shape)
        weight.assign(values)
    return layer


class Held(keras.Model):
    """A layer whose inputs are weights, so that one step of descent tells their gradients, too."""

    def __init__(self, layer, inputs, learn, output):
        super().__init__()
        self.layer, self.output_number = layer, output
        self.held = [self.weight(each) if use else each for each, use in zip(inputs, learn, strict=True)]

    def weight(self, values):
        weight = self.add_weight(values.shape, "zeros")
        weight.assign(values)
        return weight

    def call(self, _, training=False):
        inputs = [ops.convert_to_tensor(each) for each in self.held]
        result = self.layer(inputs if len(inputs) > 1 else inputs[0], training=training)
        return result if self.output_number is None else result[self.output_number]


def gradients(layer, inputs, upstream, output=None):
    """Return gradients of ``(layer(inputs) * upstream).sum()`` in training, for float inputs and for all weights."""
    learn = [each.dtype.kind == "f" for each in inputs]
    model = Held(layer, inputs, learn, output)
    nothing = np.zeros((len(upstream), 1), "float32")
    model(nothing)
    weights = [*(held for held, use in zip(model.held, learn, strict=True) if use), *layer.trainable_weights]
    before = [ops.convert_to_numpy(each).astype(float) for each in weights]
    model.compile(keras.optimizers.SGD(1.0), lambda wanted, got: ops.sum(wanted * got))
    model.train_on_batch(nothing, upstream.astype("float32"))
    after = [ops.convert_to_numpy(each).astype(float) for each in weights]
    return [old - new for old, new in zip(before, after, strict=True)]


def assert_near(found, wanted):
    """Each array is equal to 1e-5 of the largest number in it, or of 1."""
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * max(1, np.abs(theirs).max()))
