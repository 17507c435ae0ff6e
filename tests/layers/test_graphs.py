import keras
import numpy as np
import pytest
from gradients import gradient
from keras import ops
from surfaces import bumpy

from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import cotangent_laplacian, icosphere, mesh_graph, scaled_laplacian, sheet, spectrum
from pcfilter_lib.layers import ChebyshevConv, Diffusion, GraphConv

pytestmark = pytest.mark.backend
C, F = 3, 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def normal(rng, *shape):
    return rng.normal(size=shape).astype("float32")


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def build(layer, rng, channels=C):
    """Give a layer random weights, the bias included."""
    layer.build([(None, None, channels), None, None, None])
    for weight in layer.weights:
        values = rng.normal(size=weight.shape)
        weight.assign(np.abs(values) / 10 if weight.name == "times" else values)
    return layer


def graph_by_hand(x, table, own, neighbour, bias, aggregate):
    combine = {"mean": np.mean, "sum": np.sum, "max": np.max}[aggregate]
    heard = np.zeros_like(x)
    for sample, row in np.ndindex(table.shape[:2]):
        members = table[sample, row][table[sample, row] >= 0]
        if len(members):
            heard[sample, row] = combine(x[sample, members], axis=0)
    return x @ own + heard @ neighbour + bias


def weights_of(layer):
    return [numbers(weight).astype(float) for weight in layer.weights]


@pytest.mark.parametrize("aggregate", ["mean", "sum", "max"])
def test_message_passing_equals_loops(aggregate, rng):
    x, table = normal(rng, 2, 9, C) - 2, rng.integers(-1, 9, (2, 9, 4)).astype("int32")
    table[0, 3], table[1, 0] = -1, [2, -1, -1, 5]  # nobody is near, and holes in the middle
    layer = build(GraphConv(F, aggregate), rng)
    expected = graph_by_hand(x.astype(float), table, *weights_of(layer), aggregate)
    np.testing.assert_allclose(numbers(layer([x, table])), expected, atol=1e-5)
    seen = rng.normal(size=expected.shape)

    def value(x):
        return (seen * graph_by_hand(x, table, *weights_of(layer), aggregate)).sum()

    step, gradients = 1e-6, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = np.zeros(x.shape)
        moved[place] = step
        gradients[place] = (value(x + moved) - value(x - moved)) / (2 * step)
    seen = ops.convert_to_tensor(seen.astype("float32"))
    found = gradient(lambda x: ops.sum(seen * layer([x, table])), x)
    np.testing.assert_allclose(found, gradients, atol=1e-4)


def spectral(mesh, x, kernel, largest):
    """The same filter on every eigenfunction: as many as there are vertices."""
    found = spectrum(mesh, len(mesh.vertices))
    coefficients = found.functions.T @ (found.areas[:, None] * x)
    response = np.polynomial.chebyshev.chebval(2 * found.values / largest - 1, kernel)  # (C, F, K)
    return found.functions @ np.einsum("cfk,kc->kf", response, coefficients)


