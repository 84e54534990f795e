"""`s2s-keras benchmark`, in a process of its own."""

import json

from commands import command_line

from s2s_keras.command_line import main


def test_benchmark_of_a_run(trained, pairs_file, tmp_path):
    inputs = tmp_path / "inputs.txt"
    sources = [line.partition("\t")[0] for line in pairs_file.read_text().splitlines()[:5]]
    inputs.write_text("\n".join(sources) + "\n")
    file = tmp_path / "speed.json"
    sizes = ["--batch-sizes", "1,4", "--sentences", "8", "--rounds", "2"]
    done = command_line("benchmark", trained, "--inputs", inputs, *sizes, "--json", file)
    assert done.returncode == 0, done.stderr.decode()
    result = json.loads(done.stdout)
    assert result == json.loads(file.read_text())
    # Five lines make eight sentences.
    assert (result["sentences"], result["rounds"], result["beam_size"]) == (8, 2, 1)
    assert [each["batch_size"] for each in result["batch_sizes"]] == [1, 4]
    for each in result["batch_sizes"]:
        assert 0 < each["min"] <= each["sentences_per_second"] <= each["max"]


def test_bad_input_is_one_line(capfd, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    for arguments, message in {
        "": "give --corpus NAME and --split SPLIT, or --inputs FILE",
        "--corpus grammar": "give --corpus NAME and --split SPLIT",
        "--inputs a --split test": "give --corpus NAME and --split SPLIT",
        "--corpus nothing --split test": "--corpus nothing: choose one of grammar",
        "--inputs a --batch-sizes 1,two": "--batch-sizes 1,two: give numbers with commas",
        "--inputs a --batch-sizes 0": "--batch-sizes 0: it must be 1 or more",
        "--inputs a --rounds 0": "--rounds 0: it must be 1 or more",
        "--inputs a": "holds no model",
    }.items():
        assert main(["benchmark", str(tmp_path), *arguments.split()]) == 2
        error = capfd.readouterr().err
        assert message in error
        assert len(error.splitlines()) == 1
