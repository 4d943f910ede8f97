"""The package itself: what importing it loads, who imports whom, and how it travels elsewhere."""

import ast
import copy
import importlib.metadata
import pickle
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

import backpass as bp
from backpass import losses

ROOT = Path(__file__).parents[1]
COMPILED = {"backpass.engine._native"}  # it imports nothing of the package
HEAVY = ("scipy", "sklearn", "pandas", "matplotlib", "threadpoolctl")


def test_importing_the_package_loads_numpy_only():
    code = f"import sys, backpass; print([name for name in {HEAVY} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def modules(folder):
    """Name -> file of every module of a package, the package itself among them."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name, path, known):
    """Modules that a module imports: at its top, in its functions, and for its types alone."""
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            home = ".".join([*above, *(node.module or "").split(".")]).strip(".")
            inner = {f"{home}.{alias.name}" for alias in node.names} - COMPILED
            yield from (one if one in known else home for one in inner if home in known)


def circles(folder):
    """Sets of modules that import each other."""
    known = modules(folder)
    place = {name: k for k, name in enumerate(known)}
    graph = np.zeros((len(known), len(known)), dtype=bool)
    for name, path in known.items():
        for other in imported(name, path, known):
            graph[place[name], place[other]] = name != other
    _, labels = connected_components(graph, connection="strong")
    names = np.array(list(known))
    groups = [names[labels == label].tolist() for label in range(labels.max() + 1)]
    return [group for group in groups if len(group) > 1]


def test_no_module_imports_itself_in_a_circle():
    assert circles(ROOT / "src" / "backpass") == []


@pytest.mark.parametrize(
    "back",
    [
        "from .one import a",
        "def late():\n    from . import one",
        "import typing\nif typing.TYPE_CHECKING:\n    from pack.one import a",
        "import pack.one",
        "from .deep import inner",
        "from .deep.inner import c",
    ],
)
def test_a_circle_of_imports_is_seen(tmp_path, back):
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    files = {
        "__init__": "from .one import a",
        "one": "from .two import b\na = b",
        "two": f"{back}\nb = 1",
        "deep/__init__": "",
        "deep/inner": "from ..one import a\nc = a",
    }
    for name, text in files.items():
        (tmp_path / "pack" / f"{name}.py").write_text(text)
    (circle,) = circles(tmp_path / "pack")
    inner = ["pack.deep.inner"] if "deep" in back else []
    assert circle == [*inner, "pack.one", "pack.two"]


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


def test_type_checkers_see_every_public_name_where_it_is():
    stub = ast.parse((ROOT / "src" / "backpass" / "__init__.pyi").read_text("utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom) and node.level == 1]
    seen = {alias.name: node.module for node in imports for alias in node.names}
    (exported,) = [node.value for node in stub.body if isinstance(node, ast.Assign)]
    assert seen == bp._HOME
    assert sorted(ast.literal_eval(exported)) == sorted(bp.__all__)
