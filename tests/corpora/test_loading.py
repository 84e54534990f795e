import subprocess
import sys
from pathlib import Path

import pytest

from s2s_keras.corpora import CORPORA, Corpus, load_corpus
from s2s_keras.errors import InputError


def refusal(*args, **kwargs):
    with pytest.raises(InputError) as error:
        load_corpus(*args, **kwargs)
    message = str(error.value)
    assert "\n" not in message
    return message


def test_the_names():
    assert CORPORA == ("grammar", "multi30k", "tatoeba")


def test_an_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


@pytest.mark.parametrize("name", ["multi3k", "missing/pairs.tsv", "x" * 5000])
def test_an_unknown_name_is_told_the_corpora_and_the_file(name):
    message = refusal(name, "de", "en")
    assert repr(name) in message
    assert "grammar, multi30k, tatoeba" in message
    assert ".tsv" in message


def test_a_folder_is_no_corpus(tmp_path):
    assert "is a folder" in refusal(tmp_path, "de", "en")


@pytest.mark.parametrize(
    ("name", "languages"),
    [("grammar", "de, en"), ("multi30k", "cs, de, en, fr"), ("tatoeba", "af, ar, az, be, bg")],
)
def test_an_unknown_language_is_told_those_there_are(name, languages):
    for pair in [("xx", "en"), ("en", "xx")]:
        message = refusal(name, *pair)
        assert message.startswith(f"{name} has no language 'xx'")
        assert languages in message


@pytest.mark.parametrize("name", CORPORA)
def test_the_same_language_twice_is_refused(name):
    assert "both 'en'" in refusal(name, "en", "en")


def test_tatoeba_needs_english():
    assert "must be 'en'" in refusal("tatoeba", "de", "fr")


@pytest.mark.parametrize("name", CORPORA)
def test_a_named_corpus_takes_no_validation_file(name):
    assert "own validation split" in refusal(name, "de", "en", validation="held.tsv")


def test_a_name_wins_over_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("multi30k").write_text("a\tb\nc\td\n")
    assert load_corpus("multi30k", "de", "en").name == "multi30k"
    assert load_corpus("./multi30k", "de", "en").split_names == ("train", "validation")


def test_an_unknown_split_is_told_those_there_are():
    corpus = Corpus("mine", "de", "en", {"train": lambda: [], "test": lambda: []})
    assert corpus.split_names == ("train", "test")
    with pytest.raises(
        InputError, match=r"^mine \(de-en\) has no split 'tset': it has train, test"
    ):
        corpus.split("tset")


def test_a_split_is_the_callers_to_change():
    pairs = [("a", "b")]
    corpus = Corpus("mine", "de", "en", {"train": lambda: pairs})
    corpus.split("train").clear()
    assert corpus.split("train") == [("a", "b")]


def test_a_split_is_read_when_asked_for():
    asked = []
    corpus = Corpus("mine", "de", "en", {"train": lambda: asked.append(1) or []})
    assert not asked
    corpus.split("train")
    assert asked


def test_a_corpus_without_alignments_says_so():
    with pytest.raises(InputError, match="multi30k has no gold alignments"):
        load_corpus("multi30k", "de", "en").alignments("train")


def test_neither_keras_nor_tensorflow_is_imported(tmp_path):
    (tmp_path / "pairs.tsv").write_text("a\tb\nc\td\n")
    script = (
        "import sys\n"
        "from s2s_keras.corpora import load_corpus\n"
        "assert load_corpus(sys.argv[1], 'de', 'en').split('train')\n"
        "assert load_corpus('grammar', 'de', 'en').split_names\n"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "pairs.tsv")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "[]\n"
