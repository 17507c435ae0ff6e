import keras
import numpy as np
import pytest
from gradients import gradient
from keras import ops

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import SparseConv3D, SparseConv3DTranspose, SparseMaxPooling
from pcfilter_lib.layers.sparse import _products

pytestmark = pytest.mark.backend
SIDE, C, F = 8, 3, 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def active_voxels(rng, share=0.2, side=SIDE):
    """Voxels in an order of no meaning."""
    return rng.permutation(np.argwhere(rng.random((side,) * 3) < share))


def normal(rng, *shape):
    return rng.normal(size=shape).astype("float32")


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def dense(features, coordinates, side=SIDE):
    """A volume of zeros with these features in it, differentiable."""
    rows = np.full((side,) * 3, len(coordinates))
    rows[tuple(coordinates.T)] = np.arange(len(coordinates))
    return ops.take(ops.pad(features, [[0, 1], [0, 0]]), rows, axis=0)[None]


def at(volume, coordinates):
    """The features of these voxels, (N, C), differentiable."""
    flat = ops.reshape(volume, (-1, volume.shape[-1]))
    return ops.take(flat, np.ravel_multi_index(tuple(coordinates.T), volume.shape[1:4]), axis=0)


def stacks(rng, layers=1):
    """The same weights for a sparse and a dense stack."""
    widths = [C, *[F] * layers]
    weights = [(normal(rng, 27, a, b), normal(rng, b)) for a, b in zip(widths, widths[1:], strict=False)]

    def sparsely(x, table, weights=weights):
        for kernel, bias in weights:
            layer = SparseConv3D(F)
            layer.build([(None, None, kernel.shape[1]), None])
            x = layer.stateless_call([kernel, bias], [], [x[None], table[None]])[0][0]
        return x

    def densely(x, coordinates, weights=weights):
        for kernel, bias in weights:
            kernel = ops.reshape(kernel, (3, 3, 3, *kernel.shape[1:]))
            x = at(ops.conv(dense(x, coordinates), kernel, padding="same") + ops.convert_to_tensor(bias), coordinates)
        return x

    return weights, sparsely, densely


@pytest.mark.parametrize(("layers", "held"), [(1, _products.HELD), (3, _products.HELD), (1, 16), (1, 50)])
def test_submanifold_convolution_is_the_masked_dense_one(layers, held, rng, monkeypatch):
    monkeypatch.setattr(_products, "HELD", held)  # in one piece, and in several
    coordinates = active_voxels(rng)
    table, x = sparse.kernel_map(coordinates), normal(rng, len(coordinates), C)
    weights, sparsely, densely = stacks(rng, layers)
    ours, theirs = numbers(sparsely(x, table)), numbers(densely(x, coordinates))
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()
    seen = ops.convert_to_tensor(normal(rng, *ours.shape))
    gradients = [
        gradient(lambda x: ops.sum(seen * sparsely(x, table)), x),
        gradient(lambda x: ops.sum(seen * densely(x, coordinates)), x),
    ]
    assert np.abs(gradients[0] - gradients[1]).max() < 1e-5 * np.abs(gradients[1]).max()
    (kernel, bias), *rest = weights
    gradients = [
        gradient(lambda k: ops.sum(seen * sparsely(x, table, [(k, bias), *rest])), kernel),
        gradient(lambda k: ops.sum(seen * densely(x, coordinates, [(k, bias), *rest])), kernel),
    ]
    assert np.abs(gradients[0] - gradients[1]).max() < 1e-5 * np.abs(gradients[1]).max()


@pytest.mark.parametrize("held", [2, 7, 14, 100])
def test_pieces_change_nothing(held, rng, monkeypatch):
    features, table = normal(rng, 2, 7, C), rng.integers(-1, 7, (2, 7, 27)).astype("int32")
    layer = SparseConv3D(F)
    expected = numbers(layer([features, table]))
    monkeypatch.setattr(_products, "HELD", held)
    np.testing.assert_allclose(numbers(layer([features, table])), expected, atol=1e-6)
    inputs = [keras.Input((None, C)), keras.Input((None, 27), dtype="int32")]
    np.testing.assert_allclose(
        keras.Model(inputs, layer(inputs)).predict([features, table], verbose=0), expected, atol=1e-6
    )


