"""One step of training, without the tracing that takes most of its time."""

import keras

#: JAX computes eagerly much more slowly than it compiles; elsewhere tracing takes longer than a few steps.
EAGERLY = keras.backend.backend() != "jax"


def one_step(model, x, y, traced):
    """Train a compiled model for a step, in a graph or eagerly, and return the loss."""
    if traced:
        model.optimizer.build(model.trainable_variables)  # TensorFlow then traces once, not twice
    model.run_eagerly = EAGERLY and not traced
    return float(model.train_on_batch(x, y))
