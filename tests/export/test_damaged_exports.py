"""A model that is damaged, or another program's: one clear line, exit code 2."""

import json
import shutil

import pytest
import tensorflow as tf
from commands import command_line

from s2s_keras.command_line import main
from s2s_keras.export.litert_metadata import add_files, read_files

DESCRIPTION = "assets.extra/s2s_keras.json"
TOKENIZER = "assets.extra/tokenizer.model"
VARIABLES = "variables/variables.data-00000-of-00001"


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without(name):
    return lambda folder: (folder / name).unlink()


def cut_short(name):
    return lambda folder: cut(folder / name)


def described(change):
    def damage(folder):
        path = folder / DESCRIPTION
        path.write_text(json.dumps(change(json.loads(path.read_text()))))

    return damage


def replaced_by_another(folder):
    """By a SavedModel without text, beside the files of ours."""
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, [tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(folder))


DAMAGED = "this SavedModel is damaged"
FOLDERS = {
    "truncated variables": (cut_short(VARIABLES), DAMAGED),
    "no variables": (without(VARIABLES), DAMAGED),
    "no index of variables": (without("variables/variables.index"), DAMAGED),
    "truncated graph": (cut_short("saved_model.pb"), DAMAGED),
    "no tokenizer": (without(TOKENIZER), "tokenizer.model: No such file or directory: export"),
    "truncated tokenizer": (cut_short(TOKENIZER), "this is no SentencePiece model: export"),
    "no description": (without(DESCRIPTION), "none that `export` wrote: it lacks"),
    "truncated description": (cut_short(DESCRIPTION), DAMAGED),
    "a list for a description": (described(list), "lacks source, target, max_length, beam_size"),
    "a text for a length": (described(lambda all_: {**all_, "max_length": "9"}), "max_length:"),
    "another program's graph": (replaced_by_another, "it lacks the signature attention"),
}


@pytest.fixture(params=FOLDERS)
def folder(exported, tmp_path, request):
    """An exported folder whose version is damaged, and what is said of it."""
    shutil.copytree(exported / "1", tmp_path / "1")
    damage, message = FOLDERS[request.param]
    damage(tmp_path / "1")
    return tmp_path, message


def another(data):
    concrete = tf.function(lambda x: x * 2.0).get_concrete_function(tf.TensorSpec([2], tf.float32))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()


NOT_OURS = "no .tflite file that `export` wrote, or cut short"
FILES = {
    "truncated": (lambda data: data[: len(data) // 2], NOT_OURS),
    "its last byte is missing": (lambda data: data[:-1], NOT_OURS),
    "empty": (lambda data: b"", NOT_OURS),
    "text": (lambda data: b"hello\n" * 100, NOT_OURS),
    "another program's": (another, NOT_OURS),
    "its middle is missing": (lambda data: data[:5000] + data[len(data) // 2 :], "is damaged"),
    "its beginning is blank": (lambda data: bytes(2000) + data[2000:], "is damaged"),
}


@pytest.fixture(params=FILES)
def file(exported, tmp_path, request):
    """A damaged `.tflite` file, and what is said of it."""
    damage, message = FILES[request.param]
    path = tmp_path / "model.tflite"
    path.write_bytes(damage((exported / "litert" / "int8.tflite").read_bytes()))
    return path, message


def check_refused(path, message, capsys):
    for arguments in (["translate"], ["evaluate", "--corpus", "grammar", "--split", "test"]):
        assert main([arguments[0], str(path), *arguments[1:]]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"s2s-keras: {path}")
        assert message in line


def test_a_damaged_folder(folder, capsys):
    check_refused(*folder, capsys)


def test_a_damaged_file(file, capsys):
    check_refused(*file, capsys)


def test_a_file_with_our_files_and_another_graph(exported, tmp_path, capsys):
    path = tmp_path / "model.tflite"
    path.write_bytes(add_files(another(b""), *read_files(exported / "litert" / "int8.tflite")))
    check_refused(path, "Invalid signature_key provided", capsys)


@pytest.mark.parametrize("command", ["translate", "evaluate"])
def test_in_a_process_of_its_own(exported, tmp_path, command):
    """Where TensorFlow writes its own lines to standard error."""
    shutil.copytree(exported / "1", tmp_path / "1")
    cut(tmp_path / "1" / VARIABLES)
    options = ["--corpus", "grammar", "--split", "test"] if command == "evaluate" else []
    done = command_line(command, tmp_path, *options, stdin=b"Der Hund\n")
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert DAMAGED in line