@pytest.mark.parametrize("degree", [0, 1, 2, 7, 20])
def test_chebyshev_equals_the_spectral_filter(degree, rng):
    meshes, layer = [bumpy(), bumpy(seed=1)], build(ChebyshevConv(F, degree), rng)
    largest = max(scaled_laplacian(mesh).largest for mesh in meshes)
    tables = [scaled_laplacian(mesh, largest) for mesh in meshes]
    x = normal(rng, 2, len(meshes[0].vertices), C)
    kernel, bias = weights_of(layer)
    inputs = [x, np.stack([each.table for each in tables]), np.stack([each.weights for each in tables])]
    inputs[2] = inputs[2].astype("float32")
    expected = np.stack([spectral(mesh, one, kernel, largest) for mesh, one in zip(meshes, x, strict=True)]) + bias
    assert np.abs(numbers(layer(inputs)) - expected).max() < 1e-5 * np.abs(expected).max()
    # A spectral filter is symmetric with respect to area; the gradient of <s, f(x)> is M f(M^-1 s).
    seen = normal(rng, *expected.shape)
    areas = np.stack([cotangent_laplacian(mesh).areas for mesh in meshes])[..., None]
    turned = np.swapaxes(kernel, 1, 2)
    expected = np.stack(
        [a * spectral(mesh, s / a, turned, largest) for mesh, s, a in zip(meshes, seen, areas, strict=True)]
    )
    tensor = ops.convert_to_tensor(seen)
    found = gradient(lambda x: ops.sum(tensor * layer([x, *inputs[1:]])), x)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_a_heat_kernel_without_eigenfunctions(rng):
    """Chebyshev and diffusion agree where both say the same."""
    mesh = icosphere(2)
    scaled, found = scaled_laplacian(mesh), spectrum(mesh, len(mesh.vertices))
    time = 0.05
    coefficients = np.polynomial.chebyshev.chebinterpolate(lambda v: np.exp(-time * scaled.largest * (v + 1) / 2), 20)
    chebyshev, diffusion = ChebyshevConv(C, 20, use_bias=False), Diffusion(time)
    x = normal(rng, 1, len(mesh.vertices), C)
    inputs = [x, scaled.table[None], scaled.weights[None].astype("float32")]
    chebyshev.build([each.shape for each in inputs])
    chebyshev.kernel.assign(coefficients[:, None, None] * np.eye(C))
    basis = [each[None].astype("float32") for each in (found.functions, found.values, found.areas)]
    np.testing.assert_allclose(numbers(chebyshev(inputs)), numbers(diffusion([x, *basis])), atol=1e-5)


def bases(meshes, count=12):
    found = [spectrum(mesh, count) for mesh in meshes]
    return [
        np.stack([getattr(each, name) for each in found]).astype("float32") for name in ("functions", "values", "areas")
    ]


def diffused(x, functions, values, areas, times):
    coefficients = np.einsum("bnk,bn,bnc->bkc", functions, areas, x)
    return np.einsum("bnk,bkc->bnc", functions, np.exp(-values[..., None] * times) * coefficients)


def test_diffusion_equals_the_formula(rng):
    basis, layer = bases([bumpy(), bumpy(seed=1)]), build(Diffusion(), rng)
    x = normal(rng, 2, basis[0].shape[1], C)
    (times,) = weights_of(layer)
    exact = [each.astype(float) for each in basis]
    np.testing.assert_allclose(numbers(layer([x, *basis])), diffused(x, *exact, times), atol=1e-5)
    seen = normal(rng, *x.shape)
    tensor = ops.convert_to_tensor(seen)
    found = gradient(lambda x: ops.sum(tensor * layer([x, *basis])), x)
    expected = exact[2][..., None] * diffused(seen / exact[2][..., None], *exact, times)
    np.testing.assert_allclose(found, expected, atol=1e-5)

    def value(times):
        return ops.sum(tensor * layer.stateless_call([times], [], [x, *basis])[0])

    step = 1e-5 * np.eye(C)
    expected = [(seen * (diffused(x, *exact, times + d) - diffused(x, *exact, times - d))).sum() / 2e-5 for d in step]
    np.testing.assert_allclose(gradient(value, times.astype("float32")), expected, rtol=1e-4)


def test_diffusion_keeps_the_mean_and_forgets_the_rest(rng):
    mesh = sheet(12, 9)
    basis = bases([mesh], 30)
    x = normal(rng, 1, len(mesh.vertices), C)
    mean = np.einsum("bn,bnc->bc", basis[2], x) / basis[2].sum()
    still, soon, late = (numbers(Diffusion(time)([x, *basis])) for time in (0.0, 0.01, 100.0))
    for y in (still, soon, late):
        np.testing.assert_allclose(np.einsum("bn,bnc->bc", basis[2], y) / basis[2].sum(), mean, atol=1e-5)
    np.testing.assert_allclose(late, np.broadcast_to(mean[:, None], late.shape), atol=1e-5)
    assert still.std() > 1.1 * soon.std() > 1.1 * late.std()