def test_octree_convolution_is_dense_on_its_cells(rng):
    tree = sparse.Octree.from_voxels(rng.random((SIDE,) * 3) < 0.03)
    cells = tree.coordinates(siblings=True).astype(int)
    assert len(cells) < SIDE**3, "some cells are missing"
    _, sparsely, densely = stacks(rng, 2)
    x = normal(rng, len(cells), C)
    ours, theirs = numbers(sparsely(x, tree.kernel_map(siblings=True))), numbers(densely(x, cells))
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


def test_convolution_of_stride_two_is_the_dense_one(rng):
    coordinates = active_voxels(rng)
    coarse, x = sparse.coarsen(coordinates), normal(rng, len(coordinates), C)
    layer = SparseConv3D(F, kernel_size=2)
    ours = numbers(layer([x[None], coarse.children[None]]))[0]
    kernel = np.reshape(numbers(layer.kernel), (2, 2, 2, C, F))
    theirs = numbers(at(ops.conv(dense(x, coordinates), kernel, strides=2), coarse.coordinates))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_transposed_convolution_is_the_dense_one(rng):
    coordinates = active_voxels(rng)
    coarse = sparse.coarsen(coordinates)
    x = normal(rng, len(coarse.coordinates), C)
    layer = SparseConv3DTranspose(F, use_bias=False)
    inputs = [x[None], coarse.parents[None], coarse.positions[None]]
    ours = numbers(layer(inputs))[0]
    kernel = np.moveaxis(np.reshape(numbers(layer.kernel), (C, 2, 2, 2, F)), 0, -1)
    volume = ops.conv_transpose(dense(x, coarse.coordinates, SIDE // 2), kernel, strides=2)
    np.testing.assert_allclose(ours, numbers(at(volume, coordinates)), atol=1e-5)


def test_pooling_takes_the_largest_of_the_children(rng):
    coordinates = active_voxels(rng)
    coarse = sparse.coarsen(coordinates)
    x = normal(rng, len(coordinates), C) - 5  # a padding with zeros would show
    table = np.concatenate([coarse.children, np.full((2, 8), -1)]).astype("int32")
    ours = numbers(SparseMaxPooling()([x[None], table[None]]))[0]
    for row, parent in enumerate(coarse.coordinates):
        np.testing.assert_array_equal(ours[row], x[(coordinates // 2 == parent).all(axis=1)].max(axis=0))
    assert (ours[-2:] == 0).all()


@pytest.mark.parametrize(
    ("make", "more"),
    [
        (lambda: SparseConv3D(F), [(2, 7, 27)]),
        (lambda: SparseConv3D(F, 2, use_bias=False), [(2, 4, 8)]),
        (lambda: SparseConv3DTranspose(F), [(2, 9), (2, 9)]),
        (lambda: SparseMaxPooling(), [(2, 4, 8)]),
    ],
)
def test_contract(make, more, rng, tmp_path):
    """Unknown sizes, rows without any neighbour, config, saving."""
    x = normal(rng, 2, 7, C)
    tables = [rng.integers(-1, 7, shape).astype("int32") for shape in more]
    if len(tables) == 2:
        tables[1] %= 8
    inputs = [keras.Input((None, C)), *(keras.Input((None, *shape[2:]), dtype="int32") for shape in more)]
    model = keras.Model(inputs, make()(inputs))
    out = numbers(model([x, *tables]))
    assert out.shape == make().compute_output_spec([keras.KerasTensor(each.shape) for each in (x, *tables)]).shape
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(out, numbers(loaded([x, *tables])))
    assert type(make()).from_config(make().get_config()).get_config().keys() == make().get_config().keys()
    few = [x[:, :5], *(np.minimum(table, 4)[:, :3] for table in tables)]
    assert numbers(model(few)).shape[:2] == (2, 3)
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch([x, *tables], np.ones_like(out)))


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: SparseConv3D(0), "filters"),
        (lambda: SparseConv3D(2, 0), "kernel_size"),
        (lambda: SparseConv3D(2, use_bias="no"), "use_bias"),
        (lambda: SparseConv3DTranspose(0), "filters"),
        (lambda: SparseConv3DTranspose(2, use_bias=3), "use_bias"),
    ],
)
def test_arguments_are_checked(make, named):
    with pytest.raises(InputError, match=named):
        make()
