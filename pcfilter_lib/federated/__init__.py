"""Learning from many senders: gradients made private, aggregated robustly, and recorded in a chain of blocks.

The algorithm is LearningChain (Chen, Ji, Luo, Liao, Li, *When machine learning meets blockchain*, IEEE Big Data 2018).
Its equations are reconstructed here from the published outline; docstrings say which. Everything is NumPy but
:class:`KerasGradients`, which computes the gradients of a Keras model on any backend, and :func:`flower_strategy`,
which brings the same aggregation to Flower.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attacks": ["ATTACKS", "attack"],
        "chains": ["Block", "Message", "extend_chain", "find_tampering"],
        "flower": ["aggregate_arrays", "flower_strategy"],
        "keras_gradients": ["KerasGradients"],
        "privacy": [
            "Privacy",
            "clip_by_norm",
            "compose_epsilon",
            "gaussian_epsilon",
            "gaussian_sigma",
            "sensitivity_of_mean",
        ],
        "rounds": ["Round", "run_rounds"],
        "rules": [
            "RULES",
            "aggregate",
            "coordinate_median",
            "geometric_median",
            "krum",
            "l_nearest",
            "mean",
            "trimmed_mean",
        ],
    },
)
