"""Clipping, noise and composition: distributions by tests of fit, bounds by brute force."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError

DRAWS = 10_000
PROBABLE = 1e-3  # of a Kolmogorov-Smirnov statistic this large or larger; the draws are seeded


@pytest.mark.parametrize("d", [1, 3, 50])
def test_length_and_direction_of_the_noise(d):
    privacy = federated.Privacy(epsilon=0.7, sensitivity=0.2)
    random = np.random.default_rng(0)
    noise = np.stack([privacy.noise(d, random) for _ in range(DRAWS)])
    lengths = np.linalg.norm(noise, axis=1)
    assert stats.kstest(lengths, stats.gamma(d, scale=0.2 / 0.7).cdf).pvalue > PROBABLE
    if d == 1:
        assert abs((noise > 0).mean() - 0.5) < 0.02
    else:  # the square of a coordinate of a uniform direction follows a Beta distribution
        squares = (noise[:, 0] / lengths) ** 2
        assert stats.kstest(squares, stats.beta(0.5, (d - 1) / 2).cdf).pvalue > PROBABLE
        assert abs((noise[:, 0] > 0).mean() - 0.5) < 0.02
        assert abs(np.corrcoef(lengths, noise[:, 0] / lengths)[0, 1]) < 0.04
    assert abs(math.sqrt((lengths**2).mean()) / privacy.expected_norm(d) - 1) < 0.03


def test_gaussian_noise():
    privacy = federated.Privacy(epsilon=1, sensitivity=2, delta=1e-5)
    sigma = federated.gaussian_sigma(1, 1e-5, 2)
    random = np.random.default_rng(1)
    noise = np.concatenate([privacy.noise(10, random) for _ in range(DRAWS // 10)])
    assert stats.kstest(noise, stats.norm(0, sigma).cdf).pvalue > PROBABLE
    assert privacy.expected_norm(10) == pytest.approx(math.sqrt(10) * sigma)


def test_the_density_keeps_the_promise_and_in_one_dimension_no_less_noise_would():
    epsilon, sensitivity = 0.8, 0.5
    scale = sensitivity / epsilon
    outcomes = np.linspace(-3, 3, 601)
    ratios = np.exp((np.abs(outcomes - sensitivity) - np.abs(outcomes)) / scale)
    assert ratios.max() == pytest.approx(math.exp(epsilon))


@pytest.mark.parametrize(("n", "max_norm"), [(1, 1.0), (4, 0.3), (7, 5.0)])
def test_sensitivity_by_brute_force_over_neighbours(n, max_norm):
    random = np.random.default_rng(2)
    bound, largest = federated.sensitivity_of_mean(max_norm, n), 0.0
    for _ in range(3000):
        data = random.normal(size=(n, 2)) * random.exponential(2 * max_norm, (n, 1))
        neighbour = data.copy()
        neighbour[random.integers(n)] = random.normal(size=2) * random.exponential(20 * max_norm)
        means = [federated.clip_by_norm(each, max_norm).mean(axis=0) for each in (data, neighbour)]
        largest = max(largest, np.linalg.norm(means[0] - means[1]))
    assert 0.95 * bound < largest <= bound * (1 + 1e-12)


def test_clipping_keeps_directions_and_short_gradients():
    gradients = np.array([[3.0, 4], [0.3, 0.4], [0, 0]])
    np.testing.assert_allclose(federated.clip_by_norm(gradients, 1), [[0.6, 0.8], [0.3, 0.4], [0, 0]])
    np.testing.assert_allclose(federated.clip_by_norm([3.0, 4], 2), [1.2, 1.6])


@pytest.mark.parametrize(("epsilon", "delta"), [(0.1, 1e-5), (1, 1e-5), (1, 1e-2), (8, 1e-9), (40, 1e-6), (0.01, 0.05)])
def test_gaussian_sigma_by_integration(epsilon, delta):
    """delta is the integral of the positive part of p - exp(epsilon) q, for two bells one sensitivity apart."""
    sigma = federated.gaussian_sigma(epsilon, delta)
    cut = epsilon * sigma**2 - 0.5  # left of it the integrand is positive, with the bells at 0 and -1 mirrored

    def excess(x):
        return stats.norm.pdf(x, 0, sigma) - math.exp(epsilon) * stats.norm.pdf(x, -1, sigma)

    value, _ = integrate.quad(excess, cut, cut + 40 * sigma, limit=500, epsabs=1e-16)
    assert value == pytest.approx(delta, rel=1e-4)
    assert federated.gaussian_epsilon(sigma, delta) == pytest.approx(epsilon, rel=1e-9)


def test_gaussian_sigma_scales_with_the_sensitivity():
    assert federated.gaussian_sigma(1, 1e-5, 3) == pytest.approx(3 * federated.gaussian_sigma(1, 1e-5))
    assert federated.gaussian_sigma(1, 1e-5) == pytest.approx(3.730632, abs=1e-5)  # as Balle and Wang's own code gives


def test_rounds_of_gaussian_noise_are_one_round_with_less():
    for rounds in (1, 9, 400):
        together = federated.gaussian_epsilon(5.0, 1e-6, rounds=rounds)
        assert together == pytest.approx(federated.gaussian_epsilon(5 / math.sqrt(rounds), 1e-6))
    assert federated.gaussian_epsilon(1e6, 0.1) == 0


def test_composition():
    assert federated.compose_epsilon(0.1, 1) == 0.1
    assert federated.compose_epsilon(0.1, 500) == pytest.approx(50)
    advanced = math.sqrt(2 * 500 * math.log(1e5)) * 0.1 + 50 * (math.exp(0.1) - 1)
    assert federated.compose_epsilon(0.1, 500, 1e-5) == pytest.approx(advanced)
    assert federated.compose_epsilon(1, 500, 1e-5) == 500  # advanced composition is worse here
    assert federated.compose_epsilon(900, 2, 1e-5) == 1800


@pytest.mark.parametrize(
    "call",
    [
        lambda: federated.clip_by_norm(np.ones(3), 0),
        lambda: federated.sensitivity_of_mean(1, 0),
        lambda: federated.sensitivity_of_mean(-1, 5),
        lambda: federated.Privacy(0, 1),
        lambda: federated.Privacy(1, math.inf),
        lambda: federated.Privacy(1, 1, 1.0),
        lambda: federated.Privacy(1, 1).noise(0, np.random.default_rng(0)),
        lambda: federated.gaussian_sigma(1, 0),
        lambda: federated.gaussian_epsilon(1, 1.5),
        lambda: federated.gaussian_epsilon(1, 1e-5, rounds=0),
        lambda: federated.compose_epsilon(1, 2, 1),
    ],
)
def test_bad_arguments(call):
    with pytest.raises(InputError, match="Remedy"):
        call()
