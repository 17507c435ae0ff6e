"""A filter that was tuned on somebody's own labelled scans."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters._onnx import OnnxNetwork
from pcfilter_lib.filters.base import ArtefactFilter, spread
from pcfilter_lib.filters.checks import ScanReport
from pcfilter_lib.filters.familiarity import Familiarity
from pcfilter_lib.filters.tuning.surroundings import SURROUNDINGS, scan_surroundings

#: What the metadata of a tuned filter's file call it.
KIND = "tuned filter"


@dataclass(frozen=True, kw_only=True)
class TunedFilter(ArtefactFilter):
    """Judges each point by its surroundings, as labelled scans of one scanner have taught it.

    Made by :func:`pcfilter_lib.filters.tune_filter` or ``pcfilter tune``. The score grows with the odds that a point is
    true geometry.

    Parameters
    ----------
    network : callable
        From the rows of :func:`pcfilter_lib.filters.scan_surroundings`, shape (48, n), to scores, shape (n, 1).
    card : dict
        Where the filter comes from, and what to expect of it: what ``pcfilter tune`` printed.
    familiarity : Familiarity, optional
        What the scans look like that it was tuned on.
    """

    name: ClassVar[str] = "tuned filter"
    network: Any = field(repr=False)
    card: dict[str, Any] = field(repr=False, default_factory=dict)
    familiarity: Familiarity | None = field(repr=False, default=None)

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return how sure the filter is that a point is true geometry.

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
            If most points lie behind the camera.
        """
        features = scan_surroundings(scan)
        scores = np.asarray(self.network(features.T))[:, 0] if len(features) else features[:, 0]
        return spread(scores, scan)

    def check(self, scan: OrganizedScan) -> ScanReport:
        """Check that a scan is in its camera's frame, and like those that the filter was tuned on.

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

    def describe(self) -> dict[str, Any]:
        """Return the filter's name, its threshold and a fingerprint of its network."""
        description = getattr(self.network, "description", {})
        return {"name": self.name, "threshold": self.threshold, "network": description.get("network", "not saved")}

    @classmethod
    def load(cls, path: str | os.PathLike) -> TunedFilter:
        """Load the filter of a ``.filter`` file, which is an ONNX model: it needs no framework, and runs no code.

        Parameters
        ----------
        path : str or os.PathLike

        Returns
        -------
        TunedFilter

        Raises
        ------
        InputError
            If the file is missing, broken or no tuned filter, or its network sees other surroundings.
        """
        network = OnnxNetwork(path)
        described = network.description
        remedy = "pass a file that pcfilter tune wrote"
        if described.get("kind") != KIND:
            raise InputError(path, "", "it holds a network, but no tuned filter", remedy)
        if described.get("features") != list(SURROUNDINGS):
            problem = "its network sees other surroundings of a point"
            raise InputError(path, "features", problem, "use the version of pcfilter_lib that it was tuned with")
        threshold = number_within(path, "threshold", described.get("threshold"), -np.inf, np.inf)
        familiarity = described.get("familiarity")
        if familiarity is not None:
            familiarity = Familiarity.from_dict(familiarity, str(path))
        try:
            shape = np.shape(network(np.zeros((len(SURROUNDINGS), 2), np.float32)))
        except Exception as error:  # ONNX Runtime raises classes of its own
            problem = f"its network does not run ({str(error).splitlines()[0]})"
            raise InputError(path, "", problem, remedy) from None
        if shape != (2, 1):
            raise InputError(path, "", f"its network gives {shape} for two points, not (2, 1)", remedy)
        card = {name: value for name, value in described.items() if name not in ("features", "familiarity")}
        return cls(network=network, threshold=threshold, card=card, familiarity=familiarity)
