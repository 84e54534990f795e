import gzip
import hashlib

import pytest

from s2s_keras.corpora import load_corpus, multi30k
from s2s_keras.errors import InputError

ALL = ("train", "validation", "test_2016_flickr", "test_2017_flickr", "test_2017_mscoco")


def gzipped(lines):
    return gzip.compress("".join(f"{line}\n" for line in lines).encode())


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(multi30k, "SOURCE", "http://never.invalid")
    (tmp_path / "multi30k").mkdir()
    return tmp_path / "multi30k"


@pytest.mark.parametrize("pair", [("en", "de"), ("de", "fr"), ("fr", "en")])
def test_the_official_splits(pair):
    assert load_corpus("multi30k", *pair).split_names == (*ALL, "test_2018_flickr")


@pytest.mark.parametrize("pair", [("cs", "de"), ("en", "cs")])
def test_there_is_no_czech_in_2017(pair):
    corpus = load_corpus("multi30k", *pair)
    assert corpus.split_names == (*ALL[:3], "test_2018_flickr")
    with pytest.raises(InputError, match="no split 'test_2017_flickr': it has train"):
        corpus.split("test_2017_flickr")


def test_files_of_the_data_folder_are_taken_as_they_are(data):
    (data / "val.de.gz").write_bytes(gzipped(["Größe \u2028", " zwei\tTeile", "dr\ufeffei"]))
    (data / "val.en.gz").write_bytes(gzipped(["size", "two parts", "three"]))
    expected = [("Größe", "size"), ("zwei Teile", "two parts"), ("drei", "three")]
    assert load_corpus("multi30k", "de", "en").split("validation") == expected
    flipped = [(english, german) for german, english in expected]
    assert load_corpus("multi30k", "en", "de").split("validation") == flipped


def test_sides_of_different_length_are_refused(data):
    (data / "train.de.gz").write_bytes(gzipped(["a", "b"]))
    (data / "train.en.gz").write_bytes(gzipped(["a"]))
    with pytest.raises(InputError, match="train has 2 lines in de but 1 in en"):
        load_corpus("multi30k", "de", "en").split("train")


def test_an_empty_line_is_refused_with_its_number(data):
    for language in ("de", "en"):
        (data / f"train.{language}.gz").write_bytes(gzipped(["a", " ", "b"]))
    with pytest.raises(InputError, match=r"train\.de\.gz:2: empty line"):
        load_corpus("multi30k", "de", "en").split("train")


@pytest.fixture
def published(server, cache, monkeypatch):
    """A server with the two files of the validation split, and their checksums."""
    monkeypatch.setattr(multi30k, "SOURCE", f"{server.url}/raw")
    for language, lines in {"de": ["eins", "zwei"], "en": ["one", "two"]}.items():
        data = server.files[f"/raw/val.{language}.gz"] = gzipped(lines)
        digest = hashlib.sha256(data).hexdigest()
        monkeypatch.setitem(multi30k.SHA256["val"], language, digest)
    return server


def test_what_the_data_folder_lacks_is_downloaded_once(published, cache, tmp_path, monkeypatch):
    (tmp_path / "multi30k").mkdir()
    (tmp_path / "multi30k" / "val.de.gz").write_bytes(gzipped(["eins", "zwei"]))
    monkeypatch.setenv("S2S_DATA_DIR", str(tmp_path))
    for _ in range(2):
        corpus = load_corpus("multi30k", "de", "en")
        assert corpus.split("validation") == [("eins", "one"), ("zwei", "two")]
    assert [path for path, _ in published.requests] == ["/raw/val.en.gz"]
    assert (cache / "multi30k" / "val.en.gz").is_file()


def test_only_the_files_of_a_split_are_downloaded(published):
    corpus = load_corpus("multi30k", "de", "en")
    assert not published.requests
    assert corpus.split("validation") == [("eins", "one"), ("zwei", "two")]
    assert [path for path, _ in published.requests] == ["/raw/val.de.gz", "/raw/val.en.gz"]


def test_a_download_with_another_checksum_is_refused(published, cache):
    published.files["/raw/val.en.gz"] = gzipped(["one", "too"])
    with pytest.raises(InputError, match=r"val\.en\.gz arrived damaged or changed"):
        load_corpus("multi30k", "de", "en").split("validation")
    assert [path.name for path in (cache / "multi30k").iterdir()] == ["val.de.gz"]


def test_every_file_has_a_checksum():
    digests = [digest for files in multi30k.SHA256.values() for digest in files.values()]
    assert len(set(digests)) == len(digests) == 22
    assert all(len(bytes.fromhex(digest)) == 32 for digest in digests)
    assert list(multi30k.SHA256) == list(multi30k.FILE_OF_SPLIT.values())
