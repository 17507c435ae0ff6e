"""Gradients of a Keras model as one vector, on every backend."""

import numpy as np
import pytest

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

pytestmark = pytest.mark.backend

keras = import_keras()
X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(12) % 3]
LOSS = keras.losses.CategoricalCrossentropy(from_logits=True)
PARTS = [(X[k::3], Y[k::3]) for k in range(3)]


def linear(**options):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, **options)])


def test_the_gradient_of_a_dense_layer_by_its_formula():
    gradients = federated.KerasGradients(linear(), LOSS, PARTS)
    w = np.random.default_rng(1).normal(size=gradients.size)
    assert gradients.size == 15
    x, y = PARTS[1]
    scores = x @ w[:12].reshape(4, 3) + w[12:]
    error = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) - y
    expected = np.concatenate([(x.T @ error).ravel(), error.sum(axis=0)]) / len(x)
    np.testing.assert_allclose(gradients(w, 1, 1), expected, atol=1e-6)
    np.testing.assert_allclose(gradients.weights, w, atol=1e-6)


def test_penalties_of_the_model_are_part_of_the_loss():
    plain = federated.KerasGradients(linear(), LOSS, PARTS)
    penal = federated.KerasGradients(linear(kernel_regularizer=keras.regularizers.L2(0.5)), LOSS, PARTS)
    w = np.random.default_rng(2).normal(size=15)
    difference = penal(w, 0, 1) - plain(w, 0, 1)
    np.testing.assert_allclose(difference, np.concatenate([w[:12], np.zeros(3)]), atol=1e-5)


def test_the_mean_over_senders_is_the_gradient_of_all():
    gradients = federated.KerasGradients(linear(), LOSS, PARTS)
    everything = federated.KerasGradients(gradients.model, LOSS, [(X, Y)])
    w = np.random.default_rng(3).normal(size=15)
    mean = np.mean([gradients(w, k, 1) for k in range(3)], axis=0)
    np.testing.assert_allclose(mean, everything(w, 0, 1), atol=1e-6)


def test_batches_belong_to_seed_round_and_sender():
    gradients = federated.KerasGradients(linear(), LOSS, PARTS, batch_size=2)
    w = np.random.default_rng(4).normal(size=15)
    np.testing.assert_array_equal(gradients(w, 0, 1), gradients(w, 0, 1))
    assert any(np.abs(gradients(w, 0, 1) - gradients(w, 0, number)).max() > 1e-4 for number in (2, 3, 4))


def test_what_is_not_trained_moves_and_is_not_sent():
    model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(momentum=0.5), keras.layers.Dense(3)])
    gradients = federated.KerasGradients(model, LOSS, PARTS)
    assert gradients.size == 8 + 15
    before = keras.ops.convert_to_numpy(model.layers[0].moving_mean).copy()
    gradients(gradients.weights, 0, 1)
    expected = 0.5 * before + 0.5 * PARTS[0][0].mean(axis=0)
    after = keras.ops.convert_to_numpy(model.layers[0].moving_mean)
    np.testing.assert_allclose(after, expected, atol=1e-6)


def test_a_weight_that_the_loss_does_not_see_has_the_gradient_zero():
    inputs = keras.Input((4,))
    used, unused = keras.layers.Dense(3)(inputs), keras.layers.Dense(2, name="unused")(inputs)
    model = keras.Model(inputs, [used, unused])
    gradients = federated.KerasGradients(model, lambda y, out: LOSS(y, out[0]), PARTS)
    found = gradients(gradients.weights, 0, 1)
    np.testing.assert_array_equal(found[15:], 0)
    assert np.abs(found[:15]).max() > 0


def test_rounds_train_a_model_in_spite_of_liars():
    parts = [(X[k::6], Y[k::6]) for k in range(6)]
    parts = [(np.tile(x + 3 * y @ np.eye(3, 4, dtype="float32"), (2, 1)), np.tile(y, (2, 1))) for x, y in parts]
    gradients = federated.KerasGradients(linear(kernel_initializer="zeros"), LOSS, parts)
    options = {"rounds": 25, "learning_rate": 0.5, "num_malicious": 1, "attack": "shout"}
    lost = {}
    for rule in ("mean", "l_nearest"):
        *_, last = federated.run_rounds(np.zeros(15), gradients, 6, rule=rule, **options)
        gradients.assign(last.weights)
        lost[rule] = float(LOSS(parts[0][1], gradients.model(parts[0][0])))
    assert lost["l_nearest"] < 0.3 < 3 < lost["mean"]


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda: federated.KerasGradients(keras.Sequential([keras.layers.Dense(3)]), LOSS, PARTS), "model"),
        (lambda: federated.KerasGradients(linear(), LOSS, []), "data"),
        (lambda: federated.KerasGradients(linear(), LOSS, [(X, Y[:3])]), "data"),
        (lambda: federated.KerasGradients(linear(), LOSS, PARTS, batch_size=0), "batch_size"),
        (lambda: federated.KerasGradients(linear(), LOSS, PARTS).assign(np.zeros(4)), "weights"),
    ],
)
def test_bad_arguments_are_named(call, place):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.place == place
