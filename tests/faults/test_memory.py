"""Training needs little memory beyond the data, and with a Parquet folder not even the data's."""

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

FIT = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, backpass as bp

def mib(what):
    line = [line for line in open("/proc/self/status") if line.startswith(what)][0]
    return int(line.split()[1]) / 1024

draw = np.random.default_rng(0)
X = draw.standard_normal((200_000, 64), dtype=np.float32)
y = X[:, 0] > 0 if sys.argv[1] == "MLPClassifier" else X[:, 0]
model = getattr(bp, sys.argv[1])(
    hidden_layer_sizes=(256, 256), solver="lbfgs", max_iter=1, random_state=0
)
before = mib("VmRSS")
model.fit(X, y)
assert model.n_iter_ == 1
print(mib("VmHWM") - before)
"""

MEMBERS = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np, backpass as bp

def mib(what):
    line = [line for line in open("/proc/self/status") if line.startswith(what)][0]
    return int(line.split()[1]) / 1024

def table(rows):
    draw = np.random.default_rng(0)
    numbers = {f"n{k}": draw.normal(size=rows) for k in range(16)}
    kinds = {f"c{k}": np.array([*"abcdefgh"])[draw.integers(0, 8, rows)] for k in range(4)}
    return numbers | kinds, np.sin(numbers["n0"]) + (kinds["c0"] > "d")

member = {"max_epochs": 2}  # a member's memory does not depend on how many there are
bp.TabularRegressor(n_members=1, member=member, random_state=0).fit(*table(500))
X, y = table(int(sys.argv[1]))
before = mib("VmRSS")
model = bp.TabularRegressor(n_members=int(sys.argv[2]), member=member, random_state=0).fit(X, y)
assert len(model.members_) == int(sys.argv[2])
print(mib("VmHWM") - before)
"""


def write_folder(folder, files, rows=100_000):
    """Files of 64 columns of float32, in one row group each."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    draw = np.random.default_rng(0)
    for number in range(files):
        X = draw.normal(size=(rows, 64)).astype(np.float32)
        frame = pandas.DataFrame(X, columns=[f"c{i}" for i in range(64)])
        frame = frame.assign(y=(X[:, 0] > 0).astype(np.int8))
        frame.to_parquet(
            folder / f"part-{number:03}.parquet", compression=None, row_group_size=rows
        )


def peak_mib(folder, solver):
    """The most that the process had itself: getrusage would count its parent's memory too."""
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, folder, solver], check=True, capture_output=True, text=True
    )
    return int(done.stdout)


ONLY_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux says how much a process had"
)


@ONLY_LINUX
@pytest.mark.parametrize(
    "estimator", ["MLPClassifier", pytest.param("MLPRegressor", marks=pytest.mark.long)]
)
def test_lbfgs_adds_little_to_the_data(estimator):
    """200,000 × 64 are 49 MiB; the activations of two layers of 256 units would be 390 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", FIT, estimator], check=True, capture_output=True, text=True
    )
    assert float(done.stdout) <= 64


@ONLY_LINUX
@pytest.mark.parametrize(
    ("rows", "members", "most"),
    [
        (50_000, 16, 300),
        pytest.param(1_000_000, 4, 1500, marks=pytest.mark.long),
    ],
)
def test_a_fit_of_members_adds_little_to_the_table(rows, members, most):
    """50,000 rows of 20 columns as four forms share them are 42 MiB, and their floats 8 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", MEMBERS, f"{rows}", f"{members}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert float(done.stdout) <= most


@ONLY_LINUX
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_peak_memory(tmp_path, solver):
    write_folder(tmp_path, SHORT)
    assert peak_mib(tmp_path, solver) < 400


@pytest.mark.night
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_peak_memory_of_6_gb(tmp_path, solver):
    write_folder(tmp_path, LONG)
    assert peak_mib(tmp_path, solver) < 400


@pytest.mark.long
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_peak_memory_of_large_row_groups(tmp_path, solver):
    """A row group of a million rows, 256 MB, is read page by page."""
    write_folder(tmp_path, 2, rows=1_000_000)
    assert peak_mib(tmp_path, solver) < 400
