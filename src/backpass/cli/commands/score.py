"""``backpass score``: how a model does on rows whose target is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import click
from rich.console import Console

from ...errors import warn
from ...estimators.targets.metrics import METRICS
from ..command import Answer, Command, Values, messages
from ..option_types import OneOf, Real

if TYPE_CHECKING:
    from ...experiment.scoring.scores import Scores
    from ...models.table_model import TableModel
    from ..answers.scored import Rows, Scored


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
    from ..answers.blocks import score_blocks
    from ..answers.scored import deciding
    from ..source import options_of, too_large

    trained = deciding(load_table_model(model), threshold)
    blocks = too_large(data, options_of(trained))
    if blocks is not None:
        found, rows = score_blocks(trained, blocks, strict)
    else:
        found, rows = _in_memory(trained, data, strict)
    first = metric or cast("str | None", trained.about.get("metric"))
    answers = [Led(each, _led_by(first, each.scores)) for each in found]
    return Answer(_values(rows, answers), lambda to: _show(to, rows, answers, trained))


def _in_memory(model: TableModel, data: str, strict: bool) -> tuple[list[Scored], Rows]:
    """Score a table that fits into memory."""
    from ..answers.asked import told
    from ..answers.scored import Rows, answered_by, scored, weights, with_target
    from ..source import load_known

    with told(strict):
        table = load_known(data, model)
        question, truth, without = with_target(model, table)
        answered = answered_by(model, question.X, truth)
        found = scored(model, answered, weights(model, table))
    unknown = question.unknown.texts
    return found, Rows(table.source, len(truth) + without, without, question.seen, unknown)


class Led(NamedTuple):
    """The scores of a target, with the metric first that is asked for."""

    found: Scored
    scores: Scores


def _led_by(metric: str | None, scores: Scores) -> Scores:
    """The same with a metric first, where these rows define it."""
    if metric is None:
        return scores
    led = scores.led_by(metric)
    if led.headline != metric:
        warn(f"These rows do not define {metric!r}.")
    return led


def _values(rows: Rows, answers: list[Led]) -> Values:
    """The result for --json; several targets have theirs under their names."""
    names = [each.found.name for each in answers]
    values: Values = {
        "n_rows": rows.asked - rows.without,
        "n_without_target": rows.without,
        "source": rows.source,
        "target": names[0] if len(names) == 1 else names,
        "n_seen_in_training": rows.seen,
        "unknown_categories": rows.unknown,
    }
    if len(answers) == 1:
        return {**values, **_of_target(answers[0])}
    return {**values, "targets": {each.found.name: _of_target(each) for each in answers}}


def _of_target(answer: Led) -> Values:
    values, found = answer.scores.plain(), answer.found
    if found.confusion is None:
        return values
    return {**values, "classes": found.labels, "confusion": found.confusion}


def _show(to: Console, rows: Rows, answers: list[Led], model: TableModel) -> None:
    """The result for people: the scores, the confusion, and what there is to say of the rows."""
    from ...data.cells import count
    from ..answers.shown import CONFUSION_CLASSES, confusion_table, score_table

    for found, scores in answers:
        named = f" of {found.name}" if len(answers) > 1 else ""
        to.print(score_table(scores.lines(), f"{count(scores.rows, 'row')}{named}"))
        if found.confusion is not None and len(found.labels) <= CONFUSION_CLASSES:
            what = f"Rows by true class{named} (down) and predicted class (across):"
            to.print(f"\n{what}", soft_wrap=True)
            to.print(confusion_table(found.labels, found.confusion))
    for sentence in _sentences(rows, model):
        messages().print(sentence, soft_wrap=True, markup=False)


def _sentences(rows: Rows, model: TableModel) -> list[str]:
    """What there is to say of the rows."""
    from ...experiment.splitting.seen import sentence_of_seen
    from ..answers.scored import references_of

    sentences = [sentence_of_seen(rows.seen or 0, rows.asked - rows.without)]
    if rows.without:
        has = "1 row has" if rows.without == 1 else f"{rows.without} rows have"
        sentences.append(f"{has} no {model.target.name!r}; left out.")
    if None in references_of(model):
        sentences.append(
            "The model does not say what its training rows had; without a model is what these "
            "rows say themselves."
        )
    return [sentence for sentence in sentences if sentence]
