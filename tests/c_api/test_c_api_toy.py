"""Tests translate.c and its Python helper on small SavedModels made here."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
import tensorflow_text as tf_text

from s2s_keras.report import c_api_program

OBSTACLE = c_api_program.obstacle()
needs_program = pytest.mark.skipif(OBSTACLE is not None, reason=str(OBSTACLE))

TEXT_SIGNATURE = [tf.TensorSpec([None], tf.string, name="text")]

# Words that the toy tokenizer knows, words that only its byte pieces can spell, and every kind of
# string that a program in C could mistreat: none, short (kept inside a TF_TString), long (kept
# outside it), with zero bytes, with invalid UTF-8, with other line separators than the newline.
LINES = [
    "Ein Hund läuft über die Wiese .",
    "",
    " zwei  Leerzeichen  ",
    "ﬁn 猫 🙂 é",
    "a",
    "x" * 22,
    "x" * 23,
    "ein Hund " * 2000,
    "vor\0nach",
    "\0",
    b"ung\xfcltig \xff\xc3".decode(errors="surrogateescape"),
    "tab\tund\rWagenr\u00fccklauf\r",
    "eins\u2028zwei\u0085drei\x0bvier\x0c",
]


class Echo(tf.Module):
    """Answers each text with itself. The score is the number of texts in the call."""

    def __init__(self):
        self.one = tf.Variable(1.0)

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        count = tf.cast(tf.size(text), tf.float32)
        return {"text": text, "score": tf.fill(tf.shape(text), self.one * count)}


class Cipher(tf.Module):
    """Replaces every piece by another one and sums weights of the pieces, in a loop over time."""

    def __init__(self, tokenizer_model: bytes):
        self.tokenizer = tf_text.SentencepieceTokenizer(model=tokenizer_model)
        vocabulary_size = int(self.tokenizer.vocab_size().numpy())
        generator = np.random.default_rng(0)
        # The lowest ids are the control pieces, which have no text.
        pieces = np.concatenate([np.arange(4), 4 + generator.permutation(vocabulary_size - 4)])
        self.pieces = tf.Variable(pieces, dtype=tf.int32)
        self.weights = tf.Variable(generator.normal(size=vocabulary_size), dtype=tf.float32)

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        ragged = self.tokenizer.tokenize(text)
        lengths = tf.cast(ragged.row_lengths(), tf.int32)
        ids = tf.pad(ragged.to_tensor(0), [[0, 0], [0, 1]])  # One step even for empty texts.
        times = tf.shape(ids)[1]

        def step(time, score, answer):
            now = ids[:, time]
            score += tf.where(time < lengths, tf.gather(self.weights, now), 0.0)
            return time + 1, score, answer.write(time, tf.gather(self.pieces, now))

        _, score, answer = tf.while_loop(
            lambda time, *_: time < times,
            step,
            (0, tf.zeros_like(lengths, tf.float32), tf.TensorArray(tf.int32, times)),
        )
        answer = tf.reshape(tf.transpose(answer.stack()), [-1, times])
        answer = tf.RaggedTensor.from_tensor(answer, lengths)
        return {"text": self.tokenizer.detokenize(answer), "score": score}


class HoldsKerasModel(tf.Module):
    """Holds a Keras model as a plain attribute, which does not track the model's variables."""

    def __init__(self, model: keras.Model):
        self.model = model

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        return {"text": text, "score": score_with_keras(self.model, text)}


class TracksKerasVariables(tf.Module):
    """Tracks the variables of a Keras model, and does not hold the model."""

    def __init__(self, model: keras.Model):
        self.tracked = [variable.value for variable in model.variables]

        @tf.function(input_signature=TEXT_SIGNATURE)
        def call(text):
            return {"text": text, "score": score_with_keras(model, text)}

        self.__call__ = call


def keras_model() -> keras.Model:
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