def test_times_are_learned_and_never_negative(rng):
    mesh = sheet(12, 9)
    basis = bases([mesh], 30)
    x = normal(rng, 1, len(mesh.vertices), 2)
    target = numbers(Diffusion(0.02)([x, *basis]))
    target[..., 1] = 2 * numbers(Diffusion(0.0)([x, *basis]))[..., 1]  # would need a negative time
    inputs = [keras.Input(each.shape[1:]) for each in (x, *basis)]
    model = keras.Model(inputs, Diffusion(0.0)(inputs))
    model.compile(keras.optimizers.Adam(2e-3), "mse")
    model.optimizer.build(model.trainable_variables)
    for _ in range(60):
        model.train_on_batch([x, *basis], target)
    (times,) = model.get_weights()
    assert times[0] == pytest.approx(0.02, rel=0.1) and times[1] == 0


def test_signs_and_bases_of_eigenfunctions_do_not_matter(rng):
    mesh, layer = icosphere(2), build(Diffusion(), rng)
    functions, values, areas = bases([mesh], 9)
    x = normal(rng, 1, len(mesh.vertices), C)
    before = numbers(layer([x, functions, values, areas]))
    signs = rng.choice([-1, 1], 9).astype("float32")
    assert (signs < 0).any()
    np.testing.assert_array_equal(numbers(layer([x, functions * signs, values, areas])), before)
    rotated = functions.copy()
    rotated[..., 1:4] = functions[..., 1:4] @ np.linalg.qr(normal(rng, 3, 3))[0]  # one eigenvalue, three functions
    assert np.abs(rotated - functions).max() > 0.1
    np.testing.assert_allclose(numbers(layer([x, rotated, values, areas])), before, atol=1e-5)


def test_padding_does_not_count(rng):
    mesh, layer = bumpy(), build(Diffusion(), rng)
    basis = bases([mesh])
    x = normal(rng, 1, len(mesh.vertices), C)
    more = [np.pad(basis[0], [(0, 0), (0, 7), (0, 0)]), basis[1], np.pad(basis[2], [(0, 0), (0, 7)])]
    wild = np.concatenate([x, 1e3 * normal(rng, 1, 7, C)], axis=1)
    np.testing.assert_allclose(numbers(layer([wild, *more]))[:, :-7], numbers(layer([x, *basis])), atol=1e-5)


def relabelled(order, table, *arrays):
    """Vertices in another order, and the table along; each row keeps its order."""
    place = np.empty(len(order), "int32")
    place[order] = np.arange(len(order))
    table = np.where(table < 0, -1, place[table])[:, order].astype("int32")
    return table, *(each[:, order] for each in arrays)


@pytest.mark.parametrize("mesh", [bumpy(), icosphere(3)])
@pytest.mark.parametrize("channels", [1, 16])
def test_relabelling_goes_along_bit_for_bit(mesh, channels, rng):
    graph, scaled = mesh_graph(mesh), scaled_laplacian(mesh)
    x = normal(rng, 2, len(mesh.vertices), channels)
    order = rng.permutation(len(mesh.vertices))
    table = np.repeat(graph.neighbours[None], 2, axis=0)
    moved, moved_x = relabelled(order, table, x)
    for aggregate in ("mean", "sum", "max"):
        for units in (1, 24):
            layer = build(GraphConv(units, aggregate), rng, channels)
            assert_same_bits(layer, [x, table], [moved_x, moved], order)
    table = np.repeat(scaled.table[None], 2, axis=0)
    weights = np.repeat(scaled.weights[None].astype("float32"), 2, axis=0)
    moved, moved_x, moved_weights = relabelled(order, table, x, weights)
    for units in (1, 24):
        layer = build(ChebyshevConv(units, 4), rng, channels)
        assert_same_bits(layer, [x, table, weights], [moved_x, moved, moved_weights], order)


def assert_same_bits(layer, inputs, moved, order):
    before = numbers(layer(inputs))
    np.testing.assert_array_equal(numbers(layer(moved)), before[:, order])
    model = keras.Model(symbolic := [keras.Input(each.shape[1:], dtype=each.dtype) for each in inputs], layer(symbolic))
    compiled = model.predict(inputs, verbose=0)
    np.testing.assert_array_equal(model.predict(moved, verbose=0), compiled[:, order])


