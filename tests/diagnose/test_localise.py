"""What is said of the halves of an answer, as far as nothing explains them."""

from dataclasses import replace

from backpass.diagnose.convention import Convention
from backpass.diagnose.localise import halves
from by_convention import SETTINGS, UNEQUAL, observation


def seen_of(setting, *edits):
    return observation(setting.mutant(*edits), setting.probes(UNEQUAL[3]), setting.has_lam)


def test_a_half_is_known_by_its_name_not_by_identity():
    seen = seen_of(SETTINGS[0], ("return J, dW, db", "return J, [np.sin(9 * D) for D in dW], db"))
    copy = replace(seen.D)
    sentences = list(halves(seen.responses, [copy]))
    assert sentences[0] == "J: all of it is right."
    assert any("only the bias column is right" in sentence for sentence in sentences)


def test_nothing_is_said_where_everything_is_explained():
    seen = seen_of(SETTINGS[0])
    assert list(halves(seen.responses, [])) == []


def test_who_has_no_lam_and_no_bias_hears_of_neither():
    setting = replace(SETTINGS[4], convention=Convention("1", lam_J="0", bias=False))
    seen = seen_of(setting, ("return J, dW, db", "return J + 1, [np.sin(9 * D) for D in dW], db"))
    text = " ".join(halves(seen.responses, seen.responses))
    assert "λ" not in text
    assert "bias" not in text
    assert "J is wrong" in text
