"""The mutation job: what it changes, how it names and draws it, and that it judges rightly."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "scripts" / "mutation"))

from changes import key  # noqa: E402
from job import equivalents, ordered  # noqa: E402
from native_mutants import native_mutants  # noqa: E402
from python_mutants import python_mutants  # noqa: E402

SOURCE = '''"""Words (1 < 2)."""

RATE: float = 0.5
NAMES = {"one": 1}


class Box:
    """A box: 1 + 1."""

    def fill(self, a, b=True, *, c=None):
        """Words."""
        if a < b and not c:
            raise ValueError("no " + "way")
        self.a = pair(a, b)
        for k in a:  # é, which takes two bytes
            self.a += min(k, -a[1])
        return "δ" if a is not b else a
'''


def changed_lines(source: str) -> set[tuple[str, str]]:
    return {m.lines(source) for m in python_mutants(source, "box.py")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RATE: float = 0.5", "RATE: float = 1.0"),
        ('NAMES = {"one": 1}', 'NAMES = {"one": 2}'),
        ('NAMES = {"one": 1}', "NAMES = {'one_': 1}"),
        ("def fill(self, a, b=True, *, c=None):", "def fill(self, a, b=False, *, c=None):"),
        ("if a < b and not c:", "if a <= b and not c:"),
        ("if a < b and not c:", "if a < b or not c:"),
        ("if a < b and not c:", "if a < b and (c):"),
        ("if a < b and not c:", "if not (a < b and not c):"),
        ('raise ValueError("no " + "way")', "pass"),
        ("self.a = pair(a, b)", "pass"),
        ("self.a = pair(a, b)", "self.a = pair(b, a)"),
        ("self.a += min(k, -a[1])", "self.a -= min(k, -a[1])"),
        ("self.a += min(k, -a[1])", "self.a += max(k, -a[1])"),
        ("self.a += min(k, -a[1])", "self.a += min(k, (a[1]))"),
        ("self.a += min(k, -a[1])", "self.a += min(k, -a[2])"),
        ('return "δ" if a is not b else a', 'return (a) if a is not b else ("δ")'),
        ('return "δ" if a is not b else a', 'return "δ" if a is b else a'),
        ('return "δ" if a is not b else a', "return None"),
    ],
)
def test_each_kind_of_change_is_made(before, after):
    assert (before, after) in changed_lines(SOURCE)


def test_every_change_is_another_program_and_no_words_are_changed():
    for mutant in python_mutants(SOURCE, "box.py"):
        assert ast.dump(ast.parse(mutant.applied(SOURCE))) != ast.dump(ast.parse(SOURCE))
        before, after = mutant.lines(SOURCE)
        assert "ords" not in before
        assert ("way" in before) <= (after == "pass"), "an error's words are no behaviour"
    assert {m.where for m in python_mutants(SOURCE, "box.py")} == {"module", "Box", "Box.fill"}


def test_changes_of_cpp_leave_comments_strings_and_templates_alone():
    source = (
        "#include <a>\n// x < 1\ntemplate <class T, int N = 2>\nint f() {\n"
        '    if (a < b) g("1 + 1");\n    store(y, z);\n    return a * 3;\n}\n'
    )
    lines = {m.lines(source) for m in native_mutants(source, "f.cpp")}
    assert lines == {
        ('if (a < b) g("1 + 1");', 'if (a <= b) g("1 + 1");'),
        ('if (a < b) g("1 + 1");', 'if (!(a < b)) g("1 + 1");'),
        ('if (a < b) g("1 + 1");', ";"),
        ("store(y, z);", ";"),
        ("return a * 3;", "return a / 3;"),
        ("return a * 3;", "return a * 4;"),
    }


@pytest.mark.parametrize(
    "line",
    [
        "    constexpr int P = PANEL<T>, FACTORS_PER_LOG = 64;",
        "    alignas(PANEL_BYTES + 8) T tile[P];",
        "    __builtin_prefetch(a + k * P);",
        "    d.prefetches = l == 1 && true;",
        "    prefetch_offset = next < rows ? 0 : rows * n;",
        "    prefetch->lines_per_tile = lines / tiles + 1;",
        "threads_(threads_for(3.0 * size_t(work(net, 3)), threads)),",
        "struct TileShape {\n    static constexpr int rows = 13;\n};",
        "int prefetch_rows(RowPrefetch* prefetch, int steps) {\n    return steps + 1;\n}",
    ],
)
def test_what_decides_speed_alone_is_no_mutant(line):
    assert not [m.lines(line) for m in native_mutants(f"\n{line}\n", "f.cpp")]
    assert list(native_mutants(f"\n{line}\n    b = 2 * a;\n", "f.cpp"))


def test_the_draw_is_fixed_by_the_seed_and_hardly_moves_with_the_source():
    names = [key(m, SOURCE) for m in python_mutants(SOURCE, "box.py")]
    longer = SOURCE.replace("RATE", "MORE = 3\n\nRATE")
    later = [key(m, longer) for m in python_mutants(longer, "box.py")]
    assert sorted(names, key=lambda k: k.rank(1)) != sorted(names, key=lambda k: k.rank(2))
    order = sorted(names, key=lambda k: k.rank(1))
    assert [k for k in sorted(later, key=lambda k: k.rank(1)) if k in names] == order


def test_a_listed_equivalent_says_why_and_is_not_drawn():
    known = equivalents()
    assert all(len(why.split()) > 3 for why in known.values())
    for path in {name.path for name in known}:
        source = (ROOT / path).read_text()
        assert not known.keys() & {key(m, source) for m in ordered({path: source}, seed=1)}
