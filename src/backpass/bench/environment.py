"""The environment of a candidate's process: threads, and the instruction set for everybody."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# How each library is held to AVX2. onnxruntime has no such switch.
AVX2 = {
    "BACKPASS_ISA": "v3",
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    # XLA's own code, and no YNNPACK, which looks at the processor by itself.
    "XLA_FLAGS": "--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=",
}
WITHOUT_A_SWITCH = ("onnxruntime",)

# A core type that somebody has set, or a cache size meant for another one, slows OpenBLAS down.
_STEERING = {*AVX2, *THREADS, "OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES"}


def worker_environment(
    threads: int, isa: str = "native", base: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return what a candidate's process is started with; `isa` is "native" or "avx2"."""
    environment = {key: value for key, value in base.items() if key not in _STEERING}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    environment |= dict.fromkeys(THREADS, str(threads))
    if isa == "avx2":
        environment |= AVX2
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(_numpy_avx512())
    return environment


def own_environment(threads: int, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what our own process is started with: as its user has it, but for the threads."""
    path = os.pathsep.join(path for path in sys.path if path)
    return {**base, **dict.fromkeys(THREADS, str(threads)), "PYTHONPATH": path}


def _numpy_avx512() -> list[str]:
    """NumPy's own names for what this processor has beyond AVX2."""
    core = importlib.import_module("numpy._core._multiarray_umath")
    running = [name for name in core.__cpu_dispatch__ if core.__cpu_features__.get(name)]
    return [name for name in running if "512" in name or name == "X86_V4"]


def usable_cpus() -> int:
    """How many processors this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stay_on(threads: int) -> None:
    """Keep this process to that many processors, for libraries that take all they find."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
