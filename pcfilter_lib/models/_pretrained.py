"""Networks that are trained already and come with the library."""

from __future__ import annotations

import keras

from pcfilter_lib._arguments import one_of
from pcfilter_lib._weights import WEIGHTS
from pcfilter_lib.models._load import load

PRETRAINED = ("artefact-unet",)


def load_pretrained(name: str) -> keras.Model:
    """Return a network with the weights that come with this library; nothing is downloaded.

    Parameters
    ----------
    name : {"artefact-unet"}
        The artefact filter's U-Net: from :data:`pcfilter_lib.filters.CHANNELS`, shape (B, H, W, 14), to the logit of
        true geometry, shape (B, H, W, 1). The same network, without Keras, is ``filters.load_filter("artefact-unet")``.

    Returns
    -------
    keras.Model
        Not compiled. Where its weights are from is told by the ``.json`` beside them in ``pcfilter_lib/weights``.

    Raises
    ------
    InputError
        If there is no network of this name.
    """
    one_of("load_pretrained", "name", name, PRETRAINED)
    return load(WEIGHTS / f"{name}.keras", compile=False)
