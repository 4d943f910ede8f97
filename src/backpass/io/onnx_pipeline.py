"""scikit-learn's pipelines as ONNX: skl2onnx writes their other steps, and is told of ours."""

from __future__ import annotations

from functools import cache
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..errors import InvalidInput
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from ..extras import optional
from ..models.table_model import Estimator
from .onnx_estimator import add_estimator, outputs_of
from .onnx_graph import ML_OPSET, OPSET, Attribute, Graph

Skl2onnx = Any  # its scopes, operators, containers and types, which say nothing of themselves
Step = Any  # of a pipeline: whatever scikit-learn takes for one

PURPOSE = "Writing a Pipeline as ONNX"
CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False]}


def pipeline_to_onnx(pipeline: Pipeline) -> bytes:
    """Return a fitted Pipeline that ends with one of our estimators as an ONNX model.

    Its input ``X`` has the dtype of θ and its outputs the names that the estimator's own have.
    """
    last = pipeline[-1]
    if not isinstance(last, MLPClassifier | MLPRegressor):
        raise InvalidInput(f"The Pipeline ends with {last!r}, which is none of our estimators.")
    check_is_fitted(last, "theta_")
    check_is_fitted(pipeline)
    register_onnx_converter()
    plain = _without_passthrough(pipeline)
    element = _type_of(last.theta_.dtype)([None, plain.n_features_in_])
    options = {id(last): {"zipmap": False}} if isinstance(last, MLPClassifier) else None
    onnx, write = optional("onnx", PURPOSE), optional("skl2onnx", PURPOSE).convert_sklearn
    try:
        model = write(
            plain,
            initial_types=[("X", element)],
            options=options,
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
            custom_conversion_functions={SimpleImputer: _convert_imputer},
        )
        onnx.helper.set_model_props(model, {"network": str(last.net_)})
        onnx.checker.check_model(model, full_check=True)
    except InvalidInput:
        raise
    except Exception as error:  # skl2onnx has no class of its own for what it cannot do
        reason = str(error).strip().partition("\n")[0]
        raise InvalidInput(f"skl2onnx cannot write this Pipeline: {reason}") from error
    return model.SerializeToString()


def _without_passthrough(step: Step) -> Step:
    """Leave out the steps that do nothing, for which skl2onnx has no word."""
    if not isinstance(step, Pipeline):
        return step
    steps = [(name, _without_passthrough(one)) for name, one in step.steps]
    return Pipeline([(name, one) for name, one in steps if one not in (None, "passthrough")])


@cache
def register_onnx_converter() -> None:
    """Tell skl2onnx how our estimators are written, so that its own functions take them.

    ``to_onnx`` does it by itself; ``skl2onnx.to_onnx(pipeline, X)`` works after it.

    Raises
    ------
    MissingExtra
        If skl2onnx is not installed.

    Examples
    --------
    >>> import backpass as bp
    >>> bp.register_onnx_converter()
    """
    register = optional("skl2onnx", PURPOSE).update_registered_converter
    for kind in (MLPClassifier, MLPRegressor):
        options = CLASSIFIER_OPTIONS if kind is MLPClassifier else None
        register(kind, f"Backpass{kind.__name__}", _set_types, _convert, options=options)


def _type_of(dtype: DTypeLike) -> Skl2onnx:
    """skl2onnx's type of arrays of a dtype."""
    types = optional("skl2onnx.common.data_types", PURPOSE)
    names = {"float32": "Float", "float64": "Double", "int64": "Int64", "object": "String"}
    if np.dtype(dtype).name not in names:
        raise InvalidInput(f"A Pipeline in ONNX cannot answer with labels of type {dtype}.")
    return getattr(types, f"{names[np.dtype(dtype).name]}TensorType")


def _set_types(operator: Skl2onnx) -> None:
    """Say what an estimator's outputs are."""
    estimator = operator.raw_operator
    in_maps = _answers_in_maps(operator.scope_inst, estimator)
    for variable, (name, (dtype, shape)) in zip(operator.outputs, outputs_of(estimator).items()):
        dtype = np.float32 if name == "probabilities" and in_maps else dtype
        variable.type = _type_of(dtype)([None, *shape[1:]])


def _answers_in_maps(asked: Skl2onnx, estimator: Estimator) -> bool:
    """Whether probabilities become ONNX's maps, which hold single precision only."""
    if not isinstance(estimator, MLPClassifier):
        return False
    return asked.get_options(estimator, {"zipmap": True})["zipmap"] is not False


def _convert(scope: Skl2onnx, operator: Skl2onnx, container: Skl2onnx) -> None:
    """Write an estimator's nodes."""
    estimator = operator.raw_operator
    names = [variable.full_name for variable in operator.outputs]
    named = dict(zip(outputs_of(estimator), names))
    graph = _ContainerGraph(estimator.theta_.dtype, scope, container, named)
    if _answers_in_maps(container, estimator):
        final, named["probabilities"] = named["probabilities"], graph.new_name()
        single = graph.type_of(np.float32)
        graph.write("Cast", [named["probabilities"]], [final], {"to": single})
    inputs = [variable.full_name for variable in operator.inputs]
    X = inputs[0] if len(inputs) == 1 else graph.add("Concat", *inputs, axis=1)
    add_estimator(graph, estimator, graph.add("Cast", X, to=graph.type_of(graph.dtype)))


def _convert_imputer(scope: Skl2onnx, operator: Skl2onnx, container: Skl2onnx) -> None:
    """Write a SimpleImputer of numbers; skl2onnx's own knows single precision only."""
    imputer = operator.raw_operator
    fill, missing = imputer.statistics_, imputer.missing_values
    double = optional("skl2onnx.common.data_types", PURPOSE).DoubleTensorType
    dtype = np.float64 if isinstance(operator.inputs[0].type, double) else np.float32
    if imputer.indicator_ is not None or not isinstance(missing, Real) or np.isnan(fill).any():
        raise InvalidInput(f"ONNX export cannot write {imputer}: it takes one that fills numbers.")
    graph = _ContainerGraph(dtype, scope, container, {"filled": operator.outputs[0].full_name})
    X = operator.inputs[0].full_name
    gaps = graph.add("IsNaN", X) if missing != missing else graph.add("Equal", X, float(missing))
    graph.add("Where", gaps, fill, X, name="filled")


class _ContainerGraph(Graph):
    """A graph whose nodes skl2onnx collects, where outputs have the names that it gives."""

    def __init__(
        self, dtype: DTypeLike, scope: Skl2onnx, container: Skl2onnx, named: dict[str, str]
    ) -> None:
        super().__init__(dtype)
        self.scope, self.container, self.named = scope, container, named

    def new_name(self) -> str:
        return self.scope.get_unique_variable_name("backpass")

    def write(
        self, operator: str, inputs: list[str], outputs: list[str], attributes: dict[str, Attribute]
    ) -> None:
        self.container.add_node(
            operator,
            inputs,
            outputs,
            op_version=OPSET,
            name=self.scope.get_unique_operator_name(operator),
            **attributes,
        )

    def constant(self, array: np.ndarray) -> str:
        name, values = self.new_name(), array.ravel().tolist()
        if array.dtype == object:
            values = [text.encode() for text in values]
        self.container.add_initializer(name, self.type_of(array.dtype), list(array.shape), values)
        return name
