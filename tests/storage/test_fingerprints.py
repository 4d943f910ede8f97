"""Two things have the same fingerprint exactly if they bring about the same numbers."""

import functools
import operator
import random
import subprocess
import sys
import textwrap
import threading
import types

import numpy as np
import pytest
import scipy.sparse
from scipy.special import expit

import backpass as bp
from backpass.activations import ACTIVATIONS
from backpass.losses import LOSSES
from backpass.storage.fingerprints import content_hash, fingerprint

# --- data --------------------------------------------------------------------------------------


def test_arrays_are_told_apart_by_dtype_shape_and_bytes():
    X = np.arange(12.0).reshape(3, 4)
    others = [X.astype(np.float32), X.reshape(4, 3), X + 1e-15, X[:, :0], scipy.sparse.csr_array(X)]
    assert len({fingerprint(other, None) for other in [X, *others]}) == 6
    assert fingerprint(X, None) != fingerprint(None, X)
    assert fingerprint(X) != fingerprint(X, None)


def test_the_order_in_memory_does_not_matter():
    X = np.arange(12.0).reshape(3, 4)
    padded = np.zeros((3, 8))
    padded[:, ::2] = X
    assert fingerprint(X) == fingerprint(np.asfortranarray(X)) == fingerprint(padded[:, ::2])


def csr(**changes):
    parts = {"data": [1.0, 2.0, 3.0], "indices": [0, 2, 1], "indptr": [0, 2, 3], "shape": (2, 3)}
    parts |= changes
    data = np.array(parts["data"], parts.get("dtype", np.float64))
    kind = parts.get("kind", np.int32)
    indices, indptr = (np.array(parts[name], kind) for name in ("indices", "indptr"))
    return scipy.sparse.csr_matrix((data, indices, indptr), shape=parts["shape"])


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": (2, 4)},
        {"data": [1.0, 2.0, 4.0]},
        {"indices": [0, 1, 1]},
        {"indptr": [0, 1, 3]},
        {"dtype": np.float32},
    ],
)
def test_each_part_of_a_sparse_matrix_counts(changes):
    assert fingerprint(csr(**changes)) != fingerprint(csr())


def test_the_type_of_a_sparse_matrix_s_indices_does_not_count():
    wide = csr()
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert fingerprint(wide) == fingerprint(csr())
    assert fingerprint(scipy.sparse.csr_array(csr())) == fingerprint(csr())


def test_the_first_release_s_hash_of_dense_data_is_kept():
    """What it wrote into its checkpoints is still compared."""
    digits = "b07c87b5b2a8e598158caadf02308a064a2770a20789b956ec842137ba595526"
    assert fingerprint(np.ones(3), None) == digits
    assert fingerprint(csr(), None).startswith("csr:")


# --- functions ---------------------------------------------------------------------------------

