import gzip
import io
import zipfile
from itertools import chain

import pytest

from s2s_keras.corpora import load_corpus, tatoeba
from s2s_keras.errors import InputError

ENGLISH = [(f"english {i}", f"Größe {i}") for i in range(100)]
ATTRIBUTED = "".join(f"{english}\t{german}\tCC-BY 2.0\n" for english, german in ENGLISH)


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("S2S_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(tatoeba, "SOURCE", "http://never.invalid")
    (tmp_path / "tatoeba").mkdir()

    def write(text, code="deu"):
        (tmp_path / "tatoeba" / f"eng-{code}.tsv.gz").write_bytes(gzip.compress(text.encode()))

    return write


def splits(*args, **kwargs):
    corpus = load_corpus("tatoeba", *args, **kwargs)
    return {name: corpus.split(name) for name in corpus.split_names}


def test_three_splits_hold_every_pair_once(data):
    data(ATTRIBUTED * 2)
    parts = splits("en", "de")
    assert {name: len(pairs) for name, pairs in parts.items()} == {
        "train": 81,
        "validation": 9,
        "test": 10,
    }
    assert sorted(chain(*parts.values())) == sorted(ENGLISH)


def test_two_columns_are_enough_and_codes_are_mapped(data):
    data("".join(f"{a}\t{b}\n" for a, b in ENGLISH), code="cmn")
    assert len(splits("zh", "en")["test"]) == 10


def test_the_other_direction_has_the_same_splits_flipped(data):
    data(ATTRIBUTED)
    assert splits("de", "en") == {
        name: [(german, english) for english, german in pairs]
        for name, pairs in splits("en", "de").items()
    }


def test_the_splits_do_not_depend_on_a_runs_seed(data):
    data(ATTRIBUTED)
    assert splits("en", "de", seed=1) == splits("en", "de", seed=2)


def test_no_split_shares_a_sentence_of_either_language(data):
    data("".join(f"e{i // 2}\tg{i // 3}\n" for i in range(3000) if i % 12))
    parts = splits("en", "de")
    for side in (0, 1):
        sentences = [{pair[side] for pair in pairs} for pairs in parts.values()]
        assert all(sentences)
        assert sum(map(len, sentences)) == len(set.union(*sentences))


def test_too_few_pairs_are_refused(data):
    data("a\tb\nc\td\n")
    with pytest.raises(InputError, match="2 pairs of deu are too few"):
        splits("en", "de")


def test_a_bad_line_is_told_by_its_number(data):
    data("a\tb\nc\n")
    with pytest.raises(InputError, match=r"eng-deu\.tsv\.gz:2: no TAB"):
        splits("en", "de")


@pytest.fixture
def published(server, cache, monkeypatch):
    monkeypatch.setattr(tatoeba, "SOURCE", f"{server.url}/anki")

    def publish(member="deu.txt"):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("_about.txt", "about")
            archive.writestr(member, ATTRIBUTED)
        server.files["/anki/deu-eng.zip"] = buffer.getvalue()
        return server

    return publish


def test_the_archive_is_downloaded_once_and_its_hash_recorded(published, cache):
    server = published()
    first, second = splits("de", "en"), splits("de", "en")
    assert first == second
    assert sorted(chain(*first.values())) == sorted((g, e) for e, g in ENGLISH)
    assert [path for path, _ in server.requests] == ["/anki/deu-eng.zip"]
    names = sorted(path.name for path in (cache / "tatoeba").iterdir())
    assert names == ["deu-eng.zip", "deu-eng.zip.sha256"]


def test_an_archive_without_the_language_is_refused(published):
    published(member="fra.txt")
    with pytest.raises(InputError, match=r"deu-eng\.zip holds no deu\.txt"):
        splits("de", "en")


def test_codes_are_iso_639():
    assert len(tatoeba.CODES) >= 30
    assert all(len(code) == 2 and len(theirs) == 3 for code, theirs in tatoeba.CODES.items())
    assert len(set(tatoeba.CODES.values())) == len(tatoeba.CODES)
    assert "en" not in tatoeba.CODES
