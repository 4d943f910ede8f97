"""What type checkers see of the package: its public names, which are loaded when asked for."""

from collections.abc import Callable

from .activations import Activation, sigmoid, sigmoid_gradient
from .arrays import one_hot
from .data.datasets import load_digits, load_notes_digits
from .data.tables import Table, read_table
from .diagnose import Diagnosis, assert_backprop, check_backprop
from .engine import cost_and_gradient, forward
from .estimators.classifier import MLPClassifier
from .estimators.regressor import MLPRegressor
from .grading.grade import grade as grade
from .initialise import init_theta
from .inspection.adapters import as_network, trace_model
from .inspection.explain import Explanation, explain
from .inspection.gradcheck import check_gradient, check_network, numerical_gradient
from .inspection.gradient_check import GradientCheck
from .inspection.trace import Trace, trace
from .io.mat import from_mat, to_mat
from .io.onnx import to_onnx
from .io.onnx_pipeline import register_onnx_converter
from .io.saving import load, save
from .io.sklearn import from_sklearn
from .landscape import drops, landscape
from .losses import Loss, huber, quantile
from .network import Network
from .streaming.blocks import ArrayBlocks, ParquetBlocks
from .studio import studio
from .tabular.classifier import TabularClassifier
from .tabular.regressor import TabularRegressor
from .training.jobs import Job, JobResult, train_jobs
from .training.minimize import minimize
from .training.monitor import Progress
from .training.stop import StopReason

__version__: str
__all__ = [
    "__version__",
    "Activation",
    "ArrayBlocks",
    "Diagnosis",
    "Explanation",
    "GradientCheck",
    "Job",
    "JobResult",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "Network",
    "ParquetBlocks",
    "Progress",
    "StopReason",
    "Table",
    "TabularClassifier",
    "TabularRegressor",
    "Trace",
    "as_network",
    "assert_backprop",
    "check_backprop",
    "check_gradient",
    "check_network",
    "cost_and_gradient",
    "drops",
    "explain",
    "forward",
    "from_mat",
    "from_sklearn",
    "grade",
    "huber",
    "init_theta",
    "landscape",
    "load",
    "load_digits",
    "load_notes_digits",
    "minimize",
    "numerical_gradient",
    "one_hot",
    "quantile",
    "read_table",
    "register_onnx_converter",
    "save",
    "sigmoid",
    "sigmoid_gradient",
    "studio",
    "to_mat",
    "to_onnx",
    "trace",
    "trace_model",
    "train_jobs",
]

def old_names(path: str) -> Callable[[str], object]: ...
