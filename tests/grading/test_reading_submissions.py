"""Submissions are read as they are handed in, and none of them harms the reader."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from backpass.errors import InvalidInput
from backpass.grading.reading.folders import find_submissions
from backpass.grading.reading.submission import Source, Submission, syntax_problem

TEXT = "def backprop(theta):\n    return theta\n"


def zipped(members: dict[str, str], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": ["# hello"]}, *made]})


def read(folder: Path, files: dict[str, str | bytes]) -> list[Submission]:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return find_submissions([folder])


def test_each_file_is_a_submission(tmp_path):
    found = read(tmp_path, {"ada.py": TEXT, "bob.py": TEXT, "notes.txt": "no"})
    assert [(each.student, each.sources[0].text) for each in found] == [
        ("ada", TEXT),
        ("bob", TEXT),
    ]


def test_moodle_makes_a_folder_for_each_student(tmp_path):
    files = {
        "Doe Jane_1234567_assignsubmission_file_/backprop.py": TEXT,
        "Doe Jane_1234567_assignsubmission_file_/helpers/utils.py": "m = 3",
        "Doe Jane_1234567_assignsubmission_onlinetext_/onlinetext.html": "<p>",
        "de la Cruz Ana_77_assignsubmission_file/backprop.py": TEXT,
    }
    ana, jane = read(tmp_path, files)
    assert (ana.student, ana.identifier) == ("de la Cruz Ana", "77")
    assert (jane.student, jane.identifier) == ("Doe Jane", "1234567")
    assert [source.name for source in jane.sources] == ["backprop.py", "helpers/utils.py"]


def test_moodle_without_folders_makes_a_prefix(tmp_path):
    (jane,) = read(tmp_path, {"Doe Jane_1234567_assignsubmission_file_backprop.py": TEXT})
    assert (jane.student, jane.sources[0].name) == ("Doe Jane", "backprop.py")


def test_canvas_makes_a_prefix_and_says_what_is_late(tmp_path):
    files = {
        "doejane_12345_678901_backprop.py": "def backprop(): return 1",
        "doejane_12345_678955_backprop-2.py": "def backprop(): return 3",
        "doejane_12345_678954_backprop-1.py": "def backprop(): return 2",
        "roe_LATE_99_1_my_file.py": TEXT,
    }
    jane, roe = read(tmp_path, files)
    assert jane.main(("backprop",)).text == "def backprop(): return 3"
    assert not jane.late
    assert roe.late
    assert (roe.student, roe.sources[0].name) == ("roe", "my_file.py")


def test_a_class_may_come_as_one_zip(tmp_path):
    path = tmp_path / "submissions.zip"
    inner = zipped({"ex/backprop.py": TEXT}).decode("latin-1")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("doejane_1_2_backprop.py", TEXT)
        archive.writestr("roe_3_4_all.zip", inner.encode("latin-1"))
    found = find_submissions([path])
    assert [(s.student, s.sources[0].name) for s in found] == [
        ("doejane", "backprop.py"),
        ("roe", "backprop.py"),
    ]


def test_a_students_zip_loses_its_outer_folder(tmp_path):
    members = {"ex4/main.py": TEXT, "ex4/lib/a.py": "x = 1", "ex4/.ipynb_checkpoints/b.py": "x"}
    (ada,) = read(tmp_path, {"ada.zip": zipped(members)})
    assert [source.name for source in ada.sources] == ["main.py", "lib/a.py"]


@pytest.mark.parametrize("name", ["../a.py", "a/../../b.py", "/etc/a.py", "C:/a.py", "..\\a.py"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(tmp_path, name):
    ada, bob = read(tmp_path, {"ada.zip": zipped({name: TEXT}), "bob.py": TEXT})
    assert ada.sources == ()
    assert "leads out of it" in ada.problems[0]
    assert bob.problems == ()


def test_a_zip_with_a_link_is_refused(tmp_path):
    (ada,) = read(tmp_path, {"ada.zip": zipped({"a.py": TEXT}, link="b.py")})
    assert ada.sources == ()
    assert "link" in ada.problems[0]


def test_a_bomb_is_refused_by_its_ratio_and_by_its_total(tmp_path):
    small = zipped({"a.py": "#" * (50 << 20)})
    assert len(small) < 100_000
    (ada,) = read(tmp_path, {"ada.zip": small})
    assert ada.sources == ()
    assert "52,428,800 bytes" in ada.problems[0]


def test_a_header_that_lies_about_its_size_is_not_believed(tmp_path):
    data = zipped({"a.py": "#" * (1 << 20)})
    size = (1 << 20).to_bytes(4, "little")
    assert data.count(size) == 2
    (ada,) = read(tmp_path, {"ada.zip": data.replace(size, (10).to_bytes(4, "little"))})
    assert all(len(source.text) <= 10 for source in ada.sources)
    assert ada.problems


@pytest.mark.parametrize("data", [b"", b"PK\3\4 and nothing more", b"\0" * 100])
def test_a_damaged_zip_is_a_problem_of_its_student_alone(tmp_path, data):
    ada, bob = read(tmp_path, {"ada.zip": data, "bob.py": TEXT})
    assert "ada.zip cannot be unpacked" in ada.problems[0]
    assert bob.sources


def test_of_a_notebook_magics_go_and_code_stays(tmp_path):
    text = notebook(
        "%matplotlib inline\nimport numpy as np\n!pip install torch",
        "%%time\ndef f(a):\n    %precision 3\n    return a",
        "%%bash\nrm -rf /",
        "f?",
        "this is no python",
        "c = 3 % 2",
    )
    (ada,) = read(tmp_path, {"ada.ipynb": text})
    (source,) = ada.sources
    assert source.from_notebook
    assert syntax_problem(source) is None
    assert source.defines("f")
    assert "rm -rf" not in source.text
    assert "c = 3 % 2" in source.text
    assert ada.problems == ("ada.ipynb: cell 5 is no Python and is left out.",)


@pytest.mark.parametrize("text", ["{}", "[1]", "no json", '{"cells": [{}]}', "[" * 100_000])
def test_what_is_no_notebook_is_a_problem(tmp_path, text):
    (ada,) = read(tmp_path, {"ada.ipynb": text})
    assert ada.problems == ("ada.ipynb is no notebook.",)


def test_texts_of_other_encodings_are_read(tmp_path):
    files = {
        "a.py": b"\xef\xbb\xbfx = 1\r\n",
        "b.py": "# -*- coding: latin-1 -*-\nx = 'é'".encode("latin-1"),
        "c.py": "x = 'é'".encode("latin-1"),
        "d.py": b"x = 1\0",
        "e.py": b"#" * (3 << 20),
    }
    a, b, c, d, e = read(tmp_path, files)
    assert a.sources[0].text == "x = 1\n"
    assert "é" in b.sources[0].text
    assert "é" in c.sources[0].text
    assert "zero bytes" in d.problems[0]
    assert "2 MB" in e.problems[0]


def test_links_and_pipes_of_a_folder_are_not_followed(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("key = 1")
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "ada.py").write_text(TEXT)
    (folder / "bob.py").symlink_to(secret)
    (folder / "dir").symlink_to(tmp_path)
    os.mkfifo(folder / "eve.py")
    assert [each.student for each in find_submissions([folder])] == ["ada"]


def test_students_of_one_name_are_told_apart(tmp_path):
    files = {"roe_1_2_a.py": TEXT, "roe_3_4_a.py": TEXT}
    assert [each.student for each in read(tmp_path, files)] == ["roe", "roe (3)"]


def test_the_source_that_defines_the_function_is_the_main_one():
    sources = (Source("a.py", "x = 1"), Source("lib/b.py", TEXT), Source("c.py", "import b"))
    assert Submission("ada", sources).main(("backprop",)).name == "lib/b.py"


def test_where_nothing_is_there_one_line_says_so(tmp_path):
    with pytest.raises(InvalidInput, match="no file or folder"):
        find_submissions([tmp_path / "none"])
    with pytest.raises(InvalidInput, match="no submissions"):
        find_submissions([tmp_path])
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InvalidInput, match="no submission;"):
        find_submissions([tmp_path / "a.txt"])
