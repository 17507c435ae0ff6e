import keras
import numpy as np
import pytest

from pcfilter_lib.callbacks import LearningRateRangeTest
from pcfilter_lib.errors import InputError

pytestmark = pytest.mark.backend
X = np.linspace(-1, 1, 40, dtype="float32")[:, None]


def line(optimizer="sgd"):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(optimizer, "mse")
    return model


def run(model, test, **options):
    model.fit(X, 3 * X, batch_size=40, epochs=200, verbose=0, shuffle=False, callbacks=[test], **options)
    return test


def test_each_step_takes_its_own_rate_and_its_own_loss():
    """For a line through the origin every weight, and so every loss, can be computed by hand."""
    test = run(line(), LearningRateRangeTest(1e-3, 1, steps=20))
    assert np.allclose(test.rates, np.geomspace(1e-3, 1, 20))
    weight, expected, mean_square = 0.0, [], np.mean(X**2)
    for rate in test.rates:
        expected.append((weight - 3) ** 2 * mean_square)
        weight -= rate * 2 * (weight - 3) * mean_square
    assert np.allclose(test.losses, expected, rtol=1e-4)


def test_the_loss_is_that_of_one_batch_and_not_a_mean_over_the_epoch():
    test = LearningRateRangeTest(1e-6, 1e-5, steps=4)
    y = np.repeat([10.0, 11, 12, 13], 10)[:, None].astype("float32")
    line().fit(X, y, batch_size=10, epochs=1, verbose=0, shuffle=False, callbacks=[test])
    assert np.allclose(test.losses, [100, 121, 144, 169], rtol=1e-2)


def test_it_stops_when_the_loss_explodes():
    test = run(line(), LearningRateRangeTest(1e-2, 1e6, steps=100))
    assert len(test.losses) < 60
    assert test.losses[-1] > 4 * test.losses.min()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_rate_and_optimiser_are_put_back(optimizer):
    model, fresh = line(optimizer), line(optimizer)
    model.optimizer.learning_rate = 0.01
    fresh.optimizer.learning_rate = 0.01
    run(model, LearningRateRangeTest(1e-3, 1, steps=20))
    assert np.isclose(float(model.optimizer.learning_rate), 0.01)
    assert np.array_equal(model.get_weights()[0], [[0.0]])
    for each in (model, fresh):
        each.fit(X, 3 * X, batch_size=40, epochs=3, verbose=0, shuffle=False)
    assert np.array_equal(model.get_weights()[0], fresh.get_weights()[0])


def test_the_suggestion_is_where_the_loss_falls_fastest():
    test = run(line(), LearningRateRangeTest(1e-4, 1e3, steps=70))
    assert 1e-2 < test.suggestion() < test.rates[np.argmin(test.losses)]
    model = line(keras.optimizers.SGD(test.suggestion()))
    many = np.tile(X, (200, 1))  # 200 steps of one epoch, each on all points
    model.fit(many, 3 * many, batch_size=40, verbose=0, shuffle=False)
    assert np.isclose(model.get_weights()[0][0, 0], 3, atol=0.01)


def test_smoothing_takes_out_noise_and_does_not_lag():
    test = LearningRateRangeTest(1e-3, 1, steps=100)
    test._losses = [2.0] * 100
    assert np.allclose(test.smoothed(), 2)
    step = np.where(np.arange(100) < 50, 3.0, 1.0)
    test._losses = list(step + np.random.default_rng(0).normal(scale=0.1, size=100))
    assert abs(np.argmin(np.diff(test.smoothed())) - 49) <= 2
    assert np.std(test.smoothed()[:40]) < 0.06


def test_a_second_run_begins_anew():
    test, model = LearningRateRangeTest(1e-3, 1, steps=5), line()
    first = run(model, test).losses
    assert np.array_equal(run(model, test).losses, first)


def test_wrong_arguments_say_what_is_allowed():
    with pytest.raises(InputError, match=r"low.*\(0, inf\)"):
        LearningRateRangeTest(0, 1, steps=10)
    with pytest.raises(InputError, match=r"high.*\(0.1, inf\)"):
        LearningRateRangeTest(0.1, 0.1, steps=10)
    with pytest.raises(InputError, match="steps.*2 or more"):
        LearningRateRangeTest(0.1, 1, steps=1)
    with pytest.raises(InputError, match="too few steps"):
        LearningRateRangeTest(0.1, 1, steps=10).suggestion()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    with pytest.raises(InputError, match="single number"):
        run(line(keras.optimizers.SGD(schedule)), LearningRateRangeTest(0.1, 1, steps=10))
