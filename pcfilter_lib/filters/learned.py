"""The learned filter: a network on the channels of a scan."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from tqdm import tqdm

from pcfilter_lib._files import read_bytes, replacing
from pcfilter_lib._tiling import cut
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.channels import CHANNELS, ChannelMaker

if TYPE_CHECKING:
    import keras

_TILE = 1536  # rows and columns that are filtered at once: under 2 GB for a U-Net with 16 maps on its first level


@dataclass(frozen=True, kw_only=True)
class LearnedFilter(ArtefactFilter):
    """Asks a network, which sees :data:`pcfilter_lib.filters.CHANNELS`.

    The score is the network's logit: the logarithm of the odds that a point is true geometry, as far as the scans that
    it was trained on tell. Scans larger than 1536 pixels are filtered in tiles that overlap.

    Parameters
    ----------
    network : callable
        From the channels, shape (1, H, W, 12), to logits, shape (1, H, W, 1), for any H and W.
    overlap : int
        How far an output of the network sees, in pixels.
    stride : int
        Of its lowest maps: 16 for a U-Net of depth 4.
    """

    name: ClassVar[str] = "artefact unet"
    network: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    overlap: int
    stride: int
    threshold: float = 0.0

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the logit of true geometry."""
        maker = ChannelMaker(scan)
        rows, columns = (
            cut("LearnedFilter", size, _TILE, self.overlap + maker.halo, self.stride, name)
            for size, name in zip(scan.shape, ("rows", "columns"), strict=True)
        )
        logits = np.empty(scan.shape, np.float32)
        jobs = list(product(rows, columns))
        for row, column in tqdm(jobs, unit=" tiles", leave=False, disable=None if len(jobs) > 1 else True):
            if not scan.valid[row.kept, column.kept].any():
                continue
            tile = np.asarray(self.network(maker.channels(row.seen, column.seen)[None]))
            logits[row.kept, column.kept] = tile[0, row.inside, column.inside, 0]
        logits[~scan.valid] = np.nan
        if not np.isfinite(logits[scan.valid]).all():
            problem = "the network gives scores that are no numbers"
            raise InputError("LearnedFilter", "network", problem, "check its weights")
        return logits

    @classmethod
    def load(cls, path: str | os.PathLike) -> LearnedFilter:
        """Return the filter of an ``.onnx`` file and the ``.json`` beside it, which holds its threshold.

        Parameters
        ----------
        path : str or os.PathLike
            The ``.onnx`` file, as :func:`pcfilter_lib.filters.save_filter` writes it. It runs on ONNX Runtime: no
            framework is needed.

        Returns
        -------
        LearnedFilter

        Raises
        ------
        InputError
            If one of the two files is missing or broken, or the network takes other channels.
        """
        path = Path(path)
        card = path.with_suffix(".json")
        content = read_bytes(card)
        try:
            described = json.loads(content)
            channels = list(described["channels"])
            numbers = {"overlap": int(described["overlap"]), "stride": int(described["stride"])}
            threshold = float(described["threshold"])
        except (ValueError, KeyError, TypeError):
            remedy = "write both files with filters.save_filter"
            raise InputError(card, "", "it does not describe a learned filter", remedy) from None
        if channels != list(CHANNELS):
            problem = f"the network was trained on other channels: {', '.join(map(str, channels))}"
            raise InputError(card, "channels", problem, "use the version of pcfilter_lib that it was trained with")
        return cls(network=_OnnxNetwork(path), threshold=threshold, **numbers)

    @classmethod
    def of_model(cls, model: keras.Model, threshold: float = 0.0) -> LearnedFilter:
        """Return the filter of a Keras model, whichever backend it runs on.

        Parameters
        ----------
        model : keras.Model
            From (B, H, W, 12) to (B, H, W, 1), for example ``models.UNet(channels=12)``.
        threshold : float, default 0
            See :func:`pcfilter_lib.filters.tuned`.

        Returns
        -------
        LearnedFilter
        """
        return cls(network=model.predict_on_batch, threshold=threshold, **_reach(model))


class _OnnxNetwork:
    """A network in an ``.onnx`` file; it is opened when it is first needed, and anew after pickling."""

    def __init__(self, path: Path):
        self.path = path
        self.session  # noqa: B018  a broken file is told now

    def __call__(self, channels: np.ndarray) -> Any:
        return self.session.run(None, {self.session.get_inputs()[0].name: channels})[0]

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}

    @functools.cached_property
    def session(self) -> Any:
        import onnxruntime

        content = read_bytes(self.path)
        try:
            return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises classes of its own
            problem = f"ONNX Runtime cannot open it ({str(error).splitlines()[0]})"
            raise InputError(self.path, "", problem, "install the package again, or write the file anew") from None


def save_filter(model: keras.Model, path: str | os.PathLike, threshold: float, **described: Any) -> None:
    """Write a trained network as a filter that needs no framework.

    Parameters
    ----------
    model : keras.Model
        From (B, H, W, 12) to (B, H, W, 1).
    path : str or os.PathLike
        Ends in ``.onnx``. Beside it a ``.json`` with the threshold, the channels and `described` is written.
    threshold : float
        Chosen on validation scans, see :func:`pcfilter_lib.filters.tuned`.
    **described
        What else is worth knowing: the weights' origin, scores.

    Raises
    ------
    InputError
        See :func:`pcfilter_lib.models.export_onnx`.
    """
    from pcfilter_lib.models import export_onnx

    path = Path(path)
    export_onnx(model, path)
    card = {**described, "channels": list(CHANNELS), "threshold": round(float(threshold), 4), **_reach(model)}
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _reach(model: keras.Model) -> dict[str, int]:
    from pcfilter_lib.models._context import context

    fields = context(model)
    overlap = max(max(field.before, field.after) for field in fields)
    return {"overlap": overlap, "stride": max(field.stride for field in fields)}
