"""What somebody may wish of epochs: one number, one a member, one a member by parting."""

import numpy as np
import pytest

from backpass.errors import InvalidInput
from backpass.tabular.epochs import EpochsWished


@pytest.mark.parametrize(
    ("wished", "by_member", "together"),
    [(None, False, None), (7, False, None), ([7, 8], True, None), ([[7, 8], [9]], True, 2),
     (np.array([7, 8]), True, None), ((7, 8), True, None)],
)  # fmt: skip
def test_each_form_says_what_it_says(wished, by_member, together):
    epochs = EpochsWished(wished)
    assert (epochs.by_member, epochs.together) == (by_member, together)
    if by_member:
        assert [epochs.of(0), epochs.of(1)] == [7, 8]
        with pytest.raises(InvalidInput, match="member 3 has none in"):
            epochs.of(3)


@pytest.mark.parametrize("wished", [1.5, "12", [1.5], [[2, "a"]], [None], {"a": 2}])
def test_what_is_no_number_of_epochs_is_refused(wished):
    with pytest.raises(InvalidInput, match="max_epochs of member is a number, a list"):
        EpochsWished(wished)
