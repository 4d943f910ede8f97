"""The package itself: what importing it loads, and how it travels to other processes."""

import copy
import importlib.metadata
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import cloudpickle
import pytest

import backpass as bp
from backpass import losses

ROOT = Path(__file__).parents[1]
HEAVY = ("scipy", "sklearn", "pandas", "matplotlib", "threadpoolctl")


def test_importing_the_package_loads_numpy_only():
    code = f"import sys, backpass; print([name for name in {HEAVY} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_package_is_pickled_and_copied_as_a_reference():
    assert pickle.loads(pickle.dumps(bp)) is bp
    assert copy.deepcopy(bp) is bp


# As joblib, Dask, Ray and Spark send them: by value, and what they name with them.
SENT = """
import pickle, sys
import cloudpickle
import backpass
import backpass as bp
import backpass.losses
from backpass import losses

def version():
    return bp.__version__

def loss_of_two(y):
    return backpass.losses.find_loss("squared_error").name, losses.huber(y).parameter

def maker(units):
    def inner():
        return bp.Network((2, units, 1)).n_parameters
    return inner

class Holder:
    package = bp
    def names(self):
        return self.package.trace.__name__, self.package.Network.__name__

sent = (version, loss_of_two, maker(3), Holder())
sys.stdout.buffer.write(cloudpickle.dumps(sent))
"""
RECEIVED = """
import pickle, sys
version, loss_of_two, inner, holder = pickle.load(sys.stdin.buffer)
print([version(), loss_of_two(2.0), inner(), holder.names()])
"""


def test_functions_that_mention_the_package_can_be_sent_to_another_process():
    sent = subprocess.run([sys.executable, "-c", SENT], capture_output=True, check=True)
    there = [sys.executable, "-c", RECEIVED]
    told = subprocess.run(there, input=sent.stdout, capture_output=True, check=True)
    expected = [bp.__version__, ("squared_error", 2.0), 13, ("trace", "Network")]
    assert told.stdout.decode().strip() == repr(expected)


def test_a_local_function_that_mentions_the_package_goes_to_a_worker_and_back():
    def parameter():
        return bp.Network((1, 1)).n_parameters, losses.quantile(0.25).parameter

    assert pickle.loads(cloudpickle.dumps(parameter))() == (2, 0.25)


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def citation():
    yaml = pytest.importorskip("yaml", reason="PyYAML comes with Dask")
    return yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


def test_one_place_says_the_version():
    cited = citation()
    assert str(cited["version"]) == bp.__version__ == importlib.metadata.version("backpass")
    assert "version" not in project()
    assert "version" in project()["dynamic"]
    assert f"## {bp.__version__}\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_citation_and_the_package_agree():
    cited = citation()
    assert cited["license"] == project()["license"]
    holder = re.search(r"Copyright \(c\) \d+, (.*)", (ROOT / "LICENSE").read_text("utf-8"))
    assert [author["name"] for author in cited["authors"]] == [holder[1]]  # type: ignore[index]
