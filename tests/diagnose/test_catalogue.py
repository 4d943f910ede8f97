"""The catalogue: its kinds of mistakes, and what is said of each."""

import pytest

import backpass as bp
from backpass.diagnose.catalogue import COMMON, catalogue, is_common
from backpass.diagnose.convention import Convention
from backpass.diagnose.family import Family
from backpass.diagnose.mistakes import (
    accumulate,
    back,
    columns,
    cost,
    decay,
    delta,
    forward,
    labels,
    means,
)
from backpass.diagnose.probes import families
from backpass.losses import LOSSES, find_loss
from by_convention import (
    HINGE,
    SQUARES_BEHIND_SIGMOID,
    SQUARES_BEHIND_SOFTMAX,
    SQUARES_BEHIND_TANH,
)

OWN = [SQUARES_BEHIND_SIGMOID, SQUARES_BEHIND_TANH, SQUARES_BEHIND_SOFTMAX, HINGE]
NETWORKS = [
    bp.Network(sizes, hidden, loss)
    for loss in [*LOSSES, *OWN]
    for hidden, sizes in (("tanh", (4, 5, 5, 3)), ("logistic", (4, 3, 2)), ("relu", (4, 3, 2)))
]


def test_every_beginning_that_is_said_to_be_common_is_that_of_a_mistake():
    of_steps = catalogue(NETWORKS[0], is_step=True)
    names = {entry.what for net in NETWORKS for entry in (*catalogue(net), *of_steps)}
    assert [start for start in COMMON if not any(name.startswith(start) for name in names)] == []
    assert 0 < sum(is_common(entry) for entry in catalogue(NETWORKS[0])) < len(names)


# Slot -> its variants by name, the right one first; δ^(L) with the hidden slope needs the network.
TABLES = {
    "bias": forward.AFFINE,
    "bias_sum": accumulate.BIAS_SUM,
    "cost": {"right": None, **cost.COST},
    "cost_times": means.TIMES,
    "back": back.BACK,
    "delta": delta.DELTA,
    "delta_bias": accumulate.WITH_BIAS,
    "delta_product": accumulate.ACCUMULATE,
    "examples": accumulate.EXAMPLES,
    "inputs": forward.INPUTS,
    "labels": labels.LABELS,
    "lam": {"right": None, **decay.PHI},
    "penalty": decay.PENALTY,
    "start": accumulate.START,
    "units": columns.UNITS,
}


@pytest.mark.parametrize("slot", TABLES)
def test_every_variant_is_somebody_s_mistake_and_every_mistake_has_its_variant(slot):
    entries = [entry for net in NETWORKS for entry in catalogue(net)]
    items = [item for e in entries for recipe in e.flavours for item in recipe.items()]
    shared = {"delta_units": "units", "D_columns": "units"}
    used = {variant for (name, *_), variant in items if shared.get(name, name) == slot}
    right, *wrong = TABLES[slot]
    assert used - {"hidden slope"} == set(wrong)
    assert right not in used


@pytest.mark.parametrize("loss", LOSSES)
def test_every_recipe_gives_two_parts_or_cannot_be_carried_out(loss):
    probe = next(families(4, None, "logistic", find_loss(loss)))[0]
    family, size = Family(probe), 2 * probe.net.n_parameters
    for entry in catalogue(probe.net):
        for flavour in entry.flavours:
            J, D = family.J(flavour), family.D(flavour)
            assert J.shape == (2,)
            longer = any(
                name == "back" and "kept" in variant for (name, *_), variant in flavour.items()
            )
            assert D.shape == (size,) or longer


@pytest.mark.parametrize("mean", ["1/m", "1", "1/mK"])
@pytest.mark.parametrize("is_step", [False, True])
def test_where_there_is_no_lam_no_mistake_speaks_of_it(mean, is_step):
    convention = Convention(mean=mean, lam_J="0")
    for net in (
        *NETWORKS,
        bp.Network((3, 4, 4, 2), "relu", "squared_error"),
        bp.Network((4, 4, 3)),
    ):
        for entry in catalogue(net, convention, is_step):
            said = " ".join((entry.what, entry.place, entry.wrong, entry.right))
            assert "λ" not in said, said
            assert "lambda" not in said.lower(), said
