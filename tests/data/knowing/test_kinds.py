"""Kinds, and wishes about them."""

from __future__ import annotations

import pytest

from backpass.data.knowing.kinds import Kind, Wishes
from backpass.errors import InvalidInput


def test_a_wish_names_a_kind_by_its_word():
    wishes = Wishes(kinds={"a": "category", "b": Kind.DATE}, ignore=["c", "a"])
    assert [wishes.kind_of(name) for name in "abcd"] == ["ignored", "date", "ignored", None]


@pytest.mark.parametrize("kind", ["constant", "duplicate", "numbr"])
def test_some_kinds_cannot_be_wished(kind):
    with pytest.raises(InvalidInput, match=f"Column 'a' is wished to be '{kind}'; .* number"):
        Wishes(kinds={"a": kind}).kind_of("a")


@pytest.mark.parametrize(
    "wishes",
    [Wishes(("pirce",)), Wishes(kinds={"pirce": "number"}), Wishes(ignore=["pirce"])],
)
def test_a_wish_about_no_column_names_the_one_that_may_be_meant(wishes):
    with pytest.raises(InvalidInput, match=r"no column 'pirce'; did you mean 'price'\?"):
        wishes.check(["price", "area"])
    with pytest.raises(InvalidInput, match="the columns are 'b'"):
        wishes.check(["b"])
    wishes.check(["pirce"])


@pytest.mark.parametrize("order", ["dmy", "mdy", "ymd", "", "%d/%m/%Y"])
def test_dates_have_orders_and_patterns(order):
    Wishes(date_format=order).check([])
    with pytest.raises(InvalidInput, match="'dd/mm' is no format of dates; dmy"):
        Wishes(date_format="dd/mm").check([])
