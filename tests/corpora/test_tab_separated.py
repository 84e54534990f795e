import gzip

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2s_keras.corpora import read_pairs, write_pairs
from s2s_keras.corpora.tab_separated import parse_pairs
from s2s_keras.errors import InputError

PAIRS = [("Größe", "size"), ("ja", "yes")]
TEXT = "Größe\tsize\nja\tyes\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.rstrip("\n").encode(),
        TEXT.replace("\n", "\r\n").encode(),
        ("\ufeff" + TEXT).encode(),
        gzip.compress(("\ufeff" + TEXT.replace("\n", "\r\n")).encode()),
        TEXT.replace("\n", "\tCC-BY 2.0 (France)\t\n").encode(),
        f"\n  \n{TEXT}\r\n\n".encode(),
        TEXT.replace("\t", " \t\xa0").encode(),
        TEXT.replace("\n", "\n\ufeff").encode(),
    ],
    ids=["lf", "no-last-lf", "crlf", "bom", "gz", "columns", "blank", "spaces", "inner-bom"],
)
def test_what_people_have_is_read(tmp_path, data):
    (tmp_path / "pairs").write_bytes(data)
    assert read_pairs(tmp_path / "pairs") == PAIRS


@pytest.mark.parametrize("separator", ["\x0b", "\x85", "\u2028", "\r"])
def test_only_a_line_feed_ends_a_pair(separator):
    assert parse_pairs(f"a{separator}b\tc\n".encode(), "f") == [(f"a{separator}b", "c")]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ja yes", "no TAB"),
        ("\tyes", "source sentence is empty"),
        ("ja\t", "target sentence is empty"),
        ("ja\t \tyes", "target sentence is empty"),
        ("\t", "source sentence is empty"),
    ],
)
def test_a_line_that_is_no_pair_is_refused_with_its_number(tmp_path, line, message):
    path = tmp_path / "pairs.tsv"
    path.write_text(f"a\tb\n\n{line}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        read_pairs(path)
    assert str(error.value).startswith(f"{path}:3: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\xef\xbb\xbf"])
def test_a_file_without_pairs_is_refused(data):
    with pytest.raises(InputError, match=r"^f: no sentence pairs"):
        parse_pairs(data, "f")


sentences = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\0\ufeff"), min_size=1)


@given(st.lists(st.tuples(sentences.map(str.strip), sentences.map(str.strip)), min_size=1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_written_pairs_are_read_back(tmp_path, pairs):
    pairs = [pair for pair in pairs if all(pair)] or PAIRS
    write_pairs(tmp_path / "kept.tsv", pairs)
    assert read_pairs(tmp_path / "kept.tsv") == pairs


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\0b", " a", "a\r", "", "\ufeffa"])
@pytest.mark.parametrize("side", [0, 1])
def test_what_could_not_be_read_back_is_not_written(tmp_path, text, side):
    pair = ("x", text) if side else (text, "x")
    with pytest.raises(AssertionError):
        write_pairs(tmp_path / "kept.tsv", [("a", "b"), pair])
    assert list(tmp_path.iterdir()) == []
