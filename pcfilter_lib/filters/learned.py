"""The learned filter: a network on the channels of a scan."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from tqdm import tqdm

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.filters._onnx import OnnxNetwork, described
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.channels import CHANNELS, ChannelMaker
from pcfilter_lib.filters.checks import ScanReport
from pcfilter_lib.filters.familiarity import Familiarity
from pcfilter_lib.tiling import cut

if TYPE_CHECKING:
    import keras

_TILE = 1024  # rows and columns that are filtered at once: 0.9 GB for a U-Net with 16 maps on its first level
_IMPOSSIBLE = -1_000  # the logit of a point that no camera can have measured


@dataclass(frozen=True, kw_only=True)
class LearnedFilter(ArtefactFilter):
    """Asks a network, which sees :data:`pcfilter_lib.filters.CHANNELS`.

    The score is the network's logit: the logarithm of the odds that a point is true geometry, as far as the scans that
    it was trained on tell. Scans of more than 1024 rows or columns are filtered in
    tiles that overlap, so that the memory needed does not grow with the scan.

    Parameters
    ----------
    network : callable
        From the channels, shape (1, H, W, 14), to logits, shape (1, H, W, 1), for any H and W.
    overlap : int
        How far an output of the network sees, in pixels.
    stride : int
        Of its lowest maps: 16 for a U-Net of depth 4.
    familiarity : Familiarity, optional
        What the scans look like that it was trained on. :meth:`~pcfilter_lib.filters.LearnedFilter.check`
        warns of others.
    """

    name: ClassVar[str] = "artefact unet"
    network: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    overlap: int
    stride: int
    threshold: float = 0.0
    familiarity: Familiarity | None = field(default=None, repr=False)

    def check(self, scan: OrganizedScan) -> ScanReport:
        """Check that a scan is in its camera's frame, and like those that the network was trained on.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ScanReport
            With a finding of the kind ``"unfamiliar"`` for a scan that is not like them.
        """
        report = super().check(scan)
        return report if self.familiarity is None else self.familiarity.added_to(report, scan)

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the logit of true geometry.

        It is -1000, whatever the network says, for points that no camera can have measured: see
        :meth:`pcfilter_lib.filters.channels.ChannelMaker.seen`.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ndarray of float32, shape (H, W)
            NaN where nothing was measured.

        Raises
        ------
        InputError
            If most points lie behind the camera, or the network does not give one number for each pixel.
        """
        maker = ChannelMaker(scan)
        reach = self.overlap + maker.halo
        tile = max(_TILE, 4 * reach)
        rows, columns = (
            cut("LearnedFilter", size, tile, reach, self.stride, name)
            for size, name in zip(scan.shape, ("rows", "columns"), strict=True)
        )
        logits = np.full(scan.shape, np.nan, np.float32)
        jobs = list(product(rows, columns))
        for row, column in tqdm(jobs, unit=" tiles", leave=False, disable=None if len(jobs) > 1 else True):
            kept = row.kept, column.kept
            seen = maker.seen(*kept)
            if seen.any():
                logits[kept] = self._logits(maker.channels(row.seen, column.seen))[row.inside, column.inside]
            logits[kept][~seen] = _IMPOSSIBLE
            logits[kept][~scan.valid[kept]] = np.nan
        return logits

    def describe(self) -> dict[str, Any]:
        """Return the filter's settings, with a fingerprint of its network in the place of the network."""
        description = getattr(self.network, "description", {})
        settings = {**super().describe(), "network": description.get("network", "not saved")}
        del settings["familiarity"]  # it warns, and decides no output
        return settings

    def _logits(self, channels: np.ndarray) -> np.ndarray:
        """Return what the network says about one image."""
        logits = np.asarray(self.network(channels[None]))
        if logits.shape != (1, *channels.shape[:2], 1):
            problem = f"it gives {logits.shape} for {(1, *channels.shape)}"
            raise InputError("LearnedFilter", "network", problem, "use one with one logit for each pixel")
        if not np.isfinite(logits).all():
            raise InputError("LearnedFilter", "network", "it gives scores that are no numbers", "check its weights")
        return logits[0, ..., 0]

    @classmethod
    def load(cls, path: str | os.PathLike) -> LearnedFilter:
        """Load the filter of an ``.onnx`` file.

        Parameters
        ----------
        path : str or os.PathLike
            As :func:`pcfilter_lib.filters.save_filter` writes it: its metadata hold the threshold and the channels. It
            runs on ONNX Runtime: no deep-learning framework is needed.

        Returns
        -------
        LearnedFilter

        Raises
        ------
        InputError
            If the file is missing or broken, is not a filter, or its network takes other channels.
        """
        network = OnnxNetwork(path)
        described = network.description
        try:
            channels = list(described["channels"])
            options = {"overlap": whole_number(path, "overlap", described["overlap"], at_least=0)}
            options["stride"] = whole_number(path, "stride", described["stride"])
            options["threshold"] = number_within(path, "threshold", described["threshold"], -np.inf, np.inf)
            if "familiarity" in described:
                options["familiarity"] = Familiarity.from_dict(described["familiarity"], str(path))
        except (KeyError, TypeError):
            problem = "it holds a network, but its metadata do not describe a filter"
            raise InputError(path, "", problem, "write it with filters.save_filter") from None
        if channels != list(CHANNELS):
            problem = f"the network was trained on other channels: {', '.join(map(str, channels))}"
            raise InputError(path, "channels", problem, "use the version of pcfilter_lib that it was trained with")
        return cls(network=network, **options)

    @classmethod
    def of_model(
        cls, model: keras.Model, threshold: float = 0.0, familiarity: Familiarity | None = None
    ) -> LearnedFilter:
        """Return the filter of a Keras model, whichever backend it runs on.

        Parameters
        ----------
        model : keras.Model
            From (B, H, W, 14) to (B, H, W, 1), for example ``models.UNet(channels=14)``.
        threshold : float, default 0
            See :func:`pcfilter_lib.filters.tune_threshold`.
        familiarity : Familiarity, optional

        Returns
        -------
        LearnedFilter
        """
        options = {"threshold": threshold, "familiarity": familiarity, **_reach(model)}
        return cls(network=model.predict_on_batch, **options)


