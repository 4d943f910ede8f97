"""What a user may say about how a source is to be read; whatever is not said is found out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingOptions:
    """Options of the reading, one for each guess.

    Parameters
    ----------
    sep : str, optional
        What separates the cells of a text file.
    decimal : {".", ","}, optional
        The decimal mark.
    thousands : str, optional
        The mark between groups of three digits.
    encoding : str, optional
        How a text file's letters are stored: ``"utf-8"``, ``"latin-1"``.
    na : tuple of str
        More spellings of a missing cell.
    header : bool, optional
        Whether the first row names the columns.
    names : tuple of str
        Names for the columns, instead of those in the source.
    comment : str, optional
        Lines of a text file that begin with it are passed over.
    skip_rows : int, optional
        So many lines (or a sheet's rows) are passed over at the top.
    sheet : str, optional
        Which sheet of a workbook.
    table : str, optional
        Which table of a data base, or file of an archive.
    texts : tuple of str
        Columns of a text file whose cells stay as they are written: 1.0 is not 1.

    Examples
    --------
    >>> ReadingOptions(sep=";", na=("?",)).sep
    ';'
    """

    sep: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    encoding: str | None = None
    na: tuple[str, ...] = ()
    header: bool | None = None
    names: tuple[str, ...] = ()
    comment: str | None = None
    skip_rows: int | None = None
    sheet: str | None = None
    table: str | None = None
    texts: tuple[str, ...] = ()
