"""Backpropagation you can see through, at the speed of your CPU.

``import backpass`` loads NumPy only; everything else is loaded when it is first asked for.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    "Activation": "activations",
    "ArrayBlocks": "streaming.blocks",
    "Diagnosis": "diagnose",
    "Explanation": "inspection.explain",
    "GradientCheck": "inspection.gradient_check",
    "Job": "training.jobs",
    "JobResult": "training.jobs",
    "Loss": "losses",
    "MLPClassifier": "estimators.classifier",
    "MLPRegressor": "estimators.regressor",
    "Network": "network",
    "ParquetBlocks": "streaming.blocks",
    "Progress": "training.monitor",
    "StopReason": "training.stop",
    "Table": "data.tables",
    "TabularClassifier": "tabular.classifier",
    "TabularRegressor": "tabular.regressor",
    "Trace": "inspection.trace",
    "as_network": "inspection.adapters",
    "assert_backprop": "diagnose",
    "check_backprop": "diagnose",
    "check_gradient": "inspection.gradcheck",
    "check_network": "inspection.gradcheck",
    "cost_and_gradient": "engine",
    "drops": "landscape",
    "explain": "inspection.explain",
    "forward": "engine",
    "from_mat": "io.mat",
    "from_sklearn": "io.sklearn",
    "grade": "grading.grade",
    "huber": "losses",
    "init_theta": "initialise",
    "landscape": "landscape",
    "load": "io.saving",
    "load_digits": "data.datasets",
    "load_notes_digits": "data.datasets",
    "minimize": "training.minimize",
    "numerical_gradient": "inspection.gradcheck",
    "one_hot": "arrays",
    "quantile": "losses",
    "read_table": "data.tables",
    "register_onnx_converter": "io.onnx_pipeline",
    "save": "io.saving",
    "sigmoid": "activations",
    "sigmoid_gradient": "activations",
    "studio": "studio",
    "to_mat": "io.mat",
    "to_onnx": "io.onnx",
    "trace": "inspection.trace",
    "trace_model": "inspection.adapters",
    "train_jobs": "training.jobs",
}

# Module of the first release -> the modules that have its names now, for imports and for pickles.
_MOVED = {
    "adapters": "inspection.adapters",
    "blocks": "streaming.blocks",
    "cells": "data.cells",
    "checkpoints": "training.checkpoints",
    "cli.bench": "cli.commands.bench",
    "cli.check": "cli.commands.check",
    "cli.diagnose": "cli.commands.diagnose",
    "cli.explain": "cli.commands.explain",
    "cli.info": "cli.commands.info",
    "cli.landscape": "cli.commands.landscape",
    "cli.model": "cli.trained",
    "cli.predict": "cli.commands.predict",
    "cli.predict_blocks": "cli.blockwise",
    "cli.studio": "cli.commands.studio",
    "cli.trace": "cli.commands.trace",
    "cli.train": "cli.commands.train cli.answers.shown",
    "cluster": "streaming.dask streaming.dask_blocks streaming.dask_predictions",
    "column_fits": "data.column_fits",
    "datasets": "data.datasets",
    "diagnose.catalogue": "diagnose.mistakes.entry diagnose.mistakes.means",
    "diagnose.family": "diagnose.mistakes.decay",
    "diagnose.atoms": "diagnose.search.atoms",
    "diagnose.caller": "diagnose.answers",
    "diagnose.effects": "diagnose.search.effects",
    "diagnose.evidence": "diagnose.search.evidence",
    "diagnose.search": "diagnose.search.search diagnose.search.atoms diagnose.search.effects",
    "diagnose.variants": (
        "diagnose.mistakes.columns diagnose.mistakes.reading diagnose.mistakes.forward "
        "diagnose.mistakes.labels diagnose.mistakes.cost diagnose.mistakes.delta "
        "diagnose.mistakes.slopes diagnose.mistakes.back diagnose.mistakes.accumulate "
        "diagnose.mistakes.means diagnose.mistakes.decay"
    ),
    "engine.blocked": "engine.blocked.problem",
    "engine.choice": "engine.select",
    "engine.curvature_product": "engine.curvature",
    "engine.inplace": "engine.blocked.functions",
    "engine.inplace_steps": "engine.blocked.steps",
    "engine.memory": "data.memory",
    "engine.workspace": "engine.blocked.workspace",
    "estimators": "estimators.classifier estimators.regressor",
    "experiment": "experiment.prepared experiment.ready experiment.outcome experiment.training "
    "experiment.splitting.splits",
    "explain": "inspection.explain inspection.explain.explanation inspection.explain.number",
    "export": "io.onnx io.mat io.sklearn",
    "files": "storage.atomic",
    "formulas": "activations losses",
    "gradcheck": "inspection.gradcheck",
    "idx": "data.array_files.idx",
    "matlab": "data.array_files.matlab",
    "modelfile": "storage.modelfile",
    "onnx_graph": "io.onnx_graph",
    "packing": "storage.packing",
    "parameters": "estimators.parameters estimators.options",
    "parquet": "data.parquet",
    "perceptron": "estimators.base estimators.rows estimators.starts estimators.fit",
    "persistence": "io.saving",
    "preprocessing": "data.preprocessing data.columns data.target data.labels",
    "readers": "data.readers",
    "report": "experiment.report",
    "runs": "training.restarts",
    "schedules": "training.schedules",
    "settings": "experiment.settings",
    "sklearn_bridge": "estimators.sklearn_compat",
    "solvers": "solvers.minimize solvers.stationary solvers.conjugate_gradients solvers.lbfgs "
    "solvers.newton",
    "streamed_experiment": "experiment.streamed",
    "streaming": "streaming.problem",
    "studio.scene": "studio.page_state",
    "studio.workbench": "studio.model",
    "table_blocks": "streaming.table_blocks",
    "tables": "data.tables",
    "targets": "estimators.targets.labels",
    "trace": "inspection.trace",
    "training": "training.stop training.monitor training.early_stopping training.state "
    "training.mini_batch training.full_batch training.minimize",
    "verify": "estimators.verify",
    "views": "estimators.weights",
}

# Name in a module of the first release -> where it is now, and how it is called there.
_RENAMED = {
    "bench.workloads.Data": "bench.data.Data",
    "bench.workloads.make_data": "bench.data.make_data",
    "checkpoints.identity": "training.checkpoints.run_identity",
    "diagnose.caller.Answer": "diagnose.answers.CallResult",
    "diagnose.search.Target": "diagnose.response.Response",
    "engine.curvature_product.HasRows": "engine.problem.Objective",
    "engine.reference.second_moments": "engine.reference.kronecker_factors",
    "engine.workspace.Block": "engine.blocked.workspace.RowBlock",
    "engine.workspace.Blocks": "engine.blocked.workspace.LayerBlocks",
    "engine.workspace.blocks_of": "engine.blocked.workspace.transposed_views",
    "cells.refuse_strange": "data.cells.refuse_unsupported",
    "cli.command.Failure": "cli.command.CommandError",
    "cli.model.Model": "models.table_model.TableModel",
    "cli.model.load_model": "io.saving.load_table_model",
    "cli.predict_blocks.Tally": "cli.blockwise.StreamingScore",
    "experiment.Data": "experiment.ready.PreparedTable",
    "explain._Answers": "inspection.explain.answers.Answers",
    "landscape.Walker": "landscape.picture.TrajectoryProjection",
    "landscape.symmetry.moved": "landscape.symmetry.apply_moves",
    "landscape.terrain.Walker": "landscape.picture.TrajectoryProjection",
    "perceptron.BlockData": "estimators.rows.EncodedBlocks",
    "perceptron.Data": "estimators.rows.EncodedRows",
    "persistence.labels_of": "io.saving.class_labels",
    "persistence.furnish": "io.saving.set_fitted_state",
    "plots.canvas.finite": "plots.models.as_drawable",
    "report.Mistake": "experiment.report.WrongRow",
    "runs.Runs": "training.restarts.Restarts",
    "solvers.line_search.Found": "solvers.line_search.LineSearchResult",
    "solvers.line_search.Line": "solvers.line_search.LineObjective",
    "solvers.line_search.cautious": "solvers.line_search.initial_step",
    "solvers.line_search.moved": "solvers.line_search.accept_point",
    "solvers.line_search.rounding": "solvers.line_search.machine_epsilon",
    "solvers.linear_solve.Solved": "solvers.linear_solve.LinearSolveResult",
    "solvers.preconditioner.Held": "solvers.preconditioner.PreconditionerState",
    "sklearn_bridge.Bridge": "estimators.sklearn_compat.CallbackAdapter",
    "studio.app.finite": "studio.app.nan_to_null",
    "studio.scene.Scene": "studio.page_state.PageState",
    "studio.scene.scene_of": "studio.page_state.page_state_of",
    "studio.session.Bench": "studio.session_data.SessionData",
    "studio.session.Settings": "studio.session.Hyperparameters",
    "studio.workbench.Workbench": "studio.model.StudioModel",
    "streamed_experiment.StreamedData": "experiment.streamed.StreamedTable",
    "table_blocks.saying": "data.parsing.error_context",
    "training.Ended": "training.monitor.Finished",
    "training.Patience": "training.early_stopping.EarlyStopping",
    "training.Plan": "training.mini_batch.MiniBatchOptions",
    "training.State": "training.state.TrainingState",
    "training.Watch": "training.monitor.Monitor",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'backpass' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    if name != _HOME[name] and name not in _MOVED:
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


def old_names(path: str) -> Callable[[str], Any]:
    """Make the ``__getattr__`` of a module of the first release whose names are elsewhere now."""

    def find(name: str) -> Any:
        home, _, new_name = _RENAMED.get(f"{path}.{name}", "").rpartition(".")
        if home:
            return getattr(importlib.import_module(f".{home}", __name__), new_name)
        hidden = name.startswith("__") or _is_module(path, name)
        for home in () if hidden else _MOVED.get(path, "").split():
            module = importlib.import_module(f".{home}", __name__)
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(f"module 'backpass.{path}' has no attribute {name!r}")

    return find


def _is_module(path: str, name: str) -> bool:
    """Whether a wing has a module of that name, which the import system is about to import."""
    folder = getattr(sys.modules[f"{__name__}.{path}"], "__path__", None)
    return folder is not None and PathFinder.find_spec(name, folder) is not None


class _OldModules(Loader):
    """Import the modules of the first release that are no files any more."""

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Take the names of the table, once no file was found."""
        package, _, old = name.partition(".")
        return ModuleSpec(name, cls()) if package == __name__ and old in _MOVED else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave it to the import system to make an empty module."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Let it look up its names where they are now."""
        vars(module)["__getattr__"] = old_names(module.__name__.partition(".")[2])


class _Package(types.ModuleType):
    """A package in which ``backpass.trace`` is the function, though a module has its name too."""

    def __reduce__(self) -> tuple[Callable[[str], types.ModuleType], tuple[str]]:
        return importlib.import_module, (__name__,)  # cloudpickle knows plain modules only


def _refuse(package: _Package, module: types.ModuleType) -> None:
    """Ignore the import system when it binds a submodule over the function of that name."""


def _over_a_module(name: str) -> property:
    """The function of a name that a module has, too."""
    return property(lambda _: __getattr__(name), _refuse)


for _name in [name for name, home in _HOME.items() if name == home or name in _MOVED]:
    setattr(_Package, _name, _over_a_module(_name))
sys.modules[__name__].__class__ = _Package
sys.meta_path.append(_OldModules)
