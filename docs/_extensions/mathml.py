"""Formulas as MathML, which browsers draw themselves: no script, no font, no request to anywhere.

The conversion is docutils' own, on which Sphinx rests, so it costs no further package.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
_PARAGRAPHS = "\n\n"  # which docutils reads as an end of the formula


def visit_inline(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    writer.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula that stands by itself; a wide one is scrolled, and the page is not."""
    writer.body.append(f'<div class="formula" tabindex="0">{_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _mathml(node: nodes.Element, as_block: bool) -> str:
    source = node.astext().replace(_PARAGRAPHS, "\n")
    try:
        return tex2mathml(source, as_block=as_block)
    except MathError as error:
        LOGGER.warning("A formula is not understood: %s (%s)", source, error, location=node)
        return ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this once."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
