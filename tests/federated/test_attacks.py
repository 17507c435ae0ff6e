"""What malicious senders send."""

import numpy as np
import pytest

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError

HONEST = np.random.default_rng(0).normal(1, 0.5, (16, 30))


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.mark.parametrize(("name", "direction", "length"), [("flip", -1, 1), ("shout", -1, 1000), ("flatter", 1, 1000)])
def test_direction_and_length(name, direction, length):
    sent = federated.attack(name, HONEST, 4)
    assert sent.shape == (4, 30)
    assert cosine(sent[0], HONEST.mean(axis=0)) == pytest.approx(direction)
    assert np.linalg.norm(sent[0]) == pytest.approx(length * np.linalg.norm(HONEST, axis=1).mean())


def test_cancel_makes_the_mean_vanish():
    everyone = np.vstack([HONEST, federated.attack("cancel", HONEST, 3)])
    np.testing.assert_allclose(federated.mean(everyone), 0, atol=1e-12)


def test_a_little_less():
    sent = federated.attack("a_little_less", HONEST, 2)
    np.testing.assert_allclose(sent, np.tile(HONEST.mean(axis=0) - HONEST.std(axis=0), (2, 1)))


@pytest.mark.parametrize("name", federated.ATTACKS)
def test_senders_who_have_nothing_to_say(name):
    assert np.isfinite(federated.attack(name, np.zeros((5, 3)), 2)).all()


def test_bad_arguments():
    with pytest.raises(InputError, match="flip"):
        federated.attack("whisper", HONEST, 2)
    with pytest.raises(InputError, match="count"):
        federated.attack("flip", HONEST, 0)
