"""A chain of blocks: each holds a model, the messages that led to it, and the hash of the block before.

A block proves nothing about who is right. It makes a change of the past visible, and a proof of work makes it costly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pcfilter_lib._arguments import whole_number

_MOST_BITS = 24  # of work: sixteen million hashes, some 20 s


@dataclass(frozen=True)
class Message:
    """What a sender broadcasts: a pseudonym, a direction, a length and the round.

    Parameters
    ----------
    sender : str
        A pseudonym, drawn afresh for each round.
    direction : ndarray of float64, shape (d,)
        The noisy gradient, divided by its length.
    length : float
        That length, which nothing guards.
    round : int
        The round in which it was computed.
    """

    sender: str
    direction: np.ndarray
    length: float
    round: int

    @property
    def gradient(self) -> np.ndarray:
        """The direction times the length, of shape (d,)."""
        return self.length * self.direction


@dataclass(frozen=True)
class Block:
    """A model and the messages that led to it.

    Parameters
    ----------
    number : int
        Its place in the chain, from 0.
    previous : str
        Hash of the block before; empty for the first.
    weights : ndarray of float64, shape (d,)
        The model after this round.
    messages : tuple of Message
        What the round's senders sent.
    nonce : int
        A number chosen such that the hash begins with as many zero bits as the chain asks for.
    """

    number: int
    previous: str
    weights: np.ndarray
    messages: tuple[Message, ...] = field(default=())
    nonce: int = 0

    @property
    def hash(self) -> str:
        """SHA-256 of everything in the block, as 64 hexadecimal digits."""
        digest = self._contents()
        digest.update(b"nonce %d" % self.nonce)
        return digest.hexdigest()

    def _contents(self):
        digest = hashlib.sha256(f"block {self.number} after {self.previous} ".encode())
        digest.update(_bytes_of(self.weights))
        for message in self.messages:
            digest.update(f"message {message.sender!r} {message.length!r} {message.round} ".encode())
            digest.update(_bytes_of(message.direction))
        return digest


def extend_chain(
    chain: Sequence[Block], weights: np.ndarray, messages: Sequence[Message] = (), *, work_bits: int = 0
) -> list[Block]:
    """Return the chain with one block more, and the proof of work that it takes.

    Parameters
    ----------
    chain : sequence of Block
        The chain so far; empty for the first block.
    weights : ndarray of float, shape (d,)
        The model that the block holds.
    messages : sequence of Message, optional
        The messages that led to it.
    work_bits : int, optional
        How many zero bits its hash begins with, up to 24. Each doubles the number of hashes that are tried on average.

    Returns
    -------
    list of Block
        A new chain; `chain` is unchanged.

    Raises
    ------
    InputError
        If `work_bits` is out of range.
    """
    work_bits = min(whole_number("extend_chain", "work_bits", work_bits, at_least=0), _MOST_BITS)
    weights = np.array(weights, np.float64)
    block = Block(len(chain), chain[-1].hash if chain else "", weights, tuple(messages))
    contents, nonce, limit = block._contents(), 0, 1 << (256 - work_bits)
    while True:
        digest = contents.copy()
        digest.update(b"nonce %d" % nonce)
        if int.from_bytes(digest.digest(), "big") < limit:
            return [*chain, replace(block, nonce=nonce)]
        nonce += 1


def find_tampering(chain: Sequence[Block]) -> int | None:
    """Return the number of the first block that the next one does not vouch for.

    Parameters
    ----------
    chain : sequence of Block
        The chain, from its first block. The last one has nothing after it, so that nothing vouches for it.

    Returns
    -------
    int or None
        The place of the block that was changed, exchanged or left out; None if every link holds.
    """
    for place, block in enumerate(chain):
        if block.number != place or (place == 0 and block.previous):
            return place
        if place + 1 < len(chain) and chain[place + 1].previous != block.hash:
            return place
    return None


def _bytes_of(array: np.ndarray) -> bytes:
    array = np.ascontiguousarray(array, "<f8")
    return f"{array.shape} ".encode() + array.tobytes()
