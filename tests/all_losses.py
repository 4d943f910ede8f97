"""Every loss, those with a parameter several times: what all tests of losses draw from."""

from __future__ import annotations

from backpass.losses import LOSSES, huber, quantile

# Thresholds that residuals lie on both sides of, beyond 1 and below; quantiles that are not ½.
ALL_LOSSES = {
    **LOSSES,
    "huber-0.3": huber(0.3),
    "huber-5.0": huber(5.0),
    "quantile-0.8": quantile(0.8),
    "quantile-0.1": quantile(0.1),
}