COMMON = """
import functools, numpy as np
K = 2.0
TABLE = {"a": [1, 2], "b": (np.ones(2), {3})}
def helper(z, scale=1.0):
    return scale * z + K
class Tool:
    offset = 0.5
    def __init__(self, slope): self.slope = slope
    def __call__(self, z): return self.slope * z + self.offset
    def bound(self, z): return z - self.slope
    @staticmethod
    def plain(z): return z + 1
    @property
    def double(self): return 2 * self.slope
def enclosing(s):
    def g(z): return s * z
    return g
def deep(z):
    def inner(z): return helper(z)
    return inner(z)
def recursive(z): return recursive(z - 1) if z > 0 else K
def even(z): return z == 0 or odd(z - 1)
def odd(z): return z != 0 and even(z - 1)
def keyword(z, *, slope=1.0): return slope * z
def tabled(z): return z * TABLE["a"][0]
def listed(z): return [K * part for part in z]
def careful(z):
    try: return z / 2
    except ZeroDivisionError: return K
def attributed(z): return attributed.slope * z
attributed.slope = 3.0
@functools.cache
def cached(z): return K * z
"""
CHOSEN = {
    "a default": ("helper", "scale=1.0", "scale=2.0"),
    "a global": ("helper", "K = 2.0", "K = 3.0"),
    "a global of the same value and another type": ("helper", "K = 2.0", "K = 2"),
    "a constant": ("careful", "z / 2", "z / 3"),
    "an operation": ("careful", "z / 2", "z * 2"),
    "the global of a handler": ("careful", "K = 2.0", "K = 3.0"),
    "what is called from within": ("deep", "scale * z + K", "scale * z - K"),
    "a global of what is called": ("deep", "K = 2.0", "K = 3.0"),
    "the end of a recursion": ("recursive", "else K", "else 0"),
    "a global of a recursion": ("recursive", "K = 2.0", "K = 3.0"),
    "one of two that call each other": ("even", "z != 0 and", "z == 0 and"),
    "a keyword's default": ("keyword", "slope=1.0", "slope=2.0"),
    "an item of a list in a dict": ("tabled", '"a": [1', '"a": [7'),
    "an array in a tuple in a dict": ("tabled", "np.ones(2)", "np.zeros(2)"),
    "an item of a set": ("tabled", "{3}", "{4}"),
    "a global within a comprehension": ("listed", "K = 2.0", "K = 3.0"),
    "an attribute of a function": ("attributed", "slope = 3.0", "slope = 4.0"),
    "what is cached": ("cached", "K * z", "K + z"),
    "a class's attribute": ("Tool(1)", "offset = 0.5", "offset = 0.6"),
    "a method": ("Tool(1)", "self.slope * z", "self.slope - z"),
    "a bound method's object": ("Tool(1).bound", "z - self.slope", "z + self.slope"),
    "a static method": ("Tool.plain", "z + 1", "z + 2"),
    "a property": ("Tool(1)", "2 * self.slope", "3 * self.slope"),
    "a partial's function": ("functools.partial(helper, scale=2)", "K = 2.0", "K = 3.0"),
    "a vectorized function": ("np.vectorize(helper)", "K = 2.0", "K = 3.0"),
}


def built(source, expression):
    space = {"__name__": "mine"}
    exec(textwrap.dedent(source), space)
    return eval(expression, space)


@pytest.mark.parametrize("what", CHOSEN)
def test_a_function_is_known_by_all_that_it_names(what):
    expression, old, new = CHOSEN[what]
    assert old in COMMON
    first, again = built(COMMON, expression), built(COMMON, expression)
    assert content_hash(first) is not None
    assert content_hash(first) == content_hash(again)
    assert content_hash(built(COMMON.replace(old, new), expression)) != content_hash(first)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("enclosing(1)", "enclosing(2)"),
        ("Tool(1)", "Tool(2)"),
        ("Tool(1).bound", "Tool(2).bound"),
        ("functools.partial(helper, 1)", "functools.partial(helper, 2)"),
        ("functools.partial(helper, scale=1)", "functools.partial(helper, scale=2)"),
        ("functools.partial(helper)", "helper"),
        ("np.tanh", "np.sinh"),
        ("np.tanh", "helper"),
        ("abs", "max"),
        ("{1: 2}.get", "{1: 3}.get"),
        ("[1, 2]", "(1, 2)"),
        ("[[1], 2]", "[1, [2]]"),
        ("['ab', 'c']", "['a', 'bc']"),
        ("{1: 2}", "[1, 2]"),
        ("1", "True"),
        ("0.0", "-0.0"),
        ("np.float32(1)", "np.float64(1)"),
        ("np.array(['a', 1], object)", "np.array(['a', 2], object)"),
        ("np.zeros((2, 3))", "np.zeros((3, 2))"),
        ("np.random.RandomState(0)", "np.random.RandomState(1)"),
        ("np.random.default_rng(0)", "np.random.default_rng(1)"),
        ("np.random.PCG64(0)", "np.random.PCG64(1)"),
        ("np.random.PCG64(0)", "np.random.MT19937(0)"),
    ],
)
def test_others_are_others(one, other):
    assert content_hash(built(COMMON, one)) == content_hash(built(COMMON, one))
    assert content_hash(built(COMMON, one)) != content_hash(built(COMMON, other))


