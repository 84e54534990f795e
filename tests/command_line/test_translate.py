import pytest
from commands import command_line

from s2s_keras.export import load
from s2s_keras.search import Beam


@pytest.fixture(scope="module")
def model(trained):
    return load(trained)


def translate(model, stdin, *options):
    done = command_line("translate", model, *options, stdin=stdin)
    assert done.returncode == 0, done.stderr.decode()
    return done


def test_awkward_input_keeps_its_lines(trained, model):
    lines = [
        "Der Hund schläft.".encode(),
        b"",
        b"    ",
        "🤖 日本語 हिन्दी".encode(),
        b"a\0b",
        b"caf\xe9 \xff\xfe",
        "eins\u2028zwei\x85drei\x0bvier".encode(),
        b"Windows\r",
        b"wort " * 10_000,
        b"ohne Zeilenende",
    ]
    done = translate(trained, b"\n".join(lines), "--batch-size", "3")
    outputs = done.stdout.split(b"\n")
    assert outputs.pop() == b""
    assert len(outputs) == len(lines)
    assert outputs[1] == outputs[2] == b""
    warnings = done.stderr.decode().splitlines()
    assert warnings == [
        "s2s-keras: warning: 1 line(s) longer than 255 tokens were cut there, the first is line 9"
    ]
    texts = [line.decode("utf-8", "replace").replace("\0", "\ufffd") for line in lines]
    expected = [each.text for each in model.translator.translate(texts)]
    assert [each.decode() for each in outputs] == expected


def test_a_run_and_its_export_give_the_same_bytes(trained, exported):
    lines = "Der Hund schläft.\nIch lese das Buch.\n\nWarum?\n".encode()
    assert translate(trained, lines).stdout == translate(exported, lines).stdout
    beam = ("--beam-size", "5")
    assert translate(trained, lines, *beam).stdout == translate(exported, lines, *beam).stdout


def test_beams(trained, model):
    text = "Der Hund schläft.\n\nIch lese das Buch.\n".encode()
    beam = translate(trained, text, "--beam-size", "4", "--length-penalty", "0")
    lines = beam.stdout.decode().split("\n")
    assert lines[1] == lines[3] == ""
    translator = load(trained, Beam(4, 0.0)).translator
    expected = translator.translate(text.decode().splitlines())
    assert lines[:3] == [each.text for each in expected]
    greedy = model.translator.translate(text.decode().splitlines())
    assert all(a.score >= b.score - 1e-3 for a, b in zip(expected, greedy, strict=True))


def test_no_input_no_output(exported):
    assert translate(exported, b"").stdout == b""


def test_a_reader_that_has_enough_is_no_error(exported):
    import subprocess
    import sys

    lines = b"Der Hund.\n" * 3000
    process = subprocess.Popen(
        [sys.executable, "-m", "s2s_keras", "translate", str(exported), "--batch-size", "16"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    _, stderr = process.communicate(lines)
    assert b"Traceback" not in stderr
    assert process.returncode == 141
