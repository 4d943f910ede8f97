"""onnxruntime, for prediction: the network as a graph of Gemm, g and softmax."""

# pyright: reportMissingImports=false

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from ..data import Data
from ..workloads import Workload

OPERATORS = {"logistic": "Sigmoid", "relu": "Relu", "tanh": "Tanh"}
TYPES = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


class OnnxRuntime:
    """One session on the CPU, with all graph optimisations."""

    def prepare(self, workload: Workload, data: Data, threads: int) -> None:
        """Write the graph, and make a session of it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        graph = _graph(workload, data.theta).SerializeToString()
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {"x": data.X}

    def run(self, times: int) -> None:
        """Run the session."""
        for _ in range(times):
            (self._answer,) = self._session.run(None, self._inputs)

    def result(self) -> np.ndarray:
        """h(X)."""
        return np.asarray(self._answer)


def _graph(workload: Workload, theta: np.ndarray) -> onnx.ModelProto:
    """Gemm and g by layer, softmax at the end."""
    Thetas = workload.network.roll(theta)
    nodes, weights, name = [], [], "x"
    for l, Theta in enumerate(Thetas, start=2):
        weights += [_tensor(Theta[:, 1:].T, f"W{l}"), _tensor(Theta[:, 0], f"b{l}")]
        nodes.append(helper.make_node("Gemm", [name, f"W{l}", f"b{l}"], [f"z{l}"]))
        g = OPERATORS[workload.hidden] if l <= len(Thetas) else "Softmax"
        name = f"a{l}"
        nodes.append(helper.make_node(g, [f"z{l}"], [name]))
    kind = TYPES[str(theta.dtype)]
    inputs = [helper.make_tensor_value_info("x", kind, [None, workload.sizes[0]])]
    outputs = [helper.make_tensor_value_info(name, kind, [None, workload.sizes[-1]])]
    graph = helper.make_graph(nodes, "network", inputs, outputs, weights)
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _tensor(array: np.ndarray, name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ascontiguousarray(array), name)
