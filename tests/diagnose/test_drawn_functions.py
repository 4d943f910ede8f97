"""No right function is called wrong: drawn over forms, depths, activations and conventions."""

import pytest
from drawn_functions import draw

from backpass.diagnose import check_backprop

LONG = pytest.param(range(20, 150), marks=pytest.mark.long, id="many")
NIGHT = pytest.param(range(150, 1000), marks=pytest.mark.night, id="thousand")


@pytest.mark.parametrize("seeds", [pytest.param(range(20), id="twenty"), LONG, NIGHT])
def test_no_right_function_is_called_wrong(seeds):
    wrong = {}
    for seed in seeds:
        drawn, names = draw(seed), {"__name__": "drawn"}
        exec(drawn.source, names)
        diagnosis = check_backprop(names[drawn.entry])
        if not (diagnosis.ok and "gradient" in diagnosis.returned):
            wrong[seed] = f"{drawn.words}: {diagnosis}"
    assert not wrong
