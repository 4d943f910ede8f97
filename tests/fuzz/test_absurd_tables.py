"""Absurd tables: read, or refused in one sentence. ``scripts/fuzz_tables`` reads many more."""

import warnings

import pytest

import backpass as bp
from backpass.errors import BackpassError

absurd_tables = pytest.importorskip("absurd_tables")
SHORT, LONG, PARTS = 400, 20_000, 8


def no_table_does_harm(folder, seeds):
    read = 0
    for seed in seeds:
        path = absurd_tables.absurd_file(seed, folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the parsers think of them
            try:
                read += bool(repr(bp.read_table(path).reading))
                said = ""
            except BackpassError as error:
                said = str(error)
        assert "\n" not in said
        path.unlink()
    assert 0.1 * len(seeds) < read < 0.5 * len(seeds)


@pytest.mark.parametrize("part", range(PARTS))
def test_absurd_tables(tmp_path, part):
    no_table_does_harm(tmp_path, range(part, SHORT, PARTS))


@pytest.mark.night
@pytest.mark.parametrize("part", range(PARTS))
def test_many_absurd_tables(tmp_path, part):
    no_table_does_harm(tmp_path, range(SHORT + part, LONG, PARTS))
