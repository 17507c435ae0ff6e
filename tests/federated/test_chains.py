"""Blocks: every change of the past is found at its place."""

import dataclasses

import numpy as np
import pytest

from pcfilter_lib import federated
from pcfilter_lib.errors import InputError


def made(blocks=5, **options):
    random = np.random.default_rng(0)
    chain = []
    for number in range(blocks):
        direction = random.normal(size=3)
        message = federated.Message(f"sender {number}", direction / np.linalg.norm(direction), 2.5, number)
        chain = federated.extend_chain(chain, random.normal(size=4), [message], **options)
    return chain


def with_message(block, **changes):
    return dataclasses.replace(block, messages=(dataclasses.replace(block.messages[0], **changes),))


CHANGES = {
    "weights": lambda block: dataclasses.replace(block, weights=block.weights * (1 + 1e-15)),
    "shape": lambda block: dataclasses.replace(block, weights=block.weights.reshape(2, 2)),
    "nonce": lambda block: dataclasses.replace(block, nonce=block.nonce + 1),
    "message left out": lambda block: dataclasses.replace(block, messages=()),
    "sender": lambda block: with_message(block, sender="somebody else"),
    "length": lambda block: with_message(block, length=2.6),
    "round": lambda block: with_message(block, round=9),
    "direction": lambda block: with_message(block, direction=-block.messages[0].direction),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("place", [0, 2])
def test_a_change_is_found_at_its_place(change, place):
    chain = made()
    assert federated.find_tampering(chain) is None
    forged = list(chain)
    forged[place] = CHANGES[change](chain[place])
    assert federated.find_tampering(forged) == place


def test_blocks_left_out_or_exchanged():
    chain = made()
    assert federated.find_tampering(chain[1:]) == 0
    assert federated.find_tampering([*chain[:2], *chain[3:]]) == 1
    assert federated.find_tampering([chain[0], chain[2], chain[1]]) == 0
    assert federated.find_tampering([*chain[:-1], dataclasses.replace(chain[-1], number=9)]) == 4


def test_nobody_vouches_for_the_last_block():
    chain = made()
    forged = [*chain[:-1], dataclasses.replace(chain[-1], weights=chain[-1].weights + 1)]
    assert federated.find_tampering(forged) is None
    assert federated.find_tampering([]) is None


def test_proof_of_work():
    chain = made(4, work_bits=8)
    assert all(block.hash.startswith("00") for block in chain)
    assert any(block.nonce > 0 for block in chain)
    assert federated.find_tampering(chain) is None


def test_a_chain_is_extended_and_not_changed():
    chain = made(2)
    longer = federated.extend_chain(chain, np.zeros(4))
    assert len(chain) == 2 and len(longer) == 3 and longer[:2] == chain


def test_a_message_is_direction_times_length():
    message = federated.Message("a", np.array([0.6, 0.8]), 5.0, 1)
    np.testing.assert_allclose(message.gradient, [3, 4])


def test_too_little_work_is_refused():
    with pytest.raises(InputError, match="work_bits"):
        federated.extend_chain([], np.zeros(2), work_bits=-1)
