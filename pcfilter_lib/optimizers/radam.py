"""Adam whose adaptive step size is rectified, and left out while too few gradients have been seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from pcfilter_lib._arguments import number_within


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class RAdam(keras.optimizers.Optimizer):
    """Rectified Adam.

    Adam divides its step by the root of a mean of squared gradients. After few steps this mean rests on few gradients,
    and its root is a wild guess. RAdam counts on how many it rests::

        rho_inf = 2 / (1 - beta_2) - 1
        rho_t   = rho_inf - 2 t beta_2^t / (1 - beta_2^t)

    While ``rho_t <= 4`` the guess has no finite variance, and the step is that of momentum alone. From then on Adam's
    step is multiplied by ``r_t < 1``, which grows towards 1::

        r_t = sqrt((rho_t - 4) (rho_t - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho_t))

    With the default `beta_2` the fifth step is the first that adapts. With ``beta_2 <= 0.6`` no step does.

    Parameters
    ----------
    learning_rate : float, keras.optimizers.schedules.LearningRateSchedule or callable
        The step size, 0 or more.
    beta_1 : float
        How much of the mean of gradients each step keeps, in [0, 1).
    beta_2 : float
        How much of the mean of squared gradients each step keeps, in (0, 1).
    epsilon : float
        Added to the root before it divides; greater than 0. The paper has none, its authors' code 1e-8.
    weight_decay : float, optional
        Each step first takes ``learning_rate * weight_decay`` of every weight away from it.
    name : str
        The optimiser's name.
    **kwargs
        As for every Keras optimiser: ``clipnorm``, ``clipvalue``, ``global_clipnorm``, ``use_ema``,
        ``gradient_accumulation_steps``, ...

    Raises
    ------
    InputError
        If a number lies outside its interval.

    References
    ----------
    Liu, Jiang, He, Chen, Liu, Gao, Han: *On the variance of the adaptive learning rate and beyond*, ICLR 2020,
    algorithm 2. Its threshold is 4; the code that its authors published adapts one step later, from 5 on.
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float | None = None,
        name: str = "radam",
        **kwargs: Any,
    ):
        if not callable(learning_rate):  # schedules are callable, too
            learning_rate = number_within("RAdam", "learning_rate", learning_rate, 0, math.inf, high_included=False)
        if weight_decay is not None:
            weight_decay = number_within("RAdam", "weight_decay", weight_decay, 0, math.inf, high_included=False)
        beta_1 = number_within("RAdam", "beta_1", beta_1, 0, 1, high_included=False)
        beta_2 = number_within("RAdam", "beta_2", beta_2, 0, 1, low_included=False, high_included=False)
        epsilon = number_within("RAdam", "epsilon", epsilon, 0, math.inf, low_included=False, high_included=False)
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, name=name, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: list) -> None:
        """Make the two means of each variable."""
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """Move the variables against their gradients."""
        # Once a step and not once a variable: outside compiled graphs these thirty scalars are what costs most.
        self._factors = self._current_factors(keras.backend.result_type(keras.config.floatx(), "float32"))
        try:
            super().apply(grads, trainable_variables)
        finally:
            self._factors = None  # JAX's tracers must not outlive the step

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Move one variable against its gradient."""
        dtype = keras.backend.standardize_dtype(variable.dtype)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        gradient = ops.cast(gradient, dtype)
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))

        plain, adapted = (ops.cast(learning_rate * factor, dtype) for factor in self._factors)
        # One of the two is 0, so that no step branches: compiled graphs would pay for both branches anyway.
        self.assign_sub(variable, m * (plain + adapted / (ops.sqrt(v) + self.epsilon)))

    def _current_factors(self, dtype: str) -> tuple[Any, Any]:
        """Return what multiplies m in a step that does not adapt, and m / sqrt(v) in one that does; one of them is 0.

        In float32 the published formula for rho_t loses its digits: with beta_2 = 0.999 the first steps subtract 1998
        from 1999, both rounded. With u = -t log(beta_2) it is, exactly, a small constant and a multiple of
        1 - u / (e^u - 1), which has a series for small u.
        """
        t = ops.cast(self.iterations + 1, dtype)
        inverse = 1 / _one_minus_power(self.beta_1, t)
        rho_inf = 2 / (1 - self.beta_2) - 1
        if rho_inf <= 4:
            return inverse, ops.zeros_like(inverse)
        rate = -math.log(self.beta_2)
        u = rate * t
        square = u * u
        series = u / 2 - square / 12 * (1 - square / 60 * (1 - square / 42 * (1 - square / 40)))
        decayed = ops.exp(-u)
        # The series is for u < 1; beyond, e^-u < 0.37 is far enough from 1.
        direct = 1 - u * decayed / (1 - decayed)
        rho = (rho_inf - 2 / rate) + (2 / rate) * ops.where(u < 1, series, direct)
        adapts = ops.cast(rho > 4, dtype)
        above = ops.maximum(rho - 4, 0)
        r = ops.sqrt(above / (rho_inf - 4) * ((rho - 2) / (rho_inf - 2)) * (rho_inf / rho))
        return (1 - adapts) * inverse, adapts * inverse * r * ops.sqrt(_one_minus_power(self.beta_2, t))

    def get_config(self) -> dict:
        """Return what makes an equal optimiser, without its state."""
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


def _one_minus_power(beta: float, t: Any) -> Any:
    """Return 1 - beta^t with all its digits, where beta^t is close to 1."""
    return -ops.expm1(math.log(beta) * t) if beta > 0 else ops.ones_like(t)
