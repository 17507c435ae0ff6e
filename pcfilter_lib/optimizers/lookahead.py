"""Slow weights that follow the weights of another optimiser."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Lookahead(keras.optimizers.Optimizer):
    """k steps of another optimiser forward, and part of the way back.

    The wrapped optimiser moves the model's weights, the *fast* ones. Every `k` of its steps the *slow* weights, which
    start where the fast ones start, move towards them, and the fast ones begin again from there::

        slow = slow + alpha (fast - slow)
        fast = slow

    Parameters
    ----------
    optimizer : keras.optimizers.Optimizer
        Takes the fast steps. Its learning rate, weight decay, clipping and so on are set on it as usual; the learning
        rate can be read and changed here, too.
    k : int
        Fast steps between two slow ones, 1 or more. Where the wrapped optimiser accumulates gradients, its updates
        count and not the batches.
    alpha : float
        How far the slow weights go, in (0, 1].
    name : str
        The optimiser's name.

    Raises
    ------
    InputError
        If `optimizer` is no Keras optimiser, is in use already, or scales the loss (wrap the other way round:
        ``LossScaleOptimizer(Lookahead(...))``), or if a number lies outside its interval.

    References
    ----------
    Zhang, Lucas, Hinton, Ba: *Lookahead optimizer: k steps forward, 1 step back*, NeurIPS 2019, algorithm 1.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, k: int = 5, alpha: float = 0.5, name: str = "lookahead"):
        owner = type(self).__name__
        problem = _unfit(optimizer)
        if problem:
            raise InputError(owner, "optimizer", *problem)
        k = whole_number(owner, "k", k)
        alpha = number_within(owner, "alpha", alpha, 0, 1, low_included=False)
        super().__init__(learning_rate=self._inner_learning_rate, name=name)
        self.inner_optimizer = optimizer
        self.k = k
        self.alpha = alpha

    def build(self, variables: list) -> None:
        """Make room for the slow weights; they are noted when a round of k steps begins."""
        if self.built:
            return
        super().build(variables)
        self.inner_optimizer.build(variables)
        self._slow_weights = self.add_optimizer_variables(variables, "slow")

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Take a fast step, and every k-th time the slow one."""
        if len(grads) == 0:
            return
        if not self.built:
            if trainable_variables is None:
                raise InputError(
                    type(self).__name__, "apply", "there are no variables yet", "pass them, or call build first"
                )
            self.build(list(trainable_variables))
        pairs = self._pairs()
        rounds = self.k * (self.inner_optimizer.gradient_accumulation_steps or 1)

        # When a round begins, both kinds of weights are equal. To note the slow ones then, and not when the last round
        # ended, serves those who load weights in between.
        begins = ops.equal(ops.mod(self._iterations, rounds), 0)
        noted = ops.cond(
            begins, lambda: [ops.copy(fast.value) for _, fast in pairs], lambda: [slow.value for slow, _ in pairs]
        )
        for (slow, _), value in zip(pairs, noted, strict=True):
            slow.assign(value)

        self.inner_optimizer.apply(grads, trainable_variables)
        self._iterations.assign_add(1)
        ends = ops.equal(ops.mod(self._iterations, rounds), 0)
        moved = ops.cond(
            ends, lambda: [self._between(*pair) for pair in pairs], lambda: [fast.value for _, fast in pairs]
        )
        for (_, fast), value in zip(pairs, moved, strict=True):
            fast.assign(value)

    def _between(self, slow: Any, fast: Any) -> Any:
        """Return where the slow weights go."""
        point = slow.value + ops.cast(self.alpha, fast.dtype) * (fast.value - slow.value)
        # A point between two allowed ones may be forbidden: think of weights on a sphere.
        return fast.constraint(point) if fast.constraint is not None else point

    def _pairs(self) -> list:
        """Return each slow weight with its fast one; float8's bookkeeping, which no optimiser moves, has none."""
        both = zip(self._slow_weights, self._trainable_variables, strict=True)
        return [(slow, fast) for slow, fast in both if slow is not None]

    def _inner_learning_rate(self) -> Any:
        return self.inner_optimizer.learning_rate

    @keras.optimizers.Optimizer.learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        """The wrapped optimiser's learning rate."""  # noqa: D401
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:
        """The wrapped optimiser's count of its updates."""
        return self.inner_optimizer.iterations

    @property
    def variables(self) -> list:
        """The slow weights, the count of steps, and all that the wrapped optimiser keeps."""
        return [*self._variables, *self.inner_optimizer.variables]

    def set_weights(self, weights: list) -> None:
        """Set all `variables`."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Store what the wrapped optimiser, which Keras saves by itself, does not."""
        for number, variable in enumerate(self._variables):
            store[str(number)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Restore what :meth:`save_own_variables` stored."""
        if len(store.keys()) != len(self._variables):
            raise InputError(
                self.name,
                "saved state",
                f"it holds {len(store.keys())} arrays, and this optimiser has {len(self._variables)}",
                "restore it with the model that it was saved with",
            )
        for number, variable in enumerate(self._variables):
            variable.assign(store[str(number)])

    def scale_loss(self, loss: Any) -> Any:
        """Scale the loss as the wrapped optimiser wants it."""
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list: list) -> None:
        """Put the wrapped optimiser's averages in place, where it keeps any."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list: list | None = None, var_names: list | None = None) -> None:
        """Exclude variables from the wrapped optimiser's weight decay; call it before `build`."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict:
        """Return what makes an equal optimiser, without its state."""
        optimizer = keras.saving.serialize_keras_object(self.inner_optimizer)
        return {"optimizer": optimizer, "k": self.k, "alpha": self.alpha, "name": self.name}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Lookahead:
        """Make an optimiser from what :meth:`get_config` returned."""
        optimizer = keras.saving.deserialize_keras_object(config["optimizer"], custom_objects=custom_objects)
        return cls(**{**config, "optimizer": optimizer})


def _unfit(optimizer: Any) -> tuple[str, str] | None:
    """Say why an optimiser cannot be wrapped, and what to do; None if it can."""
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return f"{optimizer!r} is no Keras optimiser", "pass one, such as keras.optimizers.Adam(0.001)"
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return "a LossScaleOptimizer cannot be wrapped", "wrap the other way round: LossScaleOptimizer(Lookahead(...))"
    if optimizer.built:
        return "it has taken steps already", "pass a fresh optimiser"
    return None
