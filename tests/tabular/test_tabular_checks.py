"""scikit-learn's estimator checks: all pass, but for the two that weigh and repeat rows alike."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import backpass as bp

# Quantiles, folds and orders of rows are drawn over rows, as those of its own boosted trees are.
UNEQUAL = dict.fromkeys(
    [
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    ],
    "a row of weight 2 is one row where bins, folds and batches are made",
)


@pytest.mark.filterwarnings("default")
@parametrize_with_checks(
    [
        bp.TabularClassifier(n_members=2, random_state=0),
        bp.TabularRegressor(n_members=2, random_state=0),
    ],
    expected_failed_checks=lambda estimator: UNEQUAL,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
