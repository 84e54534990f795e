import subprocess
import sys

import pytest

from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.evaluation import bleu_interval


@pytest.fixture(scope="module")
def texts():
    """References, and translations with a word missing in every other one."""
    references = [english for _, english in load_corpus("grammar", "de", "en").split("test")[:60]]
    hypotheses = [
        " ".join(text.split()[: -1 if index % 2 else None]) for index, text in enumerate(references)
    ]
    return hypotheses, references


def test_equals_the_sacrebleu_command(texts, tmp_path):
    files = [tmp_path / "hypotheses", tmp_path / "references"]
    for file, lines in zip(files, texts, strict=True):
        file.write_text("".join(f"{line}\n" for line in lines))
    command = [sys.executable, "-m", "sacrebleu", files[1], "-i", files[0], "--confidence"]
    done = subprocess.run([*command, "-f", "text", "-w", "4"], capture_output=True, text=True)
    assert f"± {bleu_interval(*texts):.4f})" in done.stdout


def test_is_the_same_every_time_and_narrower_for_more_sentences(texts):
    hypotheses, references = texts
    found = bleu_interval(hypotheses, references)
    assert found == bleu_interval(hypotheses, references) > 0
    assert bleu_interval(hypotheses * 9, references * 9) < found / 2


def test_nothing_to_score():
    with pytest.raises(InputError, match="nothing to score"):
        bleu_interval([], [])
