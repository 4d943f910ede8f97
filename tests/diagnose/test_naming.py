"""Mistakes told by the learner's names."""

import re

import pytest

import backpass as bp
from backpass.diagnose.catalogue import catalogue
from backpass.diagnose.convention import Convention
from backpass.diagnose.diagnosis import Mistake
from backpass.diagnose.mistakes.naming import NOTES, Naming

LEARNER = Naming(
    ("W1", "W2", "W3"),
    ("b1", "b2", "b3"),
    ("dW1", "dW2", "dW3"),
    ("db1", "db2", "db3"),
    lam="reg",
    rate="lr",
    y="labels",
)
NETWORKS = [
    bp.Network((4, 4, 4, 4), hidden, loss)
    for hidden, loss in (("relu", "log_loss"), ("logistic", "binary_log_loss"))
]


def everything():
    for net in NETWORKS:
        for lam_J in ("1/2m", "1/2", "1"):
            for entry in catalogue(net, Convention(lam_J=lam_J)):
                yield Mistake(f"gradient, {entry.place}", entry.what, entry.right, entry.wrong)


def test_the_notes_names_leave_every_word():
    assert all(NOTES.told(mistake) == mistake for mistake in everything())


def test_no_symbol_of_the_notes_is_left_for_what_has_a_name():
    for mistake in everything():
        told = LEARNER.told(mistake)
        for text in (told.where, told.what):
            assert not re.search(r"Θ|λ|[DΔ]\^|α", text), text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Θ^(1) instead of Θ^(2) on the way back", "W1 instead of W2 on the way back"),
        ("gradient, bias column of D^(1)", "gradient, db1"),
        ("gradient, bias column of Δ^(2)", "gradient, db2"),
        ("gradient, weights of D^(3)", "gradient, dW3"),
        ("gradient, D^(2)", "gradient, dW2 and db2"),
        ("weights of D, all layers", "dW1, dW2, dW3, all layers"),
        ("λ/2m where λ/m is right", "reg/2m where reg/m is right, half as much"),
        ("2λ where λ is right", "2·reg where reg is right, twice as much"),
        ("λ term of Θ^(2)", "weight decay of W2"),
        ("sign of the λ term", "sign of the weight decay"),
        ("λ ignored", "reg ignored: the weight decay is missing"),
    ],
)
def test_texts(text, told):
    assert LEARNER.text(text) == told


def test_matrices_with_their_bias_column_keep_it():
    naming = Naming(("Theta1", "Theta2"))
    assert naming.text("gradient, bias column of D^(2)").endswith(
        "the bias column of the gradient of Theta2"
    )
    assert naming.text("λ ignored") == "λ ignored"
