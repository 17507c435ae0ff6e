"""Rules that aggregate gradients, against brute force and against the properties that they promise."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import ortho_group

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError

ROTATING = ("mean", "l_nearest", "l_nearest_median", "geometric_median", "krum")  # the others take axis by axis


def crowd(senders=11, d=6, seed=0):
    random = np.random.default_rng(seed)
    return np.ones(d) + random.normal(0, 0.6, (senders, d)) * random.uniform(0.2, 2, (senders, 1))


@pytest.mark.parametrize("seed", range(5))
def test_l_nearest_with_everybody_kept_is_the_mean(seed):
    gradients = crowd(seed=seed)
    np.testing.assert_allclose(
        federated.l_nearest(gradients, len(gradients)), gradients.mean(axis=0), rtol=0, atol=1e-12
    )


def test_l_nearest_against_its_equations():
    gradients = crowd(9, 4, seed=3)
    directions = [g / np.sqrt(sum(x * x for x in g)) for g in gradients]
    total = sum(directions)
    distances = [1 - (u @ total) / np.sqrt(total @ total) for u in directions]
    kept = sorted(range(9), key=distances.__getitem__)[:5]
    expected = sum(gradients[k] for k in kept) / 5
    np.testing.assert_allclose(federated.l_nearest(gradients, 5), expected, atol=1e-12)
    lengths = [np.sqrt(g @ g) for g in gradients]
    expected = np.median(lengths) * sum(directions[k] for k in kept) / 5
    np.testing.assert_allclose(federated.l_nearest(gradients, 5, length="median"), expected, atol=1e-12)


def test_l_nearest_drops_whoever_points_the_wrong_way():
    honest = crowd(16, 20, seed=1)
    liars = np.tile(-50 * honest.mean(axis=0), (4, 1))
    np.testing.assert_allclose(federated.l_nearest(np.vstack([liars, honest]), 16), honest.mean(axis=0), atol=1e-12)


def test_a_gradient_of_length_zero_has_a_cosine_of_zero():
    gradients = np.array([[1.0, 0], [0, 0], [-1, 0.1], [1, 0.1]])
    np.testing.assert_allclose(federated.l_nearest(gradients, 3), gradients[[0, 1, 3]].mean(axis=0), atol=1e-12)


def test_the_length_is_guarded_where_it_is_asked_for():
    honest = crowd(16, 20, seed=1)
    everyone = np.vstack([honest, federated.attack("flatter", honest, 4)])
    length = np.linalg.norm(honest.mean(axis=0))
    assert np.linalg.norm(federated.l_nearest(everyone, 16)) > 100 * length
    assert np.linalg.norm(federated.l_nearest(everyone, 16, length="median")) < 2 * length


@pytest.mark.parametrize("rule", federated.RULES)
def test_no_rule_depends_on_the_order_of_the_senders(rule):
    gradients = crowd()
    shuffled = np.random.default_rng(1).permutation(gradients)
    np.testing.assert_allclose(
        federated.aggregate(shuffled, rule, num_malicious=3),
        federated.aggregate(gradients, rule, num_malicious=3),
        atol=1e-9,
    )


@pytest.mark.parametrize("rule", ROTATING)
def test_a_rotation_of_all_gradients_rotates_the_result(rule):
    gradients, rotation = crowd(), ortho_group.rvs(6, random_state=2)
    rotated = federated.aggregate(gradients @ rotation.T, rule, num_malicious=3)
    np.testing.assert_allclose(rotated, federated.aggregate(gradients, rule, num_malicious=3) @ rotation.T, atol=1e-9)


@pytest.mark.parametrize("rule", federated.RULES)
def test_equal_gradients_are_their_own_aggregate(rule):
    gradients = np.tile([1.0, -2, 3], (9, 1))
    np.testing.assert_allclose(federated.aggregate(gradients, rule, num_malicious=2), [1, -2, 3], atol=1e-12)


def test_median_and_trimmed_mean_by_hand():
    gradients = np.array([[1.0, 50], [2, 1], [30, 2], [4, 3], [-9, -70]])
    np.testing.assert_array_equal(federated.coordinate_median(gradients), [2, 2])
    np.testing.assert_allclose(federated.trimmed_mean(gradients, 1), [(1 + 2 + 4) / 3, (1 + 2 + 3) / 3])
    np.testing.assert_allclose(federated.trimmed_mean(gradients, 0), gradients.mean(axis=0))


@pytest.mark.parametrize("seed", range(4))
def test_geometric_median_is_the_smallest_sum_of_distances(seed):
    gradients = crowd(7, 3, seed)

    def distances(x):
        return np.linalg.norm(gradients - x, axis=1).sum()

    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    found = minimize(distances, gradients.mean(axis=0), method="Nelder-Mead", options=options)
    assert distances(federated.geometric_median(gradients)) <= found.fun + 1e-9


def test_geometric_median_that_is_one_of_the_gradients():
    gradients = np.array([[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    np.testing.assert_allclose(federated.geometric_median(gradients), [0, 0], atol=1e-9)
    heavy = np.array([[3.0, 4], [3, 4], [3, 4], [0, 0], [9, 9]])
    np.testing.assert_allclose(federated.geometric_median(heavy), [3, 4], atol=1e-9)
    start = np.array([[0.0, 0], [0, 1], [1, 0], [0.1, 0.1], [5, 5]])  # the medians of the axes are one
    moved = federated.geometric_median(start)
    assert np.linalg.norm(start - moved, axis=1).sum() <= np.linalg.norm(start - start[3], axis=1).sum() + 1e-12


def test_krum_by_brute_force():
    gradients = crowd(8, 3, seed=4)
    scores = []
    for k in range(8):
        others = [((gradients[k] - gradients[j]) ** 2).sum() for j in range(8) if j != k]
        scores.append(sum(sorted(others)[: 8 - 2 - 2]))
    order = np.argsort(scores)
    np.testing.assert_allclose(federated.krum(gradients, 2), gradients[order[0]])
    np.testing.assert_allclose(federated.krum(gradients, 2, count=3), gradients[order[:3]].mean(axis=0))


def test_aggregate_leaves_out_what_is_not_finite():
    gradients = crowd(6, 4)
    spoilt = np.vstack([gradients, np.full(4, np.nan), np.full(4, np.inf)])
    for rule in federated.RULES:
        expected = federated.aggregate(gradients, rule, num_malicious=1)
        np.testing.assert_array_equal(federated.aggregate(spoilt, rule, num_malicious=3), expected)


@pytest.mark.parametrize(
    ("call", "place"),
    [
        (lambda g: federated.mean(g[0]), "gradients"),
        (lambda g: federated.mean(np.zeros((0, 3))), "gradients"),
        (lambda g: federated.coordinate_median(np.where(g > 1, np.nan, g)), "gradients"),
        (lambda g: federated.l_nearest(g, 12), "count"),
        (lambda g: federated.l_nearest(g, 0), "count"),
        (lambda g: federated.l_nearest(g, 3, length="mine"), "length"),
        (lambda g: federated.trimmed_mean(g, 6), "trim"),
        (lambda g: federated.krum(g, 9), "num_malicious"),
        (lambda g: federated.krum(g, 2, count=12), "num_malicious"),
        (lambda g: federated.aggregate(g, "vote"), "rule"),
        (lambda g: federated.aggregate(g, num_malicious=11), "num_malicious"),
        (lambda g: federated.aggregate(g * np.nan), "gradients"),
    ],
)
def test_bad_arguments_are_named(call, place):
    with pytest.raises(InputError) as caught:
        call(crowd())
    assert caught.value.place == place


def test_one_liar_moves_the_mean_anywhere_and_no_other_rule_far():
    honest = crowd(10, 5, seed=6)
    center, reach = honest.mean(axis=0), np.linalg.norm(honest - honest.mean(axis=0), axis=1).max()
    for rule, scale in itertools.product(federated.RULES, (1e3, 1e9)):
        liar = np.array([[-scale, scale, 0, 0, 0]])
        away = np.linalg.norm(federated.aggregate(np.vstack([honest, liar]), rule, num_malicious=1) - center)
        assert away > scale / 20 if rule == "mean" else away < 2 * reach
