"""BLEU and chrF, against arithmetic by hand and against two commands: sacreBLEU's, sacremoses's."""

import json
import os
import random
import subprocess
import sys

import pytest

from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.evaluation import TOKENIZERS, bleu_interval, score

REFERENCES = [
    "A man in a blue shirt is standing on a ladder cleaning a window.",
    "The girl says: \"It's 3 & 4, isn't it?\"",
    "Two dogs are playing in the snow near St. Mary's church.",
    "People are fixing the roof of a house (for 20% less).",
    "Ein Kind läuft über die Straße…",
]
HYPOTHESES = [
    "A man in a blue Shirt stands on a ladder, cleaning a window.",
    "The girl says: “It\u2019s 3 & 4, is it not?”",
    "Two dogs play in the snow near St. Mary\u2019s Church.",
    "People fix the roof of a house (for 20% less).",
    "Ein Kind läuft über die straße...",
]


def sacrebleu_command(folder, hypotheses, references, *options):
    """What the `sacrebleu` command says: its BLEU, its chrF and both signatures."""
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        (folder / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", folder / "references", "-i"]
    command += [folder / "hypotheses", "-m", "bleu", "chrf", "-w", "10", *options]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8")
    bleu, chrf = json.loads(answer.stdout)
    return bleu["score"], chrf["score"], bleu["signature"], chrf["signature"]


def moses_command(texts, language):
    """The texts as the `sacremoses` command normalises and tokenizes them, without escaping."""
    command = [sys.executable, "-m", "sacremoses", "-q", "-l", language]
    answer = subprocess.run(
        [*command, "normalize", "-q", "-d", "tokenize"],
        input="".join(f"{text}\n" for text in texts),
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    return answer.stdout.splitlines()


@pytest.mark.parametrize(
    ("language", "tokenizer", "reference", "hypothesis"),
    [
        ("zh", "zh", "一个男人在海滩上跑步。", "一个男人在海滩上走路。"),
        ("cmn", "zh", "一个男人在海滩上跑步。", "一个男人在海滩上走路。"),
        ("ja", "char", "男が浜辺を走っている。", "男が浜辺を歩いている。"),
        ("de", "13a", "Ein Mann läuft am Strand.", "Ein Mann geht am Strand."),
    ],
)
def test_a_language_is_split_as_it_is_written(language, tokenizer, reference, hypothesis):
    found = score([hypothesis], [reference], language=language)
    assert f"|tok:{tokenizer}|" in found["signature"]
    assert 10 < found["bleu"] < 90
    told = score([hypothesis], [reference], language=language, tokenize="13a")
    assert (told["bleu"] == found["bleu"]) == (tokenizer == "13a")
    assert bleu_interval([hypothesis, reference] * 9, [reference] * 18, language=language) > 1


def test_bleu_by_hand():
    # Of 6, 5, 4 and 3 n-grams, 5, 3, 2 and 1 are right: their product is 1/12.
    bleu = score(["a b c d e f"], ["a b c d x f"])["bleu"]
    assert bleu == pytest.approx(100 * (1 / 12) ** (1 / 4))


def test_bleu_is_of_the_corpus_and_not_a_mean_of_sentences():
    # 8, 6, 4, 2 n-grams, of which 7, 5, 3 and 1 are right.
    bleu = score(["a b c d", "e f g h"], ["a b c d", "x f g h"])["bleu"]
    assert bleu == pytest.approx(100 * (7 / 8 * 5 / 6 * 3 / 4 * 1 / 2) ** (1 / 4))


def test_chrf_by_hand():
    # One of two characters is right, and none of one bigram; there are no longer n-grams.
    assert score(["ab"], ["ac"])["chrf"] == pytest.approx(25)


@pytest.mark.parametrize("tokenize", [None, "13a", "char", "intl", "none", "zh"])
@pytest.mark.parametrize("lowercase", [False, True])
def test_equals_the_command(tmp_path, tokenize, lowercase):
    options = ["--lowercase", "--chrf-lowercase"] if lowercase else []
    options += ["--tokenize", tokenize] if tokenize else []
    bleu, chrf, signature, chrf_signature = sacrebleu_command(
        tmp_path, HYPOTHESES, REFERENCES, *options
    )
    assert score(HYPOTHESES, REFERENCES, lowercase=lowercase, tokenize=tokenize) == {
        "bleu": pytest.approx(bleu, abs=1e-9),
        "chrf": pytest.approx(chrf, abs=1e-9),
        "signature": signature,
        "chrf_signature": chrf_signature,
        "sentences": 5,
    }
    assert 0 < bleu < 100
    assert f"case:{'lc' if lowercase else 'mixed'}" in signature
    assert f"tok:{tokenize or '13a'}" in signature


@pytest.mark.parametrize("language", ["en", "de"])
def test_moses_equals_the_commands(tmp_path, language):
    tokenized = [moses_command(texts, language) for texts in (HYPOTHESES, REFERENCES)]
    bleu, _, signature, _ = sacrebleu_command(
        tmp_path, *tokenized, "--lowercase", "--tokenize", "none", "--force"
    )
    scores = score(HYPOTHESES, REFERENCES, lowercase=True, tokenize="moses", language=language)
    assert scores["bleu"] == pytest.approx(bleu, abs=1e-9)
    sacrebleu_part, pre, version = scores["signature"].rsplit("|", 2)
    assert sacrebleu_part == signature
    assert pre == f"pre:moses-{language}"
    assert version.startswith("sacremoses:0.")


@pytest.mark.skipif("S2S_DATA_DIR" not in os.environ, reason="S2S_DATA_DIR is not set")
def test_moses_equals_the_commands_on_multi30k(tmp_path):
    references = [text for _, text in load_corpus("multi30k", "de", "en").split("validation")]
    choices = random.Random(1)
    hypotheses = [
        " ".join(word for word in text.split(" ") if choices.random() > 0.1) for text in references
    ]
    tokenized = [moses_command(texts, "en") for texts in (hypotheses, references)]
    bleu, *_ = sacrebleu_command(tmp_path, *tokenized, "-lc", "--tokenize", "none", "--force")
    scores = score(hypotheses, references, lowercase=True, tokenize="moses")
    assert scores["bleu"] == pytest.approx(bleu, abs=1e-9)
    assert 60 < bleu < 90


def test_moses_normalises_punctuation():
    texts = ["“Ah”, said the dog\u2019s friend."], ['"Ah", said the dog\'s friend.']
    assert score(*texts, tokenize="moses")["bleu"] == pytest.approx(100)
    assert score(*texts, tokenize="13a")["bleu"] < 60


def test_moses_tokenizes_by_language():
    # English cuts before an apostrophe, German on both sides of it.
    texts = ["wie geht's dir?"], ["wie geht ' s dir?"]
    assert score(*texts, tokenize="moses", language="de")["bleu"] == pytest.approx(100)
    assert score(*texts, tokenize="moses", language="en")["bleu"] < 50


def test_moses_normalises_by_language():
    # A no-break space within a number becomes a comma in German and a point in English.
    texts = ["es kostet 1,000 Euro"], ["es kostet 1\u00a0000 Euro"]
    assert score(*texts, tokenize="moses", language="de")["bleu"] == pytest.approx(100)
    assert score(*texts, tokenize="moses", language="en")["bleu"] < 50


def test_moses_leaves_chrf_alone():
    plain, moses = (score(HYPOTHESES, REFERENCES, tokenize=name) for name in ("13a", "moses"))
    assert plain["chrf"] == moses["chrf"]


def test_moses_gives_no_warning_of_tokenized_text(caplog):
    texts = ["a b c d ."] * 100
    score(texts, texts, tokenize="moses")
    assert not caplog.records
    score(texts, texts)
    assert "tokenized period" in caplog.text


def test_lowercase_counts_in_both_scores():
    texts = ["THE DOG SLEEPS NOW"], ["the dog sleeps now"]
    both = score(*texts, lowercase=True)
    neither = score(*texts)
    assert (both["bleu"], both["chrf"]) == (pytest.approx(100), pytest.approx(100))
    assert (neither["bleu"], neither["chrf"]) == (0, 0)


@pytest.mark.parametrize("tokenize", ["Moses", "", "13A", "whatever"])
def test_unknown_tokenizer(tokenize):
    with pytest.raises(InputError) as error:
        score(HYPOTHESES, REFERENCES, tokenize=tokenize)
    message = str(error.value)
    assert repr(tokenize) in message
    assert message.endswith("13a, char, intl, none, zh, moses")


def test_tokenizer_whose_package_is_missing(monkeypatch):
    from sacrebleu.tokenizers import tokenizer_ja_mecab

    monkeypatch.setattr(tokenizer_ja_mecab, "MeCab", None)
    with pytest.raises(InputError, match=r"'ja-mecab'.*sacrebleu\[ja\].*13a, char") as error:
        score(HYPOTHESES, REFERENCES, tokenize="ja-mecab")
    assert "\n" not in str(error.value)


def test_every_named_tokenizer_works():
    for tokenize in TOKENIZERS:
        assert score(HYPOTHESES, HYPOTHESES, tokenize=tokenize)["bleu"] == pytest.approx(100)


def test_different_numbers():
    with pytest.raises(InputError, match="2 hypotheses, 3 references"):
        score(["a", "b"], ["a", "b", "c"])


def test_nothing_to_score():
    with pytest.raises(InputError, match="no hypotheses and no references"):
        score([], [])


def test_an_empty_hypothesis_is_a_hypothesis():
    scores = score(["", "a b c d e"], ["a", "a b c d e"])
    # All n-grams are right, and the brevity penalty is exp(1 - 6/5).
    assert scores["bleu"] == pytest.approx(100 * 2.718281828459045 ** (1 - 6 / 5))
    assert scores["sentences"] == 2
