"""Gradient-boosted trees of scikit-learn as an ONNX model, which needs no scikit-learn and cannot run code.

skl2onnx 1.20 does the same and fails with NumPy 2.4 (it hands on NumPy's integers); this is all that is needed of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib.errors import require


def trees_to_onnx(trees: Any, features: int, rows: bool = False) -> bytes:
    """Return trees as the bytes of an ONNX model.

    Parameters
    ----------
    trees : sklearn.ensemble.HistGradientBoostingClassifier
        Fitted to two classes, without categories.
    features : int
    rows : bool, default False
        Whether the model takes a feature a row, float32 (`features`, N).

    Returns
    -------
    bytes
        Of a model from float32 (N, `features`) to the logarithm of the odds of the second class, float32 (N, 1):
        scikit-learn's ``decision_function``.
    """
    onnx = require("onnx", "onnx")
    helper, numbers = onnx.helper, onnx.TensorProto
    nodes: dict[str, list] = {name: [] for name in ("treeids", "nodeids", "featureids", "values", "modes")}
    nodes |= {name: [] for name in ("truenodeids", "falsenodeids", "missing_value_tracks_true")}
    leaves: dict[str, list] = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}
    for number, (tree,) in enumerate(trees._predictors):  # scikit-learn has no public name for its trees
        for place, node in enumerate(tree.nodes):
            leaf = bool(node["is_leaf"])
            row = {
                "treeids": number,
                "nodeids": place,
                "featureids": 0 if leaf else int(node["feature_idx"]),
                "values": 0.0 if leaf else _no_larger(node["num_threshold"]),
                "modes": "LEAF" if leaf else "BRANCH_LEQ",
                "truenodeids": 0 if leaf else int(node["left"]),
                "falsenodeids": 0 if leaf else int(node["right"]),
                "missing_value_tracks_true": int(node["missing_go_to_left"]),
            }
            for name, value in row.items():
                nodes[name].append(value)
            if leaf:
                for name, value in zip(leaves, (number, place, 0, float(node["value"])), strict=True):
                    leaves[name].append(value)
    operation = helper.make_node(
        "TreeEnsembleRegressor",
        ["columns" if rows else "features"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(np.ravel(trees._baseline_prediction)[0])],
        aggregate_function="SUM",
        post_transform="NONE",
        **{f"nodes_{name}": values for name, values in nodes.items()},
        **{f"target_{name}": values for name, values in leaves.items()},
    )
    graph = helper.make_graph(
        [*([helper.make_node("Transpose", ["features"], ["columns"])] if rows else []), operation],
        "trees",
        [helper.make_tensor_value_info("features", numbers.FLOAT, [features, None] if rows else [None, features])],
        [helper.make_tensor_value_info("score", numbers.FLOAT, [None, 1])],
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString(deterministic=True)


def _no_larger(threshold: float) -> float:
    """Return the largest float32 that is not above a threshold: then float32 features fall on the same side of it."""
    rounded = np.float32(threshold)
    return float(rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(-np.inf)))
