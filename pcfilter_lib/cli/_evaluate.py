"""``pcfilter evaluate``: compare filters on labelled scans."""

from __future__ import annotations

import argparse
import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pcfilter_lib import filters
from pcfilter_lib.cli._scan_options import add_scan_options, as_options, filter_name, scan_options
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY
from pcfilter_lib.errors import InputError, MissingExtraError, require
from pcfilter_lib.files import replacing
from pcfilter_lib.filters.tuning.labelled import LabelledFiles

_COLUMNS = {
    "kept": "kept",
    "found": "found",
    "balanced_accuracy": "balanced",
    "roc_auc": "AUC",
    "average_precision": "AP",
}
_PLACES = 101  # of a curve


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = (
        "Compare filters on labelled scans, each at its own threshold: which share of true geometry it keeps and of "
        "artefacts it finds, their mean, the area under the ROC curve, and the average precision of artefacts."
    )
    parser.epilog = "Exit status: 0 all went well, 1 something could not be used, 2 wrong options."
    parser.add_argument("paths", nargs="+", metavar="LABELLED", type=Path, help="labelled scans, or folders of them")
    parser.add_argument(
        "--filter",
        action="append",
        dest="filters",
        type=filter_name,
        metavar="FILTER",
        help=f"a file that pcfilter tune wrote, or {', '.join(filters.FILTERS)}; give it several times to compare",
    )
    parser.add_argument("--clean", metavar="DIR", type=Path, help="scans cleaned by hand, named as LABELLED")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write figures and curves to a file")
    parser.add_argument("--curves", metavar="FILE", type=Path, help="draw kept over found into an HTML file")
    add_scan_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: print(f"warning: {as_options(str(message))}", file=sys.stderr)
        try:
            names = options.filters or [next(iter(filters.FILTERS))]
            chosen = {name: filters.load_filter(name) for name in names}
            files = LabelledFiles.found(options.paths, options.clean, **scan_options(options))
            results = {name: _evaluated(name, each, files) for name, each in chosen.items()}
            if options.json is not None:
                content = {"scans": files.names, "filters": results}
                with replacing(options.json) as temporary:
                    temporary.write_text(json.dumps(content, indent=1) + "\n")
            if options.curves is not None:
                _draw(results, options.curves)
        except (InputError, MissingExtraError) as error:
            print(f"error: {as_options(str(error))}", file=sys.stderr)
            return 1
    width = max(map(len, [*results, "filter"]))
    print(f"{'filter':<{width}}" + "".join(f"{title:>10}" for title in _COLUMNS.values()))
    for name, result in results.items():
        print(f"{name:<{width}}" + "".join(f"{result[column]:>10.3f}" for column in _COLUMNS))
    return 0


def _evaluated(name: str, artefact_filter: filters.ArtefactFilter, files: LabelledFiles) -> dict[str, Any]:
    """Return the figures and the curve of one filter."""
    scans = tqdm(files, name, len(files), unit=" scans", leave=False, disable=None)
    scored = filters.score_scans(artefact_filter, scans)
    both = (scored.labels == ARTEFACT).any() and (scored.labels == TRUE_GEOMETRY).any()
    if not both:
        kind = "artefacts" if (scored.labels == TRUE_GEOMETRY).any() else "true geometry"
        raise InputError(
            files.paths[0].parent, "labels", f"no point is labelled as {kind}", "pass other labelled scans"
        )
    metrics = require("sklearn.metrics", "learn")
    figures = scored.metrics(artefact_filter.threshold)
    figures["roc_auc"] = float(metrics.roc_auc_score(scored.labels == TRUE_GEOMETRY, scored.scores))
    true = np.sort(scored.scores[scored.labels == TRUE_GEOMETRY])
    wrong = np.sort(scored.scores[scored.labels == ARTEFACT])
    thresholds = np.quantile(true, np.linspace(0, 1, _PLACES))
    curve = {
        "kept": (1 - np.searchsorted(true, thresholds) / len(true)).round(4).tolist(),
        "found": (np.searchsorted(wrong, thresholds) / len(wrong)).round(4).tolist(),
    }
    figures = {key: None if math.isnan(value) else round(value, 4) for key, value in figures.items()}
    return {"threshold": round(artefact_filter.threshold, 4), **figures, "curve": curve}


def _draw(results: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw the curves of all filters, and a dot for each threshold."""
    plotly = require("plotly.graph_objects", "plot")
    figure = plotly.Figure()
    for name, result in results.items():
        curve = result["curve"]
        figure.add_scatter(x=curve["found"], y=curve["kept"], mode="lines", name=name)
        figure.add_scatter(
            x=[result["found"]], y=[result["kept"]], mode="markers", name=f"{name}, its threshold", showlegend=False
        )
    figure.update_layout(xaxis_title="artefacts removed", yaxis_title="true geometry kept")
    with replacing(path) as temporary:
        temporary.write_text(figure.to_html(include_plotlyjs=True))
