"""What a column's name says."""

from __future__ import annotations

import pytest

from backpass.data.knowing import names


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PassengerId", {"says_id"}),
        ("patient", {"says_person"}),
        ("patient_id", {"says_id", "says_person"}),
        ("Customer No", {"says_person"}),
        ("customer_age", {"says_time"}),
        ("zip", {"says_code"}),
        ("zip_mean", set()),
        ("productCode", {"says_code"}),
        ("birth day", {"says_time", "says_date"}),
        ("", set()),
        ("rooms", set()),
        ("users", set()),
        ("width", set()),
        ("id", {"says_id"}),
        ("index", {"says_id"}),
        ("x", {"is_variable"}),
        ("x1", {"is_variable"}),
        ("x_10", {"is_variable"}),
        ("t", {"is_variable", "says_time"}),
        ("x_mean", set()),
        ("1", set()),
        ("price_index", set()),
        ("number", set()),
    ],
)
def test_a_name_says_what_its_words_say(name, said):
    heard = ("says_id", "says_person", "says_code", "says_time", "says_date", "is_variable")
    assert {each for each in heard if getattr(names, each)(name)} == said
