"""What happens while a network trains."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


class LearningRateRangeTest(keras.callbacks.Callback):
    """Raise the learning rate from step to step, and record what the loss does: before a training, not during one.

    The rate grows by the same factor at each step. The test stops by itself when the loss has become four times as
    large as it was at its best, or is no number any more. Weights and learning rate are put back at the end.

    Parameters
    ----------
    low, high : float
        The first and the last learning rate.
    steps : int
        Steps from the one to the other. Let ``model.fit`` run for at least as many.

    Attributes
    ----------
    rates, losses : (K,) ndarray
        The rate and the loss of each step that was made.

    Raises
    ------
    InputError
        If the rates are not positive and rising, or the optimiser has a schedule of its own.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 32)[:, None]
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> test = LearningRateRangeTest(1e-4, 10, steps=40)
    >>> history = model.fit(x, 3 * x, batch_size=8, epochs=10, callbacks=[test], verbose=0)
    >>> model.optimizer.learning_rate = test.suggestion()
    """

    GIVE_UP = 4.0  # times the best loss

    def __init__(self, low: float, high: float, *, steps: int):
        super().__init__()
        number_within("LearningRateRangeTest", "low", low, 0, np.inf, low_included=False, high_included=False)
        number_within("LearningRateRangeTest", "high", high, low, np.inf, low_included=False, high_included=False)
        self._planned = np.geomspace(low, high, whole_number("LearningRateRangeTest", "steps", steps, at_least=2))
        self._rates: list[float] = []
        self._losses: list[float] = []

    @property
    def rates(self) -> np.ndarray:
        """The learning rate of each step."""
        return np.array(self._rates)

    @property
    def losses(self) -> np.ndarray:
        """The loss of each step, of its batch alone."""
        return np.array(self._losses)

    def on_train_begin(self, logs=None):
        """Keep weights and optimiser, and set the first rate."""
        optimizer = self.model.optimizer
        if isinstance(optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            raise InputError(
                "LearningRateRangeTest", "", "the optimiser has a schedule", "compile the model with a single number"
            )
        if not optimizer.built:
            optimizer.build(self.model.trainable_variables)
        self._before = self.model.get_weights(), [keras.ops.convert_to_numpy(v) for v in optimizer.variables]
        self._rates.clear()
        self._losses.clear()
        optimizer.learning_rate = self._planned[0]

    def on_train_batch_end(self, batch, logs=None):
        """Record the loss, and set the next rate."""
        loss = float(logs["loss"])
        self._rates.append(float(self._planned[len(self._losses)]))
        self._losses.append(loss)
        if hasattr(self.model, "jax_state_sync"):  # on JAX, fit works on copies of the variables until it is told
            self.model.jax_state_sync()
        self.model.reset_metrics()  # otherwise the next loss is a mean over all steps of the epoch
        finished = len(self._losses) == len(self._planned)
        if finished or not np.isfinite(loss) or loss > self.GIVE_UP * min(self._losses):
            self.model.stop_training = True
        else:
            self.model.optimizer.learning_rate = self._planned[len(self._losses)]

    def on_train_end(self, logs=None):
        """Put back what the test has changed."""
        weights, variables = self._before
        self.model.set_weights(weights)
        for variable, value in zip(self.model.optimizer.variables, variables, strict=True):
            variable.assign(value)

    def smoothed(self) -> np.ndarray:
        """Return the losses with their noise taken out: (K,), means over neighbouring steps, near ones counting more.

        A moving average over the steps *before* would lag behind, and show each fall at a rate that is too high.
        """
        return gaussian_filter1d(self.losses, sigma=max(len(self._planned) / 40, 1), mode="nearest")

    def suggestion(self) -> float:
        """Return the rate at which the smoothed loss falls fastest over the logarithm of the rate.

        Raises
        ------
        InputError
            If the test was not run, or the loss never fell.
        """
        usable = np.isfinite(self.losses)
        if np.count_nonzero(usable) < 4:
            raise InputError("LearningRateRangeTest", "", "too few steps were made", "run model.fit with it first")
        slopes = np.gradient(self.smoothed()[usable], np.log(self.rates[usable]))
        if slopes.min() >= 0:
            raise InputError("LearningRateRangeTest", "", "the loss never fell", "begin with a smaller rate")
        return float(self.rates[usable][np.argmin(slopes)])
