"""What strangers wrote does nothing in a terminal, a page, a table or another program."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser

import pytest
from rich.console import Console

from backpass.errors import InvalidInput, OutputExists
from backpass.grading.marking.marks import Mark, Part
from backpass.grading.reports import class_summary, feedback, files, gradescope
from backpass.grading.reports.escaping import csv_cell, visible
from backpass.grading.reports.tables import as_csv

NASTY = (
    "<script>alert(1)</script> [bold]x[/bold] [link=http://x]y[/link] =1+1 \x1b[2J\u202e\x00|\n`'\""
)
MARK = Mark(
    NASTY,
    parts=(Part("J", 1.0, 3.0), Part("late", -0.5, 0.0)),
    out_of=3.0,
    headline=NASTY,
    hints={"where": NASTY, "what": NASTY, "formula": NASTY},
    mistakes=(NASTY,),
    conventions=(NASTY,),
    notes=(NASTY,),
    remarks=(NASTY,),
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)


def harmless(text: str) -> bool:
    return not set("\x1b\u202e\x00") & set(text)


def test_a_page_has_no_tags_but_its_own():
    text, parser = feedback.page(MARK, "what"), Tags()
    parser.feed(text)
    assert "script" not in parser.tags
    assert harmless(text)
    assert "default-src" not in text
    assert "http-equiv" not in parser.tags


def test_markdown_has_no_html_and_no_links():
    text = feedback.markdown(MARK, "what")
    assert "<script" not in text
    assert "[link" not in text.replace("\\[link", "")
    assert harmless(text)


def test_a_terminal_shows_it_as_it_stands():
    for table in (class_summary.marks_table([MARK]), class_summary.mistakes_table([MARK])):
        out = io.StringIO()
        Console(file=out, force_terminal=True, width=400, color_system="truecolor").print(table)
        text = out.getvalue()
        assert "[bold]x[/bold]" in text
        assert "\x1b[2J" not in text
        assert "\x1b]8" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "\r=1"])
def test_a_cell_is_no_formula(text):
    assert str(csv_cell(text)).startswith("'")


def test_a_table_has_a_row_a_student_and_no_formula():
    text = as_csv([MARK, Mark("=cmd|' /C calc'!A0", out_of=3.0)]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 3
    assert len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)
    assert rows[1][3] == "0.5"


def test_lone_surrogates_are_written_as_numbers():
    assert visible("\ud800") == "\\ud800"
    as_csv([Mark("\ud800")])
    feedback.page(Mark("\ud800"), "what").encode()


def test_gradescope_gets_what_it_knows():
    values = json.loads(gradescope.as_json(gradescope.results(MARK, "what")))
    assert values["score"] == 0.5
    assert values["tests"] == [
        {"name": "J", "score": 1.0, "max_score": 3.0, "status": "failed", "visibility": "visible"}
    ]
    assert values["output_format"] in ("text", "html", "simple_format", "md", "ansi")


def test_only_the_grade_of_hint_that_is_asked_for_is_told():
    mark = Mark("a", hints={"where": "over there", "what": "a slip", "formula": "(1/m) Θ"})
    for text in (feedback.page(mark, "where"), feedback.markdown(mark, "where")):
        assert "over there" in text
        assert "a slip" not in text


def test_names_of_files_lead_nowhere_and_are_no_two_alike():
    names = files.file_names(["../../etc/passwd", "a/b", "a_b", "A_B", "", "..", "x" * 400, "é ü"])
    assert len({name.casefold() for name in names}) == len(names)
    assert not any("/" in name or name.startswith(".") or len(name) > 110 for name in names)


def test_files_are_written_and_replaced_with_leave_alone(tmp_path):
    folder = tmp_path / "grades"
    files.check_folder(folder, force=False)
    written = files.write(folder, [MARK], {"marks": [MARK.values()]}, "what", force=False)
    assert json.loads((folder / "grades.json").read_text())["marks"][0]["points"] == 0.5
    assert len(list((folder / "feedback").iterdir())) == 2
    assert set(written) >= {"csv", "json", "feedback"}
    with pytest.raises(OutputExists):
        files.check_folder(folder, force=False)
    files.check_folder(folder, force=True)
    files.write(folder, [MARK], {"marks": []}, "what", force=True)
    assert not list(folder.rglob(".backpass-*"))


def test_a_folder_that_cannot_be_is_said_before_anything_runs(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="is a file"):
        files.check_folder(tmp_path / "file", force=True)
    with pytest.raises(InvalidInput, match="no folder"):
        files.check_folder(tmp_path / "a" / "b", force=True)


def test_the_picture_takes_any_name():
    pytest.importorskip("matplotlib")
    marks = [Mark("a", mistakes=("$\\frac{1", NASTY)), Mark("b", mistakes=("λ fixed at 1",))]
    assert class_summary.picture(marks).startswith(b"\x89PNG")
    assert class_summary.picture([Mark("a")]).startswith(b"\x89PNG")
