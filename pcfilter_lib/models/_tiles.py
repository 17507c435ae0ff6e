"""A network over an image or a volume that is too large for it at once: piece by piece, with the same result."""

from __future__ import annotations

from itertools import product

import keras
import numpy as np
from tqdm import tqdm

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.models._context import context
from pcfilter_lib.tiling import Piece, cut


def predict_tiled(
    model: keras.Model,
    image: np.ndarray,
    tile: int = 512,
    overlap: int | None = None,
    stride: int | None = None,
    batch: int = 1,
    progress: bool = True,
) -> np.ndarray:
    r"""Predict a large image or volume tile by tile, within the memory that one batch of tiles takes.

    Each tile sees `overlap` pixels more than what is kept of it, on each side where the image goes on. The result is
    that of the whole image, up to rounding and to its borders, if an output pixel sees no further, and if poolings
    and strided convolutions find their windows at the same pixels. So tiles begin at multiples of the network's
    `stride` s, and are as high and wide as ``size <= tile`` with ``size = image's size (mod s)``: all tiles are of one
    size, and the last one ends where the image does. An image that is no larger than a tile is predicted in one piece.

    Parameters
    ----------
    model : keras.Model
        From (B, H, W, C) to (B, H, W, K), or from (B, X, Y, Z, C) to (B, X, Y, Z, K), all sizes free.
    image : (H, W, C) or (X, Y, Z, C) array
        Of whatever type the model takes.
    tile : int, default 512
        Pixels or voxels of a tile along each axis, at most. Smaller tiles take less memory, and more time.
    overlap : int, optional
        How far a tile sees beyond what is kept of it. Where not given, as far as the network sees: it is followed
        layer by layer, which functional models of common layers and of this library's allow. A smaller one is quicker,
        and no longer exact.
    stride : int, optional
        Tiles begin at its multiples. Where not given, it is followed in the same way: :math:`2^d` for a network that
        halves its maps d times.
    batch : int, default 1
        How many tiles are predicted at once.
    progress : bool, default True
        Whether to show a progress bar where there is a terminal.

    Returns
    -------
    (H, W, K) or (X, Y, Z, K) array
        Of the model's type.

    Raises
    ------
    InputError
        If an argument is not allowed, the image is none that the model takes, a tile is too small for the overlap, the
        output is not as large as the input, or it is not known how far the network sees and no overlap is given.

    Examples
    --------
    >>> from pcfilter_lib.models import UNet
    >>> intensity = np.zeros((100, 70), "float32")
    >>> logits = predict_tiled(UNet(channels=1, depth=1), intensity[..., None], tile=48)
    >>> logits.shape
    (100, 70, 1)
    """
    owner = "predict_tiled"
    tile, batch = whole_number(owner, "tile", tile), whole_number(owner, "batch", batch)
    one_of(owner, "progress", progress, (True, False))
    if overlap is not None:
        overlap = whole_number(owner, "overlap", overlap, at_least=0)
    if stride is not None:
        stride = whole_number(owner, "stride", stride)
    image = np.asarray(image)
    _check_image(model, image)

    pieces = []
    fields = None
    for axis, name in enumerate(("rows", "columns") if image.ndim == 3 else ("voxels along x", "along y", "along z")):
        size = image.shape[axis]
        if size <= tile:
            pieces.append([Piece(slice(0, size), slice(0, size))])
            continue
        if overlap is None or stride is None:
            fields = fields or context(model)
        needed = max(fields[axis].before, fields[axis].after) if overlap is None else overlap
        pieces.append(cut("predict_tiled", size, tile, needed, stride or fields[axis].stride, name))

    jobs = list(product(*pieces))
    result = None
    with tqdm(total=len(jobs), unit=" tiles", disable=None if progress else True) as bar:
        for start in range(0, len(jobs), batch):
            some = jobs[start : start + batch]
            seen = np.stack([image[tuple(piece.seen for piece in job)] for job in some])
            outputs = _predicted(model, seen)
            if result is None:
                result = np.empty((*image.shape[:-1], outputs.shape[-1]), outputs.dtype)
            for job, output in zip(some, outputs, strict=True):
                result[tuple(piece.kept for piece in job)] = output[tuple(piece.inside for piece in job)]
            bar.update(len(some))
    return result


def _check_image(model: keras.Model, image: np.ndarray) -> None:
    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) not in (4, 5):
        problem = "it does not take one batch of images" if shape is None else f"its input is {shape}"
        remedy = "pass a model with one input (B, H, W, C) or (B, X, Y, Z, C)"
        raise InputError("predict_tiled", "model", problem, remedy)
    channels, what = shape[-1], "image" if len(shape) == 4 else "volume"
    if image.ndim != len(shape) - 1 or 0 in image.shape or channels not in (None, image.shape[-1]):
        wanted = f"({'H, W' if what == 'image' else 'X, Y, Z'}, {'C' if channels is None else channels})"
        problem = f"an array of shape {image.shape} is no {what} for this model"
        raise InputError("predict_tiled", "image", problem, f"pass one {what} {wanted}, without a batch's axis")


def _predicted(model: keras.Model, tiles: np.ndarray) -> np.ndarray:
    outputs = model.predict_on_batch(tiles)
    if not isinstance(outputs, np.ndarray) or outputs.shape[:-1] != tiles.shape[:-1]:
        got = getattr(outputs, "shape", f"{type(outputs).__name__}")
        problem = f"for {tiles.shape} it gives {got}"
        raise InputError("predict_tiled", "model", problem, "pass a model whose output is as large as its input")
    return outputs