def save_filter(model: keras.Model, path: str | os.PathLike, threshold: float, **description: Any) -> None:
    """Write a trained network as a filter that needs no framework.

    Parameters
    ----------
    model : keras.Model
        From (B, H, W, 14) to (B, H, W, 1).
    path : str or os.PathLike
        Ends in ``.onnx``. The file's metadata hold the threshold, the channels, a fingerprint of the network and
        `description`.
    threshold : float
        Chosen on validation scans, see :func:`pcfilter_lib.filters.tune_threshold`.
    **description
        What else is worth knowing: the weights' origin, scores; as `familiarity` what
        :meth:`pcfilter_lib.filters.Familiarity.to_dict` returns, so that the filter warns of other scans.

    Raises
    ------
    InputError
        See :func:`pcfilter_lib.models.export_onnx`.
    """
    from pcfilter_lib.models import export_onnx

    reach = _reach(model)
    card = {**description, "channels": list(CHANNELS), "threshold": round(float(threshold), 4), **reach}
    with replacing(path) as temporary:
        export_onnx(model, temporary)
        temporary.write_bytes(described(temporary.read_bytes(), card))


def _reach(model: keras.Model) -> dict[str, int]:
    """Return how far a model sees, and in which steps; raise what says so if its input is not the channels."""
    from pcfilter_lib.models._context import context

    shape = getattr(model, "input_shape", None)
    if not isinstance(shape, tuple) or len(shape) != 4 or shape[-1] != len(CHANNELS):
        problem = f"it takes {shape}, not the {len(CHANNELS)} channels of a scan"
        raise InputError("LearnedFilter", "model", problem, "build it with channels=len(filters.CHANNELS)")
    fields = context(model)
    overlap = max(max(field.before, field.after) for field in fields)
    return {"overlap": overlap, "stride": max(field.stride for field in fields)}
