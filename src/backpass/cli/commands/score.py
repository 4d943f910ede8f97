"""``backpass score``: how a model does on rows whose target is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click
from rich.console import Console

from ...errors import warn
from ...experiment.scoring.metrics import METRICS
from ..command import Answer, Command, Values, messages
from ..option_types import OneOf, Real

if TYPE_CHECKING:
    from ...experiment.scoring.scores import Scores
    from ..answers.asked import Asked
    from ..answers.scored import Scored


@click.command(cls=Command)
@click.argument("model")
@click.argument("data")
@click.option(
    "--metric", type=OneOf([*METRICS]), metavar="NAME", help=f"Shown first: {', '.join(METRICS)}."
)
@click.option(
    "--threshold",
    type=Real(0, 1),
    metavar="NUMBER",
    help="The probability from which on a row is told to be of the rarer of two classes.",
)
@click.option("--strict", is_flag=True, help="Refuse what the training's rows did not have.")
def score(
    model: str, data: str, metric: str | None, threshold: float | None, strict: bool
) -> Answer:
    """Score the trained MODEL on the rows of the table DATA that have a target.

    Metrics are chosen by what is predicted and put in order by how balanced the classes are. Beside
    each stands what is reached without a look at any column but the target: by the most frequent
    class of the training rows, or their mean.
    """
    from ...io.saving import load_table_model
    from ..answers.asked import told
    from ..answers.scored import deciding, scored, weights, with_target
    from ..source import load_known

    trained = deciding(load_table_model(model), threshold)
    with told(strict):
        table = load_known(data, trained)
        question, truth, without = with_target(trained, table)
        found = scored(question, truth, weights(trained, table))
    first = metric or cast("str | None", trained.about.get("metric"))
    scores = found.scores if first is None else _led_by(first, found.scores)
    values = {"n_rows": len(truth), "n_without_target": without, **_values(question, found, scores)}
    return Answer(values, lambda to: _show(to, question, found, scores, without))


def _led_by(metric: str, scores: Scores) -> Scores:
    """The same with a metric first, where these rows define it."""
    led = scores.led_by(metric)
    if led.headline != metric:
        warn(f"These rows do not define {metric!r}.")
    return led


def _values(question: Asked, found: Scored, scores: Scores) -> Values:
    """The result for --json."""
    values = {
        "source": question.table.source,
        "target": found.model.target.name,
        "n_seen_in_training": question.seen,
        "unknown_categories": question.unknown.texts,
        **scores.plain(),
    }
    if found.confusion is None:
        return values
    return values | {"classes": found.labels, "confusion": found.confusion}


def _show(to: Console, question: Asked, found: Scored, scores: Scores, without: int) -> None:
    """The result for people: the scores, the confusion, and what there is to say of the rows."""
    from ...data.cells import count
    from ..answers.shown import CONFUSION_CLASSES, confusion_table, score_table

    to.print(score_table(scores.lines(), count(scores.rows, "row")))
    if found.confusion is not None and len(found.labels) <= CONFUSION_CLASSES:
        to.print("\nRows by true class (down) and predicted class (across):", soft_wrap=True)
        to.print(confusion_table(found.labels, found.confusion))
    for sentence in _sentences(question, found, without):
        messages().print(sentence, soft_wrap=True, markup=False)


def _sentences(question: Asked, found: Scored, without: int) -> list[str]:
    """What there is to say of the rows."""
    from ..answers.scored import reference_of

    name, sentences = found.model.target.name, [question.sentence_of_seen]
    if without:
        has = "1 row has" if without == 1 else f"{without} rows have"
        sentences.append(f"{has} no {name!r}; left out.")
    if reference_of(found.model) is None:
        sentences.append(
            "The model does not say what its training rows had; without a model is what these "
            "rows say themselves."
        )
    return [sentence for sentence in sentences if sentence]