def score_with_keras(model: keras.Model, text: tf.Tensor) -> tf.Tensor:
    lengths = tf.cast(tf.strings.length(text), tf.float32)
    return model(lengths[:, None])[:, 0]


class Newlines(tf.Module):
    """Answers with text that holds newlines."""

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        text = tf.strings.regex_replace(text, "/", "\n")
        return {"text": text, "score": tf.zeros_like(text, tf.float32)}


class WithoutScore(tf.Module):
    """Lacks the output `score`."""

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        return {"text": text}


class ScoreOfAnotherType(tf.Module):
    """Gives the score as a 32-bit integer."""

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        return {"text": text, "score": tf.strings.length(text)}


class Ids(tf.Module):
    """Answers ids with each id and one more, 0 where it is 0. The score is the ids' sum."""

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, name="source")])
    def __call__(self, source):
        score = tf.cast(tf.reduce_sum(source, axis=1), tf.float32)
        return {"tokens": tf.where(source == 0, 0, source + 1), "score": score}


class Looks(tf.Module):
    """Answers a text of n letters with n tokens, of which each looks at the next letter."""

    @tf.function(input_signature=TEXT_SIGNATURE)
    def __call__(self, text):
        lengths = tf.strings.length(text)
        width = tf.reduce_max(lengths)
        looked = tf.roll(tf.eye(width + 1), 1, axis=1)[:width]
        tokens = tf.where(tf.sequence_mask(lengths), "x", "")
        return {
            "text": text,
            "score": tf.zeros_like(text, tf.float32),
            "output_tokens": tokens,
            "weights": tf.repeat(looked[tf.newaxis], tf.size(text), axis=0),
        }


def save(module: tf.Module, folder: Path) -> Path:
    path = folder / "saved_model"
    tf.saved_model.save(module, str(path), signatures={"serving_default": module.__call__})
    return path


def call_in_python(saved_model: Path, lines: list[str]) -> list[tuple[str, float]]:
    """Calls the reloaded signature, and returns what `run_with_scores` would."""
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    texts = [line.encode(errors="surrogateescape") for line in lines]
    outputs = signature(text=tf.constant(texts))
    answers = [text.decode(errors="surrogateescape") for text in outputs["text"].numpy()]
    return list(zip(answers, outputs["score"].numpy().tolist(), strict=True))


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Path:
    return c_api_program.build(tmp_path_factory.mktemp("c_api_program"))


@pytest.fixture(scope="module")
def echo(tmp_path_factory) -> Path:
    return save(Echo(), tmp_path_factory.mktemp("echo"))


