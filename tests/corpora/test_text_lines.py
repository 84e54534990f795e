import gzip

import pytest

from s2s_keras.corpora import read_lines
from s2s_keras.corpora.text_lines import write_lines
from s2s_keras.errors import InputError


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text"

    def write(data):
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\n\nb\n\n", ["a", "", "b", ""]),
        (b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"  a \n", ["  a "]),
        (b"a\tb\n", ["a\tb"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        ("Größe\n".encode(), ["Größe"]),
    ],
)
def test_blank_lines_and_line_count_are_kept(file, data, lines):
    assert read_lines(file(data)) == lines


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\r"])
def test_only_a_line_feed_ends_a_line(file, separator):
    assert read_lines(file(f"a{separator}b\nc\n".encode())) == [f"a{separator}b", "c"]


def test_gzip_is_known_by_its_content(file):
    assert read_lines(file(gzip.compress("\ufeffä\r\nb\n".encode()))) == ["ä", "b"]


def test_a_name_alone_makes_no_gzip(tmp_path):
    (tmp_path / "plain.gz").write_bytes(b"a\n")
    assert read_lines(tmp_path / "plain.gz") == ["a"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-9],
        lambda data: data[:20] + b"\xff" * 10 + data[30:],
        lambda data: data[:-8] + b"\0" * 8,
        lambda data: data + b"more",
    ],
    ids=["truncated", "changed", "checksum", "trailing"],
)
def test_damaged_gzip_is_refused(file, damage):
    path = file(damage(gzip.compress(bytes(range(10)) * 3 + b"some text of some length\n")))
    with pytest.raises(InputError, match="damaged gzip") as error:
        read_lines(path)
    assert_one_line(error, path)


def test_invalid_utf8_is_refused_with_its_line(file):
    path = file(b"\xef\xbb\xbfa\nb\nGr\xf6\xdfe\n")
    with pytest.raises(InputError, match="not UTF-8") as error:
        read_lines(path)
    assert_one_line(error, f"{path}:3: ")


def test_utf16_is_refused_by_its_nul_characters(file):
    path = file("ab\nc\n".encode("utf-16-le"))
    with pytest.raises(InputError, match="NUL character") as error:
        read_lines(path)
    assert_one_line(error, f"{path}:1: ")


def test_nul_is_refused_with_its_line(file):
    path = file(b"a\nb\nc\0\n")
    with pytest.raises(InputError, match="NUL character") as error:
        read_lines(path)
    assert_one_line(error, f"{path}:3: ")


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no such file") as error:
        read_lines(tmp_path / "none")
    assert_one_line(error, tmp_path / "none")


def test_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is a folder") as error:
        read_lines(tmp_path)
    assert_one_line(error, tmp_path)


def test_path_through_a_file_is_refused(file):
    path = file(b"a\n") / "below"
    with pytest.raises(InputError, match="cannot be read") as error:
        read_lines(path)
    assert_one_line(error, path)


def test_written_lines_end_with_a_line_feed(tmp_path):
    write_lines(tmp_path / "out", ["ä", "", "b"])
    assert (tmp_path / "out").read_bytes() == "ä\n\nb\n".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "out"
    write_lines(path, ["old"])

    def lines():
        yield "new"
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        write_lines(path, lines())
    assert read_lines(path) == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def assert_one_line(error, start):
    message = str(error.value)
    assert message.startswith(str(start))
    assert "\n" not in message
