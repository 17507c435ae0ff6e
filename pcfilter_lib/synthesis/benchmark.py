"""The benchmark: fixed sets of simulated scans, on which artefact filters are chosen, trained and compared."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.recipe import PRESETS, Recipe
from pcfilter_lib.synthesis.scenes.parts import KINDS
from pcfilter_lib.synthesis.sets import write_set

#: Kinds of parts that no training, validation or test scan of the benchmark shows.
UNSEEN_KINDS = ("cone", "nut", "stairs", "tray")
#: Extras that a scan of the benchmark keeps, besides those that every set does.
BENCHMARK_EXTRAS = ("borderline", "modulation")


@dataclass(frozen=True)
class Split:
    """One set of scans of the benchmark.

    Attributes
    ----------
    recipe : Recipe
    count : int
        How many scans.
    seed : int
        Of the set; no two splits share one.
    """

    recipe: Recipe
    count: int
    seed: int


_SEEN = PRESETS["workbench"].replace(kinds=tuple(kind for kind in KINDS if kind not in UNSEEN_KINDS))

#: The splits by their names:
#:
#: * ``"train"``, ``"validation"``, ``"test"``: the preset "workbench" without the kinds of parts in
#:   :data:`UNSEEN_KINDS`. Thresholds, epochs and all other choices are made on validation;
#: * ``"unseen"``: what no other split shows. The other kinds of parts; more of them glossy or dark; a baseline that is
#:   half as long again; another camera with 480 x 360 pixels;
#: * ``"boards"`` and ``"boards validation"``: the preset "phoxi-like", training scans of another domain.
BENCHMARK: dict[str, Split] = {
    "train": Split(_SEEN, 2_000, 2101),
    "validation": Split(_SEEN, 60, 2102),
    "test": Split(_SEEN, 80, 2103),
    "unseen": Split(
        _SEEN.replace(
            kinds=UNSEEN_KINDS,
            glossy_share=0.5,
            specular=(0.25, 0.6),
            shininess=(60, 1_200),
            dark_share=0.25,
            support_albedo=(0.05, 0.5),
            baseline=(0.23, 0.34),
            width=480,
            height=360,
        ),
        60,
        2104,
    ),
    "boards": Split(PRESETS["phoxi-like"], 160, 2105),
    "boards validation": Split(PRESETS["phoxi-like"], 24, 2106),
}


def write_split(folder: str | os.PathLike, name: str, count: int | None = None, **options: Any) -> Path:
    """Write a split of the benchmark, or its first scans.

    Parameters
    ----------
    folder : str or os.PathLike
        The benchmark's folder; the split has its own below it.
    name : str
        One of :data:`BENCHMARK`.
    count : int, optional
        How many scans, by default all. A longer set begins with the scans of a shorter one.
    **options
        `processes` and `progress`, as for :func:`pcfilter_lib.synthesis.write_set`, which says what is raised and what
        an interruption does.

    Returns
    -------
    pathlib.Path
        The split's folder.
    """
    split = BENCHMARK[one_of("write_split", "name", name, tuple(BENCHMARK))]
    place = _place(folder, name)
    write_set(
        place, split.recipe, split.count if count is None else count, split.seed, keep=BENCHMARK_EXTRAS, **options
    )
    return place


def split_files(folder: str | os.PathLike, name: str) -> list[Path]:
    """Return the files of a split of the benchmark, in order.

    Parameters
    ----------
    folder : str or os.PathLike
        The benchmark's folder, as for :func:`write_split`.
    name : str
        One of :data:`BENCHMARK`.

    Returns
    -------
    list of pathlib.Path
        One for each scan, for :func:`pcfilter_lib.data.load_scan`.

    Raises
    ------
    InputError
        If scans are missing.
    """
    split = BENCHMARK[one_of("split_files", "name", name, tuple(BENCHMARK))]
    place = _place(folder, name)
    files = [place / f"scan_{number:05}.npz" for number in range(split.count)]
    missing = sum(not file.is_file() for file in files)
    if missing:
        problem = f"{missing} of its {split.count} scans are missing"
        raise InputError(place, "", problem, f"run python data_scripts/make_benchmark.py --out {Path(folder)}")
    return files


def _place(folder: str | os.PathLike, name: str) -> Path:
    return Path(folder) / name.replace(" ", "-")
