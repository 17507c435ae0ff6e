"""Rounds of learning from many senders: gradients, noise, messages, attack, aggregation, step, block."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.federated import attacks
from pcfilter_lib.federated.chains import Block, Message, extend_chain
from pcfilter_lib.federated.privacy import Privacy
from pcfilter_lib.federated.rules import RULES, aggregate


@dataclass(frozen=True)
class Round:
    """What a round leaves.

    Parameters
    ----------
    number : int
        The round, from 1.
    weights : ndarray of float64, shape (d,)
        The model after it.
    update : ndarray of float64, shape (d,)
        The aggregated gradient.
    honest : ndarray of float64, shape (K - f, d)
        The honest senders' gradients before the noise, which in earnest nobody sees.
    messages : tuple of Message
        What all senders sent, the malicious ones last.
    chain : list of Block
        The chain so far; empty unless it was asked for.
    """

    number: int
    weights: np.ndarray
    update: np.ndarray
    honest: np.ndarray
    messages: tuple[Message, ...]
    chain: list[Block] = field(default_factory=list)


def run_rounds(
    weights: np.ndarray,
    gradient: Callable[[np.ndarray, int, int], np.ndarray],
    num_senders: int,
    *,
    rounds: int,
    learning_rate: float,
    rule: str = "l_nearest",
    num_malicious: int = 0,
    attack: str | None = None,
    privacy: Privacy | None = None,
    momentum: float = 0.0,
    keep_chain: bool = False,
    work_bits: int = 0,
    seed: int = 0,
) -> Iterator[Round]:
    r"""Learn by gradient descent on what many senders send, round by round.

    Parameters
    ----------
    weights : ndarray of float, shape (d,)
        The model at the start.
    gradient : callable
        ``gradient(weights, sender, round)`` returns the gradient of one honest sender, of shape (d,). Senders count
        from 0. For differential privacy it has to be a mean of clipped gradients (:func:`clip_by_norm`).
    num_senders : int
        The number K of senders.
    rounds : int
        How many rounds.
    learning_rate : float
        Step size.
    rule : str, optional
        How gradients are aggregated: one of ``RULES``.
    num_malicious : int, optional
        How many senders the rule reckons with; with `attack`, the last so many are malicious.
    attack : str, optional
        What those send, one of ``ATTACKS``. They compute it from what the honest ones *send*, noise included, and add
        none of their own. Without it everybody is honest.
    privacy : Privacy, optional
        Noise that every honest sender adds.
    momentum : float, optional
        In [0, 1). Every honest sender sends the running mean :math:`m \leftarrow \beta m + (1 - \beta) g` of its
        noisy gradients in place of the last one. It costs no privacy: what it is computed from is private already.
    keep_chain : bool, optional
        Whether each round is recorded in a block.
    work_bits : int, optional
        Proof of work for each block.
    seed : int, optional
        Noise and pseudonyms come from it.

    Returns
    -------
    iterator of Round
        One after each step.

    Raises
    ------
    InputError
        If an argument is out of range, or a gradient has the wrong shape.

    References
    ----------
    Chen and others, IEEE Big Data 2018, for the order of the steps; Karimireddy, He, Jaggi, *Learning from history for
    Byzantine robust optimization*, ICML 2021, for the momentum.
    """
    num_senders = whole_number("run_rounds", "num_senders", num_senders)
    number_within("run_rounds", "num_malicious", num_malicious, 0, num_senders - 1)
    number_within("run_rounds", "momentum", momentum, 0, 1, high_included=False)
    number_within("run_rounds", "learning_rate", learning_rate, 0, np.inf, low_included=False, high_included=False)
    malicious = num_malicious if attack is not None else 0
    whole_number("run_rounds", "rounds", rounds)
    if attack is not None:
        one_of("run_rounds", "attack", attack, tuple(attacks.ATTACKS))
    one_of("run_rounds", "rule", rule, tuple(RULES))

    def learn(weights: np.ndarray) -> Iterator[Round]:
        chain = extend_chain([], weights, work_bits=work_bits) if keep_chain else []
        remembered = np.zeros((num_senders - malicious, weights.size))
        for number in range(1, rounds + 1):
            honest = np.stack([_gradient(gradient, weights, k, number) for k in range(num_senders - malicious)])
            sent = honest
            if privacy is not None:
                streams = [np.random.default_rng([seed, number, k]) for k in range(len(honest))]
                sent = honest + np.stack([privacy.noise(weights.size, stream) for stream in streams])
            remembered = sent = momentum * remembered + (1 - momentum) * sent
            if malicious:
                sent = np.concatenate([sent, attacks.attack(attack, sent, malicious)])
            messages = tuple(_message(each, number, (seed, number, k)) for k, each in enumerate(sent))
            update = aggregate(np.stack([each.gradient for each in messages]), rule, num_malicious=num_malicious)
            weights = weights - learning_rate * update
            if keep_chain:
                chain = extend_chain(chain, weights, messages, work_bits=work_bits)
            yield Round(number, weights, update, honest, messages, chain)

    return learn(np.array(weights, np.float64))  # the arguments are checked at the call, not at the first round


def _gradient(gradient: Callable, weights: np.ndarray, sender: int, number: int) -> np.ndarray:
    found = np.asarray(gradient(weights, sender, number), np.float64)
    if found.shape != weights.shape:
        what = f"sender {sender} gave the shape {found.shape}"
        raise InputError("run_rounds", "gradient", what, f"return one number for each weight: {weights.shape}")
    return found


def _message(gradient: np.ndarray, number: int, seed: tuple[int, ...]) -> Message:
    """Split a gradient into direction and length, under a pseudonym."""
    length = float(np.linalg.norm(gradient))
    direction = gradient / length if length > 0 else gradient
    pseudonym = hashlib.sha256(f"sender {seed}".encode()).hexdigest()[:16]
    return Message(pseudonym, direction, length, number)
