"""The penalty, its gradient in a training step, and saving, on every backend."""

import keras
import numpy as np
import pytest
from keras import ops

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.regularizers import Orthogonality, SumRegularizer

pytestmark = pytest.mark.backend


def model_with(regularizer, first, learning_rate=0.125):
    """A layer of one neuron whose data ask for nothing: what moves its weights is the penalty."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=regularizer)
    model = keras.Sequential([keras.Input((len(first),)), layer])
    layer.set_weights([np.asarray(first, "float32")[:, None]])
    model.compile(keras.optimizers.SGD(learning_rate), "mse")
    return model


def nothing(width):
    return np.zeros((1, width), "float32"), np.zeros((1, 1), "float32")


@pytest.mark.parametrize(
    ("weights", "target", "strength", "expected"),
    [
        ([[1.0, 2.0], [3.0, 4.0]], 42.0, 0.5, 16.0),
        ([50.0], 42.0, 2.0, 16.0),
        ([-1.0, 1.0], 0.0, 3.0, 0.0),
        (np.ones((2, 3, 4, 5)), -10.0, 0.1, 13.0),
        ([5.0], 42.0, 0.0, 0.0),
    ],
)
def test_the_penalty(weights, target, strength, expected):
    penalty = SumRegularizer(target, strength)(ops.convert_to_tensor(weights, "float32"))
    assert tuple(penalty.shape) == ()
    assert float(ops.convert_to_numpy(penalty)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("target", "direction"), [(42.0, 1), (-42.0, -1), (6.0, 0)])
def test_a_step_moves_every_weight_alike_towards_the_target(target, direction):
    model = model_with(SumRegularizer(target, strength=0.5), [1.0, 2.0, 3.0])
    model.train_on_batch(*nothing(3))
    np.testing.assert_allclose(model.get_weights()[0][:, 0], np.array([1, 2, 3]) + direction * 0.125 * 0.5, rtol=1e-6)


def test_the_sum_arrives():
    falling = keras.optimizers.schedules.ExponentialDecay(1.0, decay_steps=20, decay_rate=0.5)
    model = model_with(SumRegularizer(42.0, strength=0.5), [1.0, -2.0, 3.0, 0.0], falling)
    x, y = nothing(4)
    model.fit(np.repeat(x, 200, axis=0), np.repeat(y, 200, axis=0), batch_size=1, verbose=0)
    assert model.get_weights()[0].sum() == pytest.approx(42, abs=0.01)


def test_the_penalty_is_part_of_the_loss():
    model = model_with(SumRegularizer(42.0, strength=0.5), [1.0, 2.0])
    assert model.evaluate(*nothing(2), verbose=0) == pytest.approx(19.5)


def test_config_and_saving(tmp_path):
    regularizer = SumRegularizer(target=7, strength=2)
    assert regularizer.get_config() == {"target": 7.0, "strength": 2.0}
    assert SumRegularizer.from_config(regularizer.get_config()).get_config() == regularizer.get_config()
    model = model_with(regularizer, [1.0, 2.0])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    restored = loaded.layers[-1].kernel_regularizer
    assert isinstance(restored, SumRegularizer)
    assert restored.get_config() == regularizer.get_config()
    assert loaded.evaluate(*nothing(2), verbose=0) == pytest.approx(model.evaluate(*nothing(2), verbose=0))


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (
            lambda: SumRegularizer(strength=-0.1),
            r"SumRegularizer, strength: -0\.1 is not allowed\. Remedy: pass a number in \[0, inf\)",
        ),
        (lambda: SumRegularizer(strength="much"), r"strength: 'much' .* \[0, inf\)"),
        (lambda: SumRegularizer(target=float("nan")), r"target: nan .* \(-inf, inf\)"),
        (lambda: SumRegularizer(target=float("inf")), r"target: inf .* \(-inf, inf\)"),
        (lambda: SumRegularizer(target=None), r"target: None .* \(-inf, inf\)"),
    ],
)
def test_wrong_arguments_are_told_what_is_allowed(make, allowed):
    with pytest.raises(InputError, match=allowed):
        make()


def rotations(count, size):
    """Random rotations and reflections."""
    return np.linalg.qr(np.random.default_rng(0).normal(size=(count, size, size)))[0].astype("float32")


@pytest.mark.parametrize("count", [1, 2, 32])
def test_the_identity_is_exactly_orthogonal_and_every_rotation_nearly(count):
    identity = np.tile(np.eye(5, dtype="float32"), (count, 1, 1))
    assert float(ops.convert_to_numpy(Orthogonality(3.0)(ops.convert_to_tensor(identity)))) == 0
    penalty = Orthogonality(3.0)(ops.convert_to_tensor(rotations(count, 5)))
    assert float(ops.convert_to_numpy(penalty)) < 1e-10


def test_a_collapse_costs_the_size_of_the_matrix_whatever_the_batch():
    for count in (1, 7):
        zeros = ops.convert_to_tensor(np.zeros((count, 6, 6), "float32"))
        assert float(ops.convert_to_numpy(Orthogonality(0.5)(zeros))) == pytest.approx(3.0)
    matrices = np.random.default_rng(1).normal(size=(4, 3, 3))
    expected = 0.1 * np.mean([np.linalg.norm(np.eye(3) - a @ a.T) ** 2 for a in matrices])
    penalty = Orthogonality(0.1)(ops.convert_to_tensor(matrices, "float32"))
    assert float(ops.convert_to_numpy(penalty)) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(InputError, match="strength"):
        Orthogonality(-1)
