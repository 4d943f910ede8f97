"""The studio in a notebook: the offline page in a frame."""

from __future__ import annotations

import html
from dataclasses import dataclass

from ..arrays import ArrayLike, ImageShape
from ..estimators.classifier import MLPClassifier
from ..estimators.regressor import MLPRegressor
from .page import bake
from .page_state import PageState, page_state_of


@dataclass(frozen=True, eq=False, repr=False)
class StudioPage:
    """The studio's page for one network; a notebook shows it, and ``html`` holds it whole.

    Attributes
    ----------
    page_state : PageState
        The network and the rows that the page walks through.
    """

    page_state: PageState

    @property
    def scene(self) -> PageState:
        """What the first release calls ``page_state``."""
        return self.page_state

    @property
    def html(self) -> str:
        """The page as one file, which works offline and sends no request."""
        return bake(self.page_state)

    def __repr__(self) -> str:
        net = self.page_state.net
        return f"StudioPage of {net}: a notebook shows it; .html is the page as one file"

    def _repr_html_(self) -> str:
        page = html.escape(self.html, quote=True)
        return (
            f'<iframe title="backpass studio" srcdoc="{page}" '
            'sandbox="allow-scripts allow-downloads" '
            'style="width:100%;height:760px;border:1px solid #8884;border-radius:8px"></iframe>'
        )


def studio(
    estimator: MLPClassifier | MLPRegressor,
    X: ArrayLike = None,
    y: ArrayLike = None,
    *,
    image: tuple[int, int] | None = None,
    image_order: str = "C",
) -> StudioPage:
    """Show a fitted network in the studio: step by step, training, mountains, drawing, quiz.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
        A fitted one.
    X : array-like or sparse matrix of shape (m, s_1), optional
        Rows to walk through, as the estimator takes them; the first 200 are used. Without them
        the page has made-up rows, and says so.
    y : array-like of shape (m,) or (m, s_L), optional
        Their labels or numbers; the estimator's own answers where not given.
    image : tuple of two int, optional
        Rows and columns, where the inputs are an image; those of the estimator's table where not
        given.
    image_order : {"C", "F"}
        "F" where images were unrolled column by column, as the course's digits are.

    Returns
    -------
    StudioPage
        A notebook shows it; ``.html`` is the whole page as one offline file.

    Raises
    ------
    InvalidInput
        If the network is too large to draw, or has user-made functions.

    Examples
    --------
    >>> import backpass as bp
    >>> clf = bp.MLPClassifier((3,), max_iter=2, random_state=0, early_stopping=False)
    >>> page = bp.studio(clf.partial_fit([[0.0, 1.0], [1.0, 0.0]], [0, 1], classes=[0, 1]))
    >>> page.html.startswith("<!doctype html>")
    True
    """
    shape = None if image is None else ImageShape(*image, image_order)
    return StudioPage(page_state_of(estimator, X, y, image=shape))