@pytest.fixture(scope="module")
def cipher(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cipher")
    corpus = ["Ein Hund läuft über die Wiese .", "Zwei Leerzeichen und ein Tabulator ."] * 20
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=320,
        model_type="bpe",
        byte_fallback=True,
        pad_id=0,
        unk_id=1,
        bos_id=2,
        eos_id=3,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return save(Cipher((folder / "tokenizer.model").read_bytes()), folder)


@needs_program
def test_answers_equal_python_byte_for_byte(program, cipher):
    expected = call_in_python(cipher, LINES)
    expected = [(text.replace("\n", " "), score) for text, score in expected]
    assert len({text for text, _ in expected}) > 8
    assert c_api_program.run_with_scores(program, cipher, LINES, len(LINES)) == expected
    assert c_api_program.run(program, cipher, LINES, len(LINES)) == [text for text, _ in expected]


@needs_program
@pytest.mark.parametrize("batch_size", [1, 4, 1000])
def test_batch_size_changes_nothing(program, cipher, batch_size):
    expected = c_api_program.run_with_scores(program, cipher, LINES, len(LINES))
    assert c_api_program.run_with_scores(program, cipher, LINES, batch_size) == expected


@needs_program
def test_bytes_pass_unchanged(program, echo):
    assert c_api_program.run(program, echo, LINES) == LINES


@needs_program
@pytest.mark.parametrize(
    ("line_count", "batch_size", "calls"),
    [(0, 3, []), (1, 3, [1]), (3, 3, [3]), (7, 3, [3, 3, 1]), (33, 32, [32, 1])],
)
def test_lines_are_fed_in_batches(program, echo, line_count, batch_size, calls):
    lines = [f"line {i}" for i in range(line_count)]
    answers = c_api_program.run_with_scores(program, echo, lines, batch_size)
    scores = [float(call) for call in calls for _ in range(call)]
    assert answers == list(zip(lines, scores, strict=True))


@needs_program
@pytest.mark.parametrize(
    ("given", "written"),
    [(b"", b""), (b"\n", b"\n"), (b"\n\n", b"\n\n"), (b"a", b"a\n"), (b"a\n\nb", b"a\n\nb\n")],
)
def test_last_newline_is_optional(program, echo, given, written):
    arguments = [program, echo, c_api_program.text_ops_library()]
    finished = subprocess.run(
        arguments, input=given, env=c_api_program.ENVIRONMENT, capture_output=True, check=True
    )
    assert finished.stdout == written


@needs_program
def test_newline_in_an_answer_becomes_a_space(program, tmp_path):
    saved_model = save(Newlines(), tmp_path)
    assert c_api_program.run(program, saved_model, ["a/b", "//", "c"]) == ["a b", "  ", "c"]


@needs_program
def test_newline_in_a_line_is_refused(program, echo):
    with pytest.raises(ValueError, match="newline"):
        c_api_program.run(program, echo, ["a\nb"])


@needs_program
def test_untracked_variables_fail_in_c_though_not_in_python(program, tmp_path):
    saved_model = save(HoldsKerasModel(keras_model()), tmp_path)
    assert call_in_python(saved_model, ["abc"])[0][0] == "abc"
    with pytest.raises(c_api_program.ProgramError, match="Could not find variable"):
        c_api_program.run(program, saved_model, ["abc"])


@needs_program
def test_tracked_variables_of_a_keras_model_work(program, tmp_path):
    saved_model = save(TracksKerasVariables(keras_model()), tmp_path)
    expected = call_in_python(saved_model, ["abc", "abcdef"])
    assert expected[0][1] != 0.0
    assert c_api_program.run_with_scores(program, saved_model, ["abc", "abcdef"]) == expected


@needs_program
def test_several_libraries(program, cipher):
    libraries = [c_api_program.text_ops_library(n) for n in ("normalize_ops", "byte_splitter")]
    with pytest.raises(c_api_program.ProgramError, match="Op type not registered 'Sentencepiece"):
        c_api_program.run(program, cipher, ["a"], libraries=libraries)
    libraries.append(c_api_program.text_ops_library())
    expected = c_api_program.run(program, cipher, ["a"])
    assert c_api_program.run(program, cipher, ["a"], libraries=libraries) == expected


@needs_program
def test_a_signature_of_ids_takes_rows_of_different_lengths(program, tmp_path):
    saved_model = save(Ids(), tmp_path)
    answers = c_api_program.run_with_scores(program, saved_model, ["7 8 9", "", "5", "0 2"], 3)
    assert answers == [("8 9 10", 24.0), ("", 0.0), ("6", 5.0), ("3", 2.0)]


@needs_program
@pytest.mark.parametrize("line", ["a", "1 b", "1,2", "-1", "2147483648", "1\t2", "1 \0"])
def test_a_line_that_is_no_list_of_ids_is_refused(program, tmp_path, line):
    saved_model = save(Ids(), tmp_path)
    with pytest.raises(c_api_program.ProgramError, match="a line is no list of ids"):
        c_api_program.run(program, saved_model, [line])


@needs_program
def test_where_a_translation_looked_stands_behind_it(program, tmp_path):
    saved_model = save(Looks(), tmp_path)
    answers = c_api_program.run(program, saved_model, ["abc", "", "d"])
    assert answers == ["abc\t1-0 2-1 3-2", "\t", "d\t1-0"]


@needs_program
def test_any_signature_can_be_named(program, tmp_path):
    path, module = str(tmp_path / "two"), Echo()
    other = Newlines()
    tf.saved_model.save(module, path, {"serving_default": module.__call__, "b": other.__call__})
    assert c_api_program.run(program, path, ["a/b"]) == ["a/b"]
    assert c_api_program.run(program, path, ["a/b"], signature="b") == ["a b"]
    with pytest.raises(c_api_program.ProgramError, match="no signature 'c' with input 'text'"):
        c_api_program.run(program, path, ["a/b"], signature="c")


@needs_program
def test_the_program_says_when_it_is_ready(program, echo):
    command = c_api_program.command(program, echo, 1, options=["--ready", "--scores"])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=c_api_program.ENVIRONMENT, **pipes) as process:
        assert process.stdout.readline() == b"ready\n"
        process.stdin.write(b"a\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"1\ta\n"


@needs_program
@pytest.mark.parametrize(
    ("module", "message"),
    [
        (WithoutScore, "no signature 'serving_default' with output 'score'"),
        (ScoreOfAnotherType, "output 'score' has type 3 instead of 1"),
    ],
)
def test_another_signature_is_refused(program, tmp_path, module, message):
    saved_model = save(module(), tmp_path)
    with pytest.raises(c_api_program.ProgramError, match=message):
        c_api_program.run(program, saved_model, ["a"])


@needs_program
def test_missing_files_are_named(program, echo, tmp_path):
    with pytest.raises(c_api_program.ProgramError, match=r"Loading the SavedModel failed.*nowhere"):
        c_api_program.run(program, tmp_path / "nowhere", ["a"])
    with pytest.raises(c_api_program.ProgramError, match=r"text operations failed.*nowhere\.so"):
        c_api_program.run(program, echo, ["a"], libraries=[tmp_path / "nowhere.so"])


@needs_program
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["model"],
        ["model", "library", "0"],
        ["model", "library", "2x"],
        ["a"] * 4,
        ["--signature"],
        ["--faster", "model", "library"],
    ],
)
def test_wrong_arguments(program, arguments):
    finished = subprocess.run(
        [program, *arguments], env=c_api_program.ENVIRONMENT, capture_output=True, check=False
    )
    assert finished.returncode == 2
    assert b"usage: translate" in finished.stderr


