"""A small network of dense layers as an ONNX model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import require


def dense_to_onnx(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> bytes:
    """Return a multilayer perceptron, with ReLU between its layers, as the bytes of an ONNX model.

    Parameters
    ----------
    weights : sequence of ndarray, shape (F, A), (A, B), ..., (Z, 1)
    biases : sequence of ndarray, shape (A,), (B,), ..., (1,)

    Returns
    -------
    bytes
        Of a model from float32 (F, N), a feature a row, to float32 (N, 1).
    """
    onnx = require("onnx", "onnx")
    helper, numbers = onnx.helper, onnx.TensorProto

    def constant(name: str, values: np.ndarray):
        return onnx.numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name)

    nodes, constants, last = [], [], len(weights) - 1
    for number, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        constants += [constant(f"weights {number}", matrix), constant(f"bias {number}", bias)]
        taken = "features" if number == 0 else f"layer {number}"
        out = "score" if number == last else f"sum {number}"
        names = [taken, f"weights {number}", f"bias {number}"]
        nodes.append(helper.make_node("Gemm", names, [out], transA=int(number == 0)))
        if number != last:
            nodes.append(helper.make_node("Relu", [out], [f"layer {number + 1}"]))
    graph = helper.make_graph(
        nodes,
        "dense layers",
        [helper.make_tensor_value_info("features", numbers.FLOAT, [len(weights[0]), None])],
        [helper.make_tensor_value_info("score", numbers.FLOAT, [None, 1])],
        constants,
    )
    versions = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=versions, ir_version=8).SerializeToString(deterministic=True)
