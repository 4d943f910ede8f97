"""What release 0.1.0 wrote and answered: the other files of this folder, made once and for all.

Run once with release 0.1.0 (its native core built) and NumPy 2.4, in this folder:

    python make.py

It writes ``*.pickle``, ``*.backpass`` and ``*.checkpoint``, what that release answered
(``expected.json``), and every module with the public names that it defined itself (``names.json``).
Later releases read these files (``tests/test_first_release.py``), so they are never made again.
The pickles name NumPy's modules ``numpy._core``, which NumPy 1.26 reads as well.

``houses.csv``, the models of it (``price``, ``code`` and ``ok.backpass``) and ``predictions.json``
were there before: the command line made those models.
"""

from __future__ import annotations

import ast
import json
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import backpass as bp

HERE = Path(__file__).parent
PACKAGE = Path(bp.__file__).parent
PROTOCOL = 4
LEFT_OUT = (  # they need PyTorch and JAX; run when imported; are no package
    "bench/candidates/pytorch",
    "bench/candidates/jax_scan",
    "__main__",
    "engine/native/",
)
REPEATED = ("coefs_", "intercepts_", "training_state_")  # θ and its history once more
TABLES = ("price", "code", "ok")  # models of houses.csv

# --- the data: fractions of powers of two, the same on every machine ---------------------------

I = np.arange(24)
X = np.stack([(I * 7 % 9 - 4) / 4, (I * 5 % 11 - 5) / 4, (I * 3 % 8 - 4) / 4], axis=1)
CLASS = (X[:, 0] - X[:, 1] > 0.5).astype(int) + (X[:, 2] > 0.25)
NUMBER = X[:, 0] - X[:, 1] / 2 + X[:, 2] * X[:, 0] + (I % 3 - 1) / 8
TARGETS = {
    "text": np.array(["no", "perhaps", "yés"])[CLASS],
    "objects": np.array(["no", "perhaps", "yés"], dtype=object)[CLASS],
    "two": np.array(["off", "on"])[np.minimum(CLASS, 1)],
    "truth": CLASS > 0,
    "multilabel": np.stack([X[:, 0] > 0, X[:, 1] > 0, CLASS > 0], axis=1).astype(int),
    "columns": np.stack([CLASS, I % 2 + 4], axis=1),
    "number": NUMBER,
    "numbers": np.stack([NUMBER, X[:, 1] * X[:, 2]], axis=1),
    "counts": np.round(np.abs(NUMBER) * 3),
}
LOSSES = {
    "huber(0.25)": bp.huber(0.25),
    "quantile(0.75)": bp.quantile(0.75),
}
CLASSIFIER, REGRESSOR = bp.MLPClassifier, bp.MLPRegressor
SHARED = {"hidden_layer_sizes": (3,), "max_iter": 4, "random_state": 0}
ON = {"warm_start": True}