@needs_program
@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="there is no /dev/full to fail at writing"
)
def test_failure_to_write_is_reported(program, echo):
    with open("/dev/full", "wb") as full:
        finished = subprocess.run(
            [program, echo, c_api_program.text_ops_library()],
            input=b"a\n",
            stdout=full,
            stderr=subprocess.PIPE,
            env=c_api_program.ENVIRONMENT,
            check=False,
        )
    assert finished.returncode == 1
    assert b"writing the standard output failed" in finished.stderr


@needs_program
@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("ldd") is None, reason="lists libraries with ldd"
)
def test_no_python_is_linked(program):
    for binary in (program, c_api_program.text_ops_library()):
        listed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True)
        assert "libtensorflow_framework" in listed.stdout
        assert "libpython" not in listed.stdout


def test_compiler_prefers_the_environment(monkeypatch, tmp_path):
    own = tmp_path / "own-compiler"
    own.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CC", f"{own} -pipe")
    assert c_api_program.compiler() == f"{own} -pipe"
    monkeypatch.setenv("CC", "missing-compiler")
    assert c_api_program.compiler() is None
    assert "compiler" in c_api_program.obstacle()
    with pytest.raises(c_api_program.ProgramError, match="no C compiler"):
        c_api_program.build(tmp_path)
    os.symlink(own, tmp_path / "clang")
    assert c_api_program.compiler() == "clang"


def test_unknown_library_is_named():
    with pytest.raises(FileNotFoundError, match="_no_such_ops"):
        c_api_program.text_ops_library("no_such_ops")
