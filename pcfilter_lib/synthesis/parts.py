"""The catalogue of parts: random proportions of the things that lie in bins."""

from __future__ import annotations

KINDS: tuple[str, ...] = (
    "box",
    "cylinder",
    "sphere",
    "cone",
    "ring",
    "cup",
    "nut",
    "shaft",
    "bracket",
    "channel",
    "stairs",
    "tray",
    "fins",
    "grille",
    "board",
)