def test_a_random_state_that_has_been_drawn_from_is_another():
    drawn = np.random.RandomState(0)
    drawn.rand()
    assert content_hash(drawn) != content_hash(np.random.RandomState(0))


def test_where_a_function_stands_does_not_matter():
    assert content_hash(built("\n\n\n# moved" + COMMON, "deep")) == content_hash(
        built(COMMON, "deep")
    )


def test_a_global_that_is_not_named_does_not_matter():
    assert content_hash(built(COMMON + "\nOTHER = 5", "deep")) == content_hash(
        built(COMMON, "deep")
    )


def test_sets_have_no_order():
    names = [f"name{i}" for i in range(50)]
    shuffled = random.Random(0).sample(names, len(names))
    assert content_hash(set(names)) == content_hash(set(shuffled))


def test_a_module_of_ones_own_is_looked_into(monkeypatch):
    module = types.ModuleType("helpers_of_mine")
    module.slope, module.other = 2.0, 3.0
    monkeypatch.setitem(sys.modules, "helpers_of_mine", module)
    source = "import helpers_of_mine\ndef g(z): return helpers_of_mine.slope * z"
    within = "def g(z):\n    import helpers_of_mine\n    return helpers_of_mine.slope * z"
    before = [content_hash(built(text, "g")) for text in (source, within)]
    module.other = 4.0
    assert [content_hash(built(text, "g")) for text in (source, within)] == before
    module.slope = 5.0
    after = [content_hash(built(text, "g")) for text in (source, within)]
    assert not set(before) & set(after)


def test_a_library_is_known_by_its_name():
    def mine(z):
        return np.clip(np.tanh(z), 0, 1) + expit(z) + operator.neg(z) + bp.sigmoid(z)

    assert content_hash(mine) is not None
    assert content_hash(np.clip) == content_hash(np.clip) != content_hash(np.where)
    assert content_hash(ACTIVATIONS["relu"]) != content_hash(ACTIVATIONS["tanh"])
    assert content_hash(LOSSES["log_loss"]) is not None


def test_what_the_library_builds_is_known_by_its_parameter():
    first, second = bp.huber(1.0), bp.huber(2.0)
    assert content_hash(first.value) != content_hash(second.value)
    assert content_hash(bp.quantile(0.2).delta) != content_hash(bp.quantile(0.8).delta)


def with_a_lock():
    lock = threading.Lock()
    return lambda z: z if lock else -z


def test_what_cannot_be_looked_into_has_no_fingerprint():
    def f(z):
        return z

    class Silent:
        def __reduce_ex__(self, protocol):
            return "SILENT"

    strange = [
        threading.Lock(),
        (i for i in range(3)),
        np.frompyfunc(f, 1, 1),
        with_a_lock(),
        Silent(),
        types.ModuleType("of_mine"),
    ]
    assert [content_hash(thing) for thing in strange] == [None] * len(strange)
    nested = []
    for _ in range(100_000):
        nested = [nested]
    assert content_hash(nested) is None


def test_a_hash_is_the_same_in_another_process(tmp_path):
    program = (
        COMMON
        + """
from backpass.storage.fingerprints import content_hash
for thing in (deep, Tool(1), even, enclosing(2), cached, {"x", "y"}, functools.partial(helper)):
    print(content_hash(thing))
"""
    )
    (tmp_path / "told.py").write_text(program)
    runs = [
        subprocess.run(
            [sys.executable, "told.py"], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    assert "None" not in runs[0]
    assert len(set(runs[0].split())) == 7


def test_what_is_referred_to_twice_is_looked_into_once():
    tree = functools.reduce(lambda below, _: (below, below), range(60), ("leaf",))
    assert content_hash(tree) is not None  # 2^60 leaves