# Name: (estimator, target, parameters, how it goes on: "fit", "partial_fit" or not at all).
MODELS: dict[str, tuple[Any, str, dict[str, Any], str | None]] = {
    "text": (CLASSIFIER, "text", {**ON, "batch_size": 5}, "fit"),
    "objects": (CLASSIFIER, "objects", {"activation": "tanh"}, None),
    "two": (CLASSIFIER, "two", {"solver": "sgd", "batch_size": 7}, "partial_fit"),
    "truth": (CLASSIFIER, "truth", {**ON, "solver": "gd", "learning_rate_init": 0.5}, "fit"),
    "multilabel": (CLASSIFIER, "multilabel", {**ON, "activation": "logistic"}, "fit"),
    "columns": (
        CLASSIFIER,
        "columns",
        {"activation": ["silu", "gelu"], "hidden_layer_sizes": [3, 2], **ON},
        "fit",
    ),
    "binary_log_loss": (CLASSIFIER, "text", {"loss": "binary_log_loss", "solver": "cg"}, None),
    "balanced": (
        CLASSIFIER,
        "text",
        {"class_weight": "balanced", "solver": "newton", "activation": "softplus", "alpha": 0.5},
        None,
    ),
    "number": (
        REGRESSOR,
        "number",
        {**ON, "dropout": 0.25, "batch_size": 6, "hidden_layer_sizes": (5,)},
        "fit",
    ),
    "numbers": (REGRESSOR, "numbers", {**ON, "solver": "cg", "activation": "tanh"}, "fit"),
    "huber": (REGRESSOR, "number", {**ON, "loss": "huber(0.25)"}, "fit"),
    "quantile": (
        REGRESSOR,
        "number",
        {**ON, "loss": "quantile(0.75)", "solver": "sgd", "nesterovs_momentum": False},
        "fit",
    ),
    "absolute_error": (
        REGRESSOR,
        "number",
        {"loss": "absolute_error", "learning_rate": "one_cycle"},
        "partial_fit",
    ),
    "poisson": (REGRESSOR, "counts", {"loss": "poisson", "weight_decay": 0.01}, None),
    "lbfgs": (REGRESSOR, "number", {**ON, "solver": "lbfgs", "activation": "tanh"}, "fit"),
    "early_stopping": (
        CLASSIFIER,
        "two",
        {
            **ON,
            "early_stopping": True,
            "max_iter": 30,
            "n_iter_no_change": 3,
            "validation_fraction": 0.25,
            "learning_rate_init": 0.1,
        },
        "fit",
    ),
    "n_init": (
        REGRESSOR,
        "number",
        {"n_init": 3, "solver": "sgd", "learning_rate": "adaptive"},
        None,
    ),
    "float32": (CLASSIFIER, "text", {**ON, "activation": "leaky_relu"}, "fit"),
    "blocks": (REGRESSOR, "number", {**ON, "batch_size": 5}, "fit"),
    "assigned": (REGRESSOR, "number", {"hidden_layer_sizes": ()}, "partial_fit"),
}
FILES = (
    "text",
    "multilabel",
    "columns",
    "numbers",
    "huber",
    "quantile",
    "early_stopping",
    "float32",
    "number",
    "lbfgs",
)  # of which there are model files too, with their state
WITHOUT_STATE = ("objects", "balanced", "poisson")

# Trainings of six epochs that Ctrl-C ends in the second.
UNFINISHED: dict[str, tuple[Any, str, dict[str, Any]]] = {
    "adam": (CLASSIFIER, "text", {"batch_size": 5}),
    "sgd": (REGRESSOR, "numbers", {"solver": "sgd", "learning_rate": "cosine"}),
    "early": (CLASSIFIER, "two", {"early_stopping": True, "dropout": 0.25}),
    "rates": (CLASSIFIER, "two", {"dropout": [0.25]}),
    "size": (REGRESSOR, "number", {"hidden_layer_sizes": 3}),
    "sigmoid": (CLASSIFIER, "truth", {"activation": "sigmoid", "solver": "gd"}),
    "starts": (CLASSIFIER, "multilabel", {"n_init": 2, "batch_size": 6}),
    "quasi_newton": (REGRESSOR, "number", {"solver": "lbfgs", "activation": "tanh"}),
    "conjugate": (CLASSIFIER, "columns", {"solver": "cg", "activation": "tanh"}),
    "absolute": (REGRESSOR, "number", {"loss": "absolute_error"}),
}


def rows(name: str) -> Any:
    """X as that model was given it."""
    if name == "blocks":
        return bp.ArrayBlocks(X, NUMBER, rows=10)
    return X.astype(np.float32) if name == "float32" else X


def built(kind: Any, parameters: dict[str, Any], **more: Any) -> Any:
    """The estimator, not fitted yet."""
    parameters = {**SHARED, **parameters, **more}
    if parameters.get("loss") in LOSSES:
        parameters["loss"] = LOSSES[parameters["loss"]]
    return kind(**parameters)


def gone_on(model: Any, name: str, how: str) -> Any:
    """Train a model further, as `MODELS` says."""
    y = TARGETS[MODELS[name][1]]
    return model.fit(rows(name)) if name == "blocks" else getattr(model, how)(rows(name), y)


