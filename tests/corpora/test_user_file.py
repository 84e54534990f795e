import pytest

from s2s_keras.corpora import load_corpus, write_pairs
from s2s_keras.errors import InputError

PAIRS = [(f"s{i}", f"t{i}") for i in range(40)]


@pytest.fixture
def path(tmp_path):
    write_pairs(tmp_path / "pairs.tsv", PAIRS)
    return tmp_path / "pairs.tsv"


def test_the_first_column_is_the_source(path):
    corpus = load_corpus(path, "de", "nds", seed=1)
    assert (corpus.name, corpus.source_language, corpus.target_language) == (str(path), "de", "nds")
    assert corpus.split_names == ("train", "validation")
    assert sorted(corpus.split("train") + corpus.split("validation")) == sorted(PAIRS)


def test_a_part_is_held_out_by_the_seed(path):
    first, again, other = (
        load_corpus(path, "de", "en", seed=s).split("validation") for s in (1, 1, 2)
    )
    assert len(first) == 4
    assert first == again != other


def test_with_a_validation_file_every_pair_is_used(path, tmp_path, recwarn):
    held = tmp_path / "held.tsv"
    write_pairs(held, [("new", "neu"), ("new", "neu")])
    corpus = load_corpus(str(path), "de", "en", validation=str(held))
    assert corpus.split("train") == PAIRS
    assert corpus.split("validation") == [("new", "neu"), ("new", "neu")]
    assert not recwarn


def test_validation_pairs_seen_in_training_are_warned_of(path, tmp_path):
    held = tmp_path / "held.tsv"
    write_pairs(held, [("new", "neu"), PAIRS[3], ("s4", "other")])
    with pytest.warns(UserWarning, match="held.tsv: 1 of 3 validation pairs") as warned:
        corpus = load_corpus(path, "de", "en", validation=held)
    assert warned[0].filename == __file__
    assert corpus.split("train") == PAIRS


def test_a_bad_validation_file_is_named(path, tmp_path):
    held = tmp_path / "held.tsv"
    held.write_text("a\tb\nno tab\n")
    with pytest.raises(InputError, match=r"held\.tsv:2: no TAB"):
        load_corpus(path, "de", "en", validation=held)
    with pytest.raises(InputError, match=r"none\.tsv: no such file"):
        load_corpus(path, "de", "en", validation=tmp_path / "none.tsv")


@pytest.mark.parametrize("text", ["a\tb\n", "a\tb\na\tb\n", "a\tb\na\tc\nd\tc\n"])
def test_where_nothing_can_be_held_out_the_user_is_told(tmp_path, text):
    (tmp_path / "few.tsv").write_text(text)
    with pytest.raises(InputError, match=r"few\.tsv: no pair can be held out.*--validation FILE"):
        load_corpus(tmp_path / "few.tsv", "de", "en")


def test_two_unrelated_pairs_are_enough(tmp_path):
    (tmp_path / "two.tsv").write_text("a\tb\nc\td\n")
    corpus = load_corpus(tmp_path / "two.tsv", "de", "en")
    assert len(corpus.split("train")) == len(corpus.split("validation")) == 1


@pytest.mark.parametrize("code", ["", "d", "DE", "german", "de-AT", "d1", "de\n", "дe"])
def test_what_is_no_language_code_is_refused(path, code):
    for pair in [(code, "en"), ("en", code)]:
        with pytest.raises(InputError, match="no language code") as error:
            load_corpus(path, *pair)
        assert "\n" not in str(error.value)


def test_the_same_language_twice_is_refused(path):
    with pytest.raises(InputError, match="both 'de'"):
        load_corpus(path, "de", "de")