def test_diffusion_is_equivariant_up_to_rounding(rng):
    mesh, layer = bumpy(), build(Diffusion(), rng)
    functions, values, areas = bases([mesh])
    x, order = normal(rng, 1, len(mesh.vertices), C), rng.permutation(len(mesh.vertices))
    before = numbers(layer([x, functions, values, areas]))
    after = numbers(layer([x[:, order], functions[:, order], values, areas[:, order]]))
    np.testing.assert_allclose(after, before[:, order], atol=1e-5)


def test_only_the_sum_counts_neighbours_and_none_tells_two_triangles_from_a_hexagon(rng):
    ring = np.arange(6)
    hexagon = np.stack([(ring - 1) % 6, (ring + 1) % 6], axis=1)
    triangles = np.stack([ring // 3 * 3 + (ring - 1) % 3, ring // 3 * 3 + (ring + 1) % 3], axis=1)
    path = hexagon.copy()
    path[0, 0] = path[5, 1] = -1  # one edge less
    ones = np.ones((1, 6, 1), "float32")
    for aggregate in ("mean", "sum", "max"):
        layers = [build(GraphConv(units, aggregate), rng, channels) for channels, units in ((1, 8), (8, 8), (8, 8))]

        def network(table, layers=layers):
            x = ones
            for layer in layers:
                x = ops.tanh(layer([x, table[None].astype("int32")]))
            return numbers(x)

        np.testing.assert_array_equal(network(hexagon), network(triangles))
        notices = np.abs(network(path) - network(hexagon)).max() > 1e-3
        assert notices == (aggregate == "sum")


CASES = [
    (lambda: GraphConv(F), "table"),
    (lambda: GraphConv(F, "max", use_bias=False), "table"),
    (lambda: ChebyshevConv(F, 3), "table weights"),
    (lambda: ChebyshevConv(F, 0, use_bias=False), "table weights"),
    (lambda: Diffusion(0.1), "basis"),
]


@pytest.mark.parametrize(("make", "what"), CASES)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_contract(make, what, dtype, rng, tmp_path):
    """Unknown sizes, config, saving, training, half precision."""

    def inputs_for(rows):
        more = {
            "table": [rng.integers(-1, rows, (2, rows, 4)).astype("int32")],
            "table weights": [rng.integers(-1, rows, (2, rows, 4)).astype("int32"), normal(rng, 2, rows, 4)],
            "basis": [normal(rng, 2, rows, 6), np.abs(normal(rng, 2, 6)), np.abs(normal(rng, 2, rows))],
        }
        return [normal(rng, 2, rows, C), *more[what]]

    keras.config.set_dtype_policy(dtype)
    try:
        example = inputs_for(7)
        shapes = [each.shape[1:] if each.shape == (2, 6) else (None, *each.shape[2:]) for each in example]
        inputs = [keras.Input(shape, dtype=each.dtype) for shape, each in zip(shapes, example, strict=True)]
        layer = make()
        model = keras.Model(inputs, layer(inputs))
        out = model(example)
        promised = make().compute_output_spec([keras.KerasTensor(each.shape, each.dtype) for each in example])
        assert out.shape == promised.shape
        assert keras.backend.standardize_dtype(out.dtype) == promised.dtype == dtype.removeprefix("mixed_")
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(numbers(ops.cast(out, "float32")), numbers(ops.cast(loaded(example), "float32")))
        assert model(inputs_for(5)).shape[:2] == (2, 5)
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
        before = [numbers(weight).copy() for weight in layer.weights]
        model.compile("sgd", "mse")
        assert np.isfinite(model.train_on_batch(example, np.ones(out.shape, "float32")))
        assert not any(np.array_equal(old, numbers(new)) for old, new in zip(before, layer.weights, strict=True))
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: GraphConv(0), "units"),
        (lambda: GraphConv(2, "median"), "aggregate"),
        (lambda: GraphConv(2, use_bias=2), "use_bias"),
        (lambda: ChebyshevConv(0, 2), "units"),
        (lambda: ChebyshevConv(2, -1), "degree"),
        (lambda: ChebyshevConv(2, 1, use_bias="no"), "use_bias"),
        (lambda: Diffusion(-0.1), "initial_time"),
        (lambda: Diffusion(float("nan")), "initial_time"),
    ],
)
def test_arguments_are_checked(make, named):
    with pytest.raises(InputError, match=named):
        make()
