"""Optional dependencies: each is imported where it is first needed, or its extra is named."""

from __future__ import annotations

import importlib
from typing import Any

from .errors import MissingExtra

# Module -> the extra that brings it.
EXTRAS = {
    "charset_normalizer": "data",
    "clevercsv": "data",
    "dask": "dask",
    "distributed": "dask",
    "jinja2": "plot",
    "matplotlib": "plot",
    "mlxtend": "data",
    "onnx": "onnx",
    "openpyxl": "excel",
    "pandas": "data",
    "plotly": "plot",
    "pyarrow": "data",
    "skl2onnx": "onnx",
    "starlette": "studio",
    "uvicorn": "studio",
    "zstandard": "data",
}


def optional(module: str, purpose: str) -> Any:
    """Import a module of an extra; `purpose` begins the sentence that is said without it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise MissingExtra(
            f"{purpose} needs {package}: pip install 'backpass[{EXTRAS[package]}]'."
        ) from None
