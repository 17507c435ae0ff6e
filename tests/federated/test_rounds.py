"""The loop: with everybody honest it is gradient descent; with liars it is what the rule makes of them."""

import numpy as np
import pytest

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError

TARGETS = np.random.default_rng(0).normal(1, 0.3, (10, 6))


def gradient(weights, sender, number):
    """Each sender pulls to a point of its own."""
    return weights - TARGETS[sender]


def last_of(**options):
    options = {"rounds": 30, "learning_rate": 0.3, **options}
    *_, last = federated.run_rounds(np.zeros(6), gradient, 10, **options)
    return last


@pytest.mark.parametrize("rule", ["mean", "l_nearest"])
def test_honest_senders_are_plain_gradient_descent(rule):
    weights = np.zeros(6)
    for _ in range(30):
        weights = weights - 0.3 * np.mean([gradient(weights, k, 0) for k in range(10)], axis=0)
    np.testing.assert_allclose(last_of(rule=rule).weights, weights, atol=1e-12)


def test_liars_are_the_last_senders_and_their_data_do_not_count():
    last = last_of(attack="flip", num_malicious=3, rule="l_nearest", rounds=1)
    np.testing.assert_allclose(last.update, -TARGETS[:7].mean(axis=0), atol=1e-12)
    assert last.honest.shape == (7, 6) and len(last.messages) == 10
    mean = last_of(attack="cancel", num_malicious=3, rule="mean", rounds=5)
    np.testing.assert_allclose(mean.weights, 0, atol=1e-12)


def test_messages_hold_direction_and_length_under_pseudonyms_of_the_round():
    states = list(federated.run_rounds(np.zeros(6), gradient, 10, rounds=3, learning_rate=0.3))
    names = [message.sender for state in states for message in state.messages]
    assert len(set(names)) == 30 and all(len(name) == 16 for name in names)
    for k, message in enumerate(states[0].messages):
        np.testing.assert_allclose(message.gradient, -TARGETS[k], atol=1e-12)
        assert np.linalg.norm(message.direction) == pytest.approx(1) and message.round == 1


def test_a_gradient_of_length_zero_can_be_sent():
    *_, last = federated.run_rounds(np.ones(2), lambda w, k, t: w * 0, 3, rounds=2, learning_rate=1.0)
    np.testing.assert_array_equal(last.weights, [1, 1])


def test_noise_belongs_to_the_seed():
    privacy = federated.Privacy(epsilon=5, sensitivity=0.2)
    one, same = (last_of(privacy=privacy, seed=1).weights for _ in range(2))
    other = last_of(privacy=privacy, seed=2).weights
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    assert np.abs(one - last_of().weights).max() > 1e-3
    assert (last_of(privacy=privacy).honest == last_of(privacy=privacy).honest).all()


def test_momentum_is_the_running_mean_of_what_would_be_sent():
    states = list(
        federated.run_rounds(
            np.zeros(2), lambda w, k, t: np.array([t, 1.0]), 2, rounds=3, learning_rate=1.0, rule="mean", momentum=0.5
        )
    )
    np.testing.assert_allclose([state.update[0] for state in states], [0.5, 1.25, 2.125])


def test_momentum_averages_noise_away():
    def spread(momentum):
        options = {"rounds": 40, "rule": "mean", "momentum": momentum, "learning_rate": 1e-9}
        privacy = federated.Privacy(epsilon=1, sensitivity=1, delta=0.1)
        states = federated.run_rounds(np.zeros(200), lambda w, k, t: w, 1, privacy=privacy, **options)
        return np.std([state.update for state in list(states)[20:]])

    assert spread(0.9) / spread(0) == pytest.approx(np.sqrt(0.1 / 1.9), rel=0.15)


def test_the_chain_records_the_rounds():
    last = last_of(keep_chain=True, rounds=4, work_bits=4)
    assert len(last.chain) == 5 and federated.find_tampering(last.chain) is None
    np.testing.assert_array_equal(last.chain[-1].weights, last.weights)
    assert last.chain[-1].messages == last.messages
    assert last_of(rounds=2).chain == []


def test_the_start_is_not_changed():
    start = np.zeros(6)
    *_, _last = federated.run_rounds(start, gradient, 10, rounds=2, learning_rate=1.0)
    np.testing.assert_array_equal(start, 0)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"rounds": 0}, "rounds"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"rule": "vote"}, "rule"),
        ({"attack": "whisper", "num_malicious": 1}, "attack"),
        ({"num_malicious": 10}, "num_malicious"),
        ({"momentum": 1}, "momentum"),
    ],
)
def test_bad_arguments_are_refused_at_the_call(options, place):
    options = {"rounds": 3, "learning_rate": 0.1, **options}
    with pytest.raises(InputError) as caught:
        federated.run_rounds(np.zeros(6), gradient, 10, **options)
    assert caught.value.place == place


def test_a_gradient_of_the_wrong_shape_is_refused():
    rounds = federated.run_rounds(np.zeros(6), lambda w, k, t: w[:3], 4, rounds=1, learning_rate=0.1)
    with pytest.raises(InputError, match=r"sender 0 gave the shape \(3,\)"):
        next(rounds)
