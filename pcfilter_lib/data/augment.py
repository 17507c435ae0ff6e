"""Variations of training images that change what a network sees, and not what is true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import InputError


def random_flips(
    images: np.ndarray,
    labels: np.ndarray,
    generator: np.random.Generator,
    x_components: Sequence[int] = (),
    y_components: Sequence[int] = (),
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror each image, with its labels, left to right and top to bottom, each with probability 1/2.

    A mirror image of a vector is not the vector at the mirrored place: a normal that points to the right points to the
    left afterwards. The channels that hold x and y components therefore change their sign.

    Parameters
    ----------
    images : array_like, shape (N, H, W, C)
    labels : array_like, shape (N, H, W, ...)
    generator : numpy.random.Generator
        Which images are mirrored.
    x_components, y_components : sequence of int
        Channels of `images` that change their sign with a mirroring left to right, and top to bottom; (2,) and (3,) for
        all the channels of :meth:`pcfilter_lib.data.PartsScans.channels`.

    Returns
    -------
    images, labels : ndarray
        Copies.

    Raises
    ------
    InputError
        If the shapes do not belong together, or there is no such channel.
    """
    images, labels = np.array(images), np.array(labels)
    if images.ndim != 4 or labels.shape[:3] != images.shape[:3]:
        problem = f"shapes {images.shape} and {labels.shape} do not belong together"
        raise InputError("random_flips", "images, labels", problem, "pass (N, H, W, C) and (N, H, W, ...)")
    for name, channels in (("x_components", x_components), ("y_components", y_components)):
        if any(not 0 <= channel < images.shape[3] for channel in channels):
            raise InputError("random_flips", name, f"{tuple(channels)} is not allowed", f"C is {images.shape[3]}")
    for axis, components in ((2, x_components), (1, y_components)):
        chosen = generator.random(len(images)) < 0.5
        images[chosen] = np.flip(images[chosen], axis)
        labels[chosen] = np.flip(labels[chosen], axis)
        for channel in components:
            images[chosen, ..., channel] *= -1
    return images, labels
