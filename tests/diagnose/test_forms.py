"""Code in the forms in which people write it is called as it wants, and judged by what it means."""

from __future__ import annotations

import importlib.util
import json
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from pieces import HEAD, PIECES
from trained_pieces import TRAINED

from backpass.diagnose import check_backprop
from backpass.diagnose.subject.subject import LocalSubject

ALL = {**PIECES, **TRAINED}
CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "learners"


def built(tmp_path, name, edits=()):
    """The entries of a piece, from a file, as people have them."""
    piece = ALL[name]
    source = HEAD + piece.source
    for old, new in edits:
        assert old in source
        source = source.replace(old, new)
    path = tmp_path / "piece.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("piece", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    entries = [getattr(module, entry) for entry in piece.entries]
    return entries[0] if len(entries) == 1 else entries


@pytest.mark.parametrize("name", ALL)
def test_a_right_piece_is_right_by_its_own_convention(name, tmp_path):
    diagnosis = check_backprop(built(tmp_path, name))
    assert diagnosis.ok, str(diagnosis)
    assert not diagnosis.mistakes
    assert "gradient" in diagnosis.returned
    if "J" in diagnosis.returned:
        assert diagnosis.derivative


BROKEN = [(name, edit) for name, piece in ALL.items() for edit in piece.edits]


@pytest.mark.parametrize(("name", "edit"), BROKEN, ids=[f"{n}: {e[2]}" for n, e in BROKEN])
def test_a_mistake_is_named_relative_to_the_convention(name, edit, tmp_path):
    old, new, pattern = edit
    diagnosis = check_backprop(built(tmp_path, name, [(old, new)]))
    assert not diagnosis.ok, str(diagnosis)
    texts = [" ".join(map(str, vars(mistake).values())) for mistake in diagnosis.mistakes]
    assert any(re.search(pattern, text) for text in texts), str(diagnosis)
    if diagnosis.derivative is not None:
        assert not diagnosis.derivative


def test_functions_say_what_they_are_by_keyword(tmp_path):
    forward, cost, gradient = built(tmp_path, "three functions that hand things on")
    assert check_backprop(forward=forward, cost=cost, gradient=gradient).ok


def test_strict_holds_a_function_to_the_notes(tmp_path):
    net = built(tmp_path, "rows, weights and biases apart, gradients in a tuple")
    assert check_backprop(net).ok
    assert not check_backprop(net, strict=True).ok


def test_an_instance_is_checked_with_its_own_sizes(tmp_path):
    net = built(tmp_path, "a class for one example at a time")((4, 3, 2))
    assert check_backprop(net, sizes=(4, 3, 2)).ok


def test_arguments_that_are_changed_in_place_stay_somebody_elses(tmp_path):
    step = built(tmp_path, "a training step without biases")
    weights = np.ones((2, 3)), np.ones((3, 2))
    assert check_backprop(step).ok
    np.testing.assert_array_equal(weights[0], np.ones((2, 3)))


def test_a_program_keeps_its_arrays_and_says_what_was_changed():
    def doubles(a):
        a *= 2

    a = np.ones(3)
    (answer,) = LocalSubject({"f": doubles}).run([{"do": "call", "what": "f", "args": [a]}])
    np.testing.assert_array_equal(a, 1.0)
    np.testing.assert_array_equal(answer["after"][0], 2.0)


def test_what_a_function_prints_is_not_kept():
    def talks():
        for _ in range(64):
            print("#" * 1_000_000)
        return 1.0

    subject = LocalSubject({"f": talks})
    tracemalloc.start()
    (answer,) = subject.run([{"do": "call", "what": "f"}])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer["value"] == 1.0
    assert most < 8_000_000


def test_the_learners_names_are_used(tmp_path):
    name = "columns, parameters in a dictionary, three layers of weights"
    edit = ('grads["dW%d" % l] = d @ below.T', 'grads["dW%d" % l] = d @ below.T * (1 + (l == 2))')
    text = str(check_backprop(built(tmp_path, name, [edit])))
    assert "dW2" in text
    assert "Θ" not in text
    assert "λ" not in text


# --- the handed cases --------------------------------------------------------------------------


def handed():
    """The manifest of the cases, where they are on this machine."""
    if not (CASES / "manifest.json").exists():
        return []
    return json.loads((CASES / "manifest.json").read_text())


def said(text):
    return text.lower().replace("′", "'").replace("−", "-")


@pytest.mark.skipif(not CASES.exists(), reason="the handed cases are not on this machine")
@pytest.mark.parametrize("case", handed(), ids=lambda case: case["file"])
def test_a_handed_case_is_judged_as_its_manifest_says(case):
    spec = importlib.util.spec_from_file_location(case["file"][:-3], CASES / case["file"])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = [case["entry"]] if isinstance(case["entry"], str) else case["entry"]
    entries = [getattr(module, name) for name in names]
    diagnosis = check_backprop(entries[0] if len(entries) == 1 else tuple(entries))
    assert diagnosis.ok == case["right"], str(diagnosis)
    texts = [said(" ".join(map(str, vars(mistake).values()))) for mistake in diagnosis.mistakes]
    for mistake in case["mistakes"]:
        assert any(re.search(w, text) for w in mistake["words"] for text in texts), str(diagnosis)
