"""A network as an ONNX graph: z = aΘᵀ as Gemm, the activations from operators of both dtypes.

onnxruntime has no double-precision kernel for some of ONNX's own activations (Softplus, LeakyRelu,
Gelu), so these are put together from simple operators, as the library's formulas are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import DTypeLike

from ..activations import GELU_CUBIC, GELU_SCALE, LEAKY_SLOPE, Activation, is_own
from ..errors import InvalidInput
from ..extras import optional
from ..network import Network

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto, ValueInfoProto

Operand = str | float | np.ndarray  # a value by its name, or a constant
Attribute = int | str | list[int] | list[str]
Shape = list[str | int]  # sizes, or names of those that are open
Outputs = dict[str, tuple[DTypeLike, Shape]]  # name -> dtype and shape

OPSET, IR_VERSION = 17, 8  # of 2022: what onnxruntime 1.13 and everything later reads
ML_OPSET = 3  # of the operators for classical models, beside OPSET
ML = "ai.onnx.ml"  # their domain


class Graph:
    """Collects nodes and constants; a value is known by its name."""

    def __init__(self, dtype: DTypeLike) -> None:
        self.onnx = optional("onnx", "Writing an ONNX file")
        self.dtype = np.dtype(dtype)
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.named: dict[str, str] = {}  # what a value is called where its own name is taken
        self.prefix = ""  # before the names of values that have none of their own

    def at(self, dtype: DTypeLike) -> Graph:
        """Return the same graph, whose constants are of another dtype from here on."""
        other = copy(self)
        other.dtype = np.dtype(dtype)
        return other

    def keep_free(self, names: Iterable[str], outputs: Iterable[str]) -> None:
        """Take names that are inputs' from all values but those; outputs get an underline."""
        taken = set(names)
        while any(name.startswith(f"{self.prefix}v") for name in taken):
            self.prefix += "_"
        for output in outputs:
            free = output
            while free in taken:
                free += "_"
            self.named[output] = free

    def add(
        self,
        operator: str,
        *inputs: Operand,
        name: str | None = None,
        n_outputs: int = 1,
        **attributes: Attribute,
    ) -> str:
        """Add a node; numbers and arrays among its inputs become constants.

        Its first output has the name; of others nobody knows.
        """
        name = self.new_name() if name is None else self.named.get(name, name)
        names = [
            i if isinstance(i, str) else self.constant(np.asarray(i, self.dtype)) for i in inputs
        ]
        outputs = [name, *(self.new_name() + "_unused" for _ in range(n_outputs - 1))]
        self.write(operator, names, outputs, attributes)
        return name

    def new_name(self) -> str:
        """Return a name that no value has."""
        return f"{self.prefix}v{len(self.nodes)}"

    def write(
        self, operator: str, inputs: list[str], outputs: list[str], attributes: dict[str, Attribute]
    ) -> None:
        """Write a node down."""
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, outputs, **attributes))

    def type_of(self, dtype: DTypeLike) -> int:
        """ONNX's number for a dtype; text has no dtype but objects."""
        if np.dtype(dtype).kind in "UO":
            return self.onnx.TensorProto.STRING
        return self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    def constant(self, array: np.ndarray) -> str:
        """Add a constant of the array's own dtype."""
        name = f"{self.prefix}v_c{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def model(self, inputs: Outputs, outputs: Outputs, notes: dict[str, str]) -> bytes:
        """Make the file: from the named inputs (dtype, shape) to the named outputs."""
        helper = self.onnx.helper

        def info(name: str, dtype: DTypeLike, shape: Shape) -> ValueInfoProto:
            return helper.make_tensor_value_info(name, self.type_of(dtype), shape)

        given = [info(name, *what) for name, what in inputs.items()]
        results = [info(self.named.get(name, name), *what) for name, what in outputs.items()]
        graph = helper.make_graph(self.nodes, "backpass", given, results, self.constants)
        domains = {node.domain for node in self.nodes}
        opsets = [helper.make_opsetid("", OPSET)]
        opsets += [helper.make_opsetid(ML, ML_OPSET)] if ML in domains else []
        model = helper.make_model(
            graph,
            opset_imports=opsets,
            ir_version=IR_VERSION,
            producer_name="backpass",
        )
        helper.set_model_props(model, notes)
        self.onnx.checker.check_model(model)
        return model.SerializeToString()


def add_logits(graph: Graph, net: Network, theta: np.ndarray, X: str) -> str:
    """Add the layers; return the name of z^(L)."""
    a = z = X
    for l, Theta in enumerate(net.roll(theta), start=1):
        weights = np.ascontiguousarray(Theta[:, 1:].T)  # (s_l, s_{l+1})
        z = graph.add("Gemm", a, graph.constant(weights), graph.constant(Theta[:, 0].copy()))
        if l + 1 < net.L:
            a = add_activation(graph, net.activation(l + 1), z)
    return z


def add_activation(graph: Graph, activation: Activation, z: str) -> str:
    """Add g(z) of one of the library's activations."""
    if not is_own(activation):
        raise InvalidInput(
            f"The activation {activation.name!r} is your own; ONNX has only the library's."
        )
    return _ACTIVATIONS[activation.name](graph, z)


def add_output(graph: Graph, output: str, z: str) -> str:
    """Add the output activation h(z), by its name."""
    if output not in _OUTPUTS:
        raise InvalidInput(f"The output activation {output!r} is your own; ONNX has none such.")
    return _OUTPUTS[output](graph, z)


def _leaky_relu(graph: Graph, z: str) -> str:
    return graph.add("Max", z, graph.add("Mul", z, LEAKY_SLOPE))


def _silu(graph: Graph, z: str) -> str:
    return graph.add("Mul", z, graph.add("Sigmoid", z))


def _gelu(graph: Graph, z: str) -> str:
    square = graph.add("Mul", z, z)
    cubic = graph.add("Add", graph.add("Mul", square, GELU_CUBIC), 1.0)
    u = graph.add("Mul", graph.add("Mul", z, cubic), 2 * GELU_SCALE)
    return graph.add("Mul", z, graph.add("Sigmoid", u))


def _softplus(graph: Graph, z: str) -> str:
    e = graph.add("Exp", graph.add("Neg", graph.add("Abs", z)))
    return graph.add("Add", graph.add("Max", z, 0.0), graph.add("Log", graph.add("Add", e, 1.0)))


def _softmax(graph: Graph, z: str) -> str:
    return graph.add("Softmax", z, axis=1)


def _simple(operator: str) -> Callable[[Graph, str], str]:
    return lambda graph, z: graph.add(operator, z)


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "identity": _simple("Identity"),
    "logistic": _simple("Sigmoid"),
    "tanh": _simple("Tanh"),
    "relu": _simple("Relu"),
    "leaky_relu": _leaky_relu,
    "gelu": _gelu,
    "silu": _silu,
    "softplus": _softplus,
}
_OUTPUTS = {
    "identity": _simple("Identity"),
    "logistic": _simple("Sigmoid"),
    "softmax": _softmax,
    "exp": _simple("Exp"),
}
