"""RAdam inside Lookahead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from pcfilter_lib.optimizers.lookahead import Lookahead
from pcfilter_lib.optimizers.radam import RAdam


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Ranger(Lookahead):
    """RAdam, which is careful at the start, inside Lookahead, which is steady at the end.

    Parameters
    ----------
    learning_rate, beta_1, beta_2, epsilon, weight_decay
        As for :class:`RAdam`.
    k, alpha
        As for :class:`Lookahead`.
    name : str
        The optimiser's name.
    **kwargs
        As for every Keras optimiser: ``clipnorm``, ``gradient_accumulation_steps``, ... RAdam gets them.

    Raises
    ------
    InputError
        If a number lies outside its interval.

    References
    ----------
    Wright: *Ranger, a synergistic optimizer*, 2019. His code takes `beta_1` as 0.95 and rectifies from
    ``rho_t > 5`` on; here both are RAdam's.
    """

    def __init__(
        self,
        learning_rate: float | Callable = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float | None = None,
        k: int = 6,
        alpha: float = 0.5,
        name: str = "ranger",
        **kwargs: Any,
    ):
        inner = RAdam(learning_rate, beta_1, beta_2, epsilon, weight_decay, **kwargs)
        super().__init__(inner, k=k, alpha=alpha, name=name)

    def get_config(self) -> dict:
        """Return what makes an equal optimiser, without its state."""
        return self.inner_optimizer.get_config() | {"k": self.k, "alpha": self.alpha, "name": self.name}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Ranger:
        """Make an optimiser from what :meth:`get_config` returned."""
        rate = config["learning_rate"]
        if isinstance(rate, dict):  # a schedule
            rate = keras.saving.deserialize_keras_object(rate, custom_objects=custom_objects)
        return cls(**{**config, "learning_rate": rate})
