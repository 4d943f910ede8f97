"""The checkpoint of a command: what makes its training what it is, in the command's own words."""

from __future__ import annotations

import os

from ..experiment.ready import PreparedTable
from ..experiment.settings import Settings
from ..storage.fingerprints import content_hash
from ..training.checkpoints import RetainedFolder, RetainedPath, run_identity
from .option_names import OPTIONS

# A part of a training's identity -> how it is asked for on the command line.
ASKED_AS = {
    **{parameter: f"--{option}" for parameter, option in OPTIONS.items()},
    "target": "--target",
    "test_size": "--test-size",
    "dtype": "--dtype",
    "estimator": "the kind of model",
    "data": "rows to learn from",
    "validation data": "rows for validation",
    "preprocessing": "columns, or how they are read,",
    "labels": "classes",
}


def hold(
    path: str | os.PathLike[str], data: PreparedTable, settings: Settings
) -> RetainedPath | RetainedFolder:
    """Make the checkpoint that is kept until the model and the report are written."""
    if settings.tabular:
        return RetainedFolder(path, settings.every)
    asked = {
        "target": data.target.name,
        "test_size": settings.test_size,
        "dtype": settings.dtype,
    }
    read = str(content_hash(data.preprocessing.to_arrays()))
    return RetainedPath(path, run_identity(asked, preprocessing=read), ASKED_AS)