# --- the answers -------------------------------------------------------------------------------


def answers(model: Any, name: str, y: np.ndarray) -> dict[str, Any]:
    """What a fitted model says, as lists."""
    given = X.astype(np.float32) if name == "float32" else X
    said: dict[str, Any] = {"predict": model.predict(given[:4]).tolist()}
    said["score"] = float(model.score(given, y))
    if hasattr(model, "predict_proba"):
        parts = model.predict_proba(given[:4])
        said["predict_proba"] = (
            [p.tolist() for p in parts] if isinstance(parts, list) else (parts.tolist())
        )
    return said


def plain(value: Any) -> Any:
    """An attribute's value as JSON has it, as far as it is numbers and words."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bp.StopReason):
        return value.name
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def attributes(model: Any) -> dict[str, Any]:
    """Every public attribute that fitting has set."""
    names = {n for n in dir(model) if n.endswith("_") and not n.startswith("_")}
    values = {n: plain(getattr(model, n)) for n in sorted(names) if n not in REPEATED}
    if "found_" in values:
        found = model.found_
        values["found_"] = [found.finding.name, found.gradient_norm, found.smallest_curvature]
    return values


# --- making ------------------------------------------------------------------------------------


def make_models() -> Iterator[tuple[str, dict[str, Any]]]:
    """Write every model, and say what it answers and where it goes."""
    for name, (kind, target, parameters, how) in MODELS.items():
        y = TARGETS[target]
        model = built(kind, parameters)
        model = model.fit(rows(name)) if name == "blocks" else model.fit(rows(name), y)
        if name == "assigned":
            model.coefs_ = [np.array([[0.5], [-0.25], [1.0]])]
        (HERE / f"{name}.pickle").write_bytes(pickle.dumps(model, PROTOCOL))
        if name in (*FILES, *WITHOUT_STATE):
            bp.save(model, HERE / f"{name}.backpass", state=name in FILES, force=True)
        said: dict[str, Any] = {
            "answers": answers(model, name, y),
            "attributes": attributes(model),
        }
        if how is not None:
            said["theta after"] = gone_on(model, name, how).theta_.tolist()
            said["loss_curve after"] = list(model.loss_curve_)
        yield name, said


def ctrl_c(epoch: int) -> Callable[[Any], None]:
    """Interrupt after that epoch, as Ctrl-C does."""

    def callback(progress: Any) -> None:
        if progress.epoch == epoch:
            raise KeyboardInterrupt

    return callback


def make_unfinished() -> Iterator[tuple[str, dict[str, Any]]]:
    """Write a checkpoint of every unfinished training, and say where it goes."""
    for name, (kind, target, parameters) in UNFINISHED.items():
        path = HERE / f"{name}.checkpoint"
        path.unlink(missing_ok=True)
        y, how = TARGETS[target], {"max_iter": 6}
        built(kind, parameters, **how, checkpoint=path, callbacks=ctrl_c(2)).fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "checkpoint")
            copy.write_bytes(path.read_bytes())
            model = built(kind, parameters, **how, checkpoint=copy).fit(X, y)
        whole = built(kind, parameters, **how).fit(X, y)
        assert np.array_equal(model.theta_, whole.theta_), name
        yield name, {"theta": model.theta_.tolist(), "loss_curve": list(model.loss_curve_)}


def objects() -> dict[str, Any]:
    """What else can be pickled and means something by itself."""
    from backpass.schedules import Schedule
    from backpass.targets import Labels

    from backpass.activations import ACTIVATIONS
    from backpass.engine import Dropout
    from backpass.losses import LOSSES as BUILT_IN
    from backpass.solvers import Stop
    from backpass.solvers.first_order import Adam, GradientDescent, Momentum, Nesterov
    from backpass.solvers.stationary import Description, Finding

    net = bp.Network((3, 2, 2), "tanh", bp.huber(0.5))
    theta = (np.arange(net.n_parameters) - 6) / 8
    t = bp.trace(net, theta, X[:3], TARGETS["numbers"][:3], lam=0.5)
    return {
        "network": net,
        "activations": dict(ACTIVATIONS),
        "losses": {**BUILT_IN, **LOSSES},
        "stop_reasons": list(bp.StopReason),
        "stops": list(Stop),
        "labels": [Labels.of(TARGETS["text"]), Labels.indicators(3)],
        "progress": bp.Progress(epoch=3, J=0.5),
        "trace": t,
        "explanation": bp.explain(t, "delta", layer=2, unit=1),
        "gradient_check": bp.check_network(net, theta, X[:3], TARGETS["numbers"][:3]),
        "blocks": bp.ArrayBlocks(X[:4], NUMBER[:4], rows=2),
        "optimizers": [Adam(0.5, 0.75, 1e-8, 0.25), GradientDescent(), Momentum(0.5), Nesterov()],
        "schedule": Schedule("cosine", 0.5, 0.25, 8),
        "dropout": Dropout((0.25, 0.5), 7),
        **{f"table-{name}": bp.load(HERE / f"{name}.backpass") for name in TABLES},
        "description": Description(Finding.SADDLE, 0.25, -1.0, 2.0, 8),
    }


def make_objects() -> dict[str, Any]:
    """Write the objects, and say what the largest of them hold."""
    made = objects()
    for name, value in made.items():
        (HERE / f"object-{name}.pickle").write_bytes(pickle.dumps(value, PROTOCOL))
    t, check, explained = made["trace"], made["gradient_check"], made["explanation"]
    z, y = np.array([[0.5, -2.0], [-0.125, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    return {
        "trace": {"J": float(t.J), "D": t.D[1].tolist(), "delta": t.delta[2].tolist()},
        "gradient_check": {
            "analytic": check.analytic.tolist(),
            "ok": check.ok,
            "method": check.method,
        },
        "explanation": {"value": float(explained.value)},
        "activations": {
            n: [g.g(z).tolist(), g.g_prime(z).tolist()] for n, g in made["activations"].items()
        },
        "losses": {
            n: [e.value(z, y).tolist(), e.delta(z, y).tolist(), e.h(z).tolist()]
            for n, e in made["losses"].items()
        },
    }


# --- every module and its names ------------------------------------------------------------------


def public_names(source: Path) -> list[str]:
    """What a module defines itself at its top, or names in __all__, without an underscore first."""
    found: set[str] = set()
    for node in ast.parse(source.read_text("utf-8")).body:
        found |= _defined(node)
    return sorted(name for name in found if not name.startswith("_"))


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = {t.id for t in targets if isinstance(t, ast.Name)}
    if names == {"__all__"}:
        with suppress(ValueError):
            return set(ast.literal_eval(node.value))  # type: ignore[attr-defined]
    return names if isinstance(node, ast.Assign | ast.AnnAssign) else set()


def modules() -> dict[str, list[str]]:
    """Every module of the package, but those left out."""
    found = {}
    for source in sorted(PACKAGE.rglob("*.py")):
        place = source.relative_to(PACKAGE)
        if not place.as_posix().startswith(LEFT_OUT):
            parts = [p for p in place.with_suffix("").parts if p != "__init__"]
            found[".".join(["backpass", *parts])] = public_names(source)
    return {**found, "backpass": sorted({*bp.__all__} - {"__version__"})}


def write(name: str, values: Any) -> None:
    """Write JSON, a line for each entry."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]
    (HERE / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def main() -> None:
    """Write everything."""
    from backpass.engine import native

    assert bp.__version__ == "0.1.0"
    warnings.simplefilter("ignore")
    expected = {
        "made with": {"numpy": np.__version__, "instruction set": native.instruction_sets()[0]},
        "models": dict(make_models()),
        "unfinished": dict(make_unfinished()),
        "objects": make_objects(),
    }
    flat = {"made with": expected["made with"], "objects": expected["objects"]}
    for part in ("models", "unfinished"):
        flat |= {f"{part}/{name}": said for name, said in expected[part].items()}
    write("expected.json", flat)
    write("names.json", modules())


if __name__ == "__main__":
    main()
