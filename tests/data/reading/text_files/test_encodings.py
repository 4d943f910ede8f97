"""How the letters of a text are stored."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backpass.data.reading.text_files import encodings
from backpass.data.reading.text_files.encodings import as_utf8
from backpass.errors import InvalidInput

TEXT = "ort;höhe\nGrünwald;97\nKöln;53\n" * 5


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        (TEXT.encode("utf-8"), None),
        (TEXT.encode("utf-8-sig"), None),
        (TEXT.encode("cp1252"), "Windows-1252"),
        (TEXT.encode("latin-1"), "Windows-1252"),
        (TEXT.encode("utf-16"), "UTF-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (TEXT.encode("utf-16-be"), "UTF-16"),
        (TEXT.encode("utf-32"), "utf-32"),
    ],
)
def test_a_text_is_found_as_it_was_written(stored, word):
    found = as_utf8(stored)
    assert bytes(found.data).decode() == TEXT
    assert (found.note is None) if word is None else (word in found.note and "höhe" in found.note)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1251", "город Москва Казань Новосибирск"),
        ("koi8-r", "город Москва Казань Новосибирск"),
        ("cp1256", "مدينة القاهرة الإسكندرية"),
        ("gb18030", "城市 北京 上海 深圳市"),
        ("big5", "城市 臺北 高雄 新竹市"),
        ("shift_jis", "都市 東京 大阪 京都市"),
        ("euc-kr", "도시 서울 부산 인천광역시"),
        ("cp1252", "Straße Öäüß Ærø naïf"),
    ],
)
def test_letters_far_from_latin_are_found(encoding, words):
    name, *cities = words.split()
    rows = [f"{city},{i * 0.37:.2f}\n" for i in range(20) for city in cities]
    text = "".join([f"{name},x\n", *rows])
    found = as_utf8(text.encode(encoding))
    assert bytes(found.data).decode() == text
    assert words.split()[0] in found.note


@given(st.text(st.characters(exclude_characters="\0"), max_size=60), st.integers(1, 7))
def test_utf8_stays_as_it_is_however_it_is_cut(text, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "CHUNK", size)
        data = ("x" * 200 + text).encode()
        assert bytes(as_utf8(data).data) == data


@pytest.mark.parametrize("place", [0, 5, 17, 29])
def test_one_byte_anywhere_in_the_file_makes_it_something_else(place, monkeypatch):
    monkeypatch.setattr(encodings, "CHUNK", 4)
    data = bytearray(b"plain text of thirty letters ..")
    data[place] = 0xE9
    found = as_utf8(bytes(data))
    assert bytes(found.data).decode() == data.decode("latin-1")
    assert "é" in found.note


def test_what_windows_does_not_know_is_left_to_a_detector():
    text = "Пример текста, который записан давно и не в Юникоде ђ. " * 20
    assert bytes(as_utf8(text.encode("cp1251")).data).decode().startswith("Пример")


def test_a_named_encoding_is_taken():
    found = as_utf8("Łódź".encode("iso8859-2"), "iso8859-2")
    assert (bytes(found.data).decode(), found.note) == ("Łódź", None)


@pytest.mark.parametrize(
    ("data", "encoding", "word"),
    [
        (b"caf\xe9", "utf-8", "UTF-8"),
        (b"caf\xe9", "klingon", "klingon"),
        (b"caf\xe9", "ascii", "ascii"),
        (codecs.BOM_UTF8 + b"caf\xe9", None, "UTF-8"),
        (b"a,b\n1,\0\n" + b"3,4\n" * 9, None, "zero bytes"),
        (bytes(100), None, "zero bytes"),
    ],
)
def test_what_is_no_text_is_said(data, encoding, word):
    with pytest.raises(InvalidInput, match=word):
        as_utf8(data, encoding)


@pytest.mark.parametrize("size", range(1, 9))
def test_the_first_byte_that_is_no_letters_is_named(size, monkeypatch):
    monkeypatch.setattr(encodings, "CHUNK", size)
    cut = "éa€".encode()[:-1]
    for data, place in [("é€é".encode() + b"\xff" + b"e", 7), (cut, 3)]:
        with pytest.raises(InvalidInput, match=f"its byte {place} "):
            as_utf8(data, "utf-8")
