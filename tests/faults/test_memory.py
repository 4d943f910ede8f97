"""Training on a Parquet folder needs the memory of a window, not of the data."""

import subprocess
import sys

import numpy as np
import pytest

SHORT, LONG = 3, 230  # files of 26 MB each: 80 MB and 6 GB

TRAIN = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, backpass as bp
folder, solver = sys.argv[1:]
blocks = bp.ParquetBlocks(folder, "y")
model = bp.MLPClassifier((32,), solver=solver, max_iter=1, batch_size=256, random_state=0)
model.fit(blocks)
assert np.isfinite(model.theta_).all()
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
print(int(peak.split()[1]) // 1024)
"""


def write_folder(folder, files):
    """Files of 100,000 × 64 float32 in one row group each."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    draw = np.random.default_rng(0)
    for number in range(files):
        X = draw.normal(size=(100_000, 64)).astype(np.float32)
        frame = pandas.DataFrame(X, columns=[f"c{i}" for i in range(64)])
        frame = frame.assign(y=(X[:, 0] > 0).astype(np.int8))
        frame.to_parquet(folder / f"part-{number:03}.parquet", compression=None)


def peak_mib(folder, solver):
    """The most that the process had itself: getrusage would count its parent's memory too."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, folder, solver], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much a process had")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_peak_memory(tmp_path, solver):
    write_folder(tmp_path, SHORT)
    assert peak_mib(tmp_path, solver) < 400


@pytest.mark.long
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_peak_memory_of_6_gb(tmp_path, solver):
    write_folder(tmp_path, LONG)
    assert peak_mib(tmp_path, solver) < 400
