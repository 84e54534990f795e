"""The table of the reference models: what is generated, and that it is what the files hold."""

import json

import pytest

from benchmarks import results
from s2s_keras.errors import InputError
from s2s_keras.training.scoring import score_split

README = f"# Title\n\n{results.BEGIN}\nold\n{results.END}\n\nThe end.\n"


def measured(seed, hypothesis):
    return {
        "source": "de",
        "target": "en",
        "corpus": "multi30k",
        "pairs": 100,
        "weights": 1234567,
        "beam_size": 5,
        "seed": seed,
        "minutes": 10.0 + seed,
        "hardware": "2 CPU cores",
        "evaluation": {
            "learning_curve": [{"minutes": 10.0 + seed}, {"minutes": 20.0 + seed}],
            "splits": {
                "test": score_split(
                    ["ein Satz mit Worten hier", "noch einer davon hier"],
                    [hypothesis, "another one of them here"],
                    ["a sentence with words here", "another one of them here"],
                    "en",
                )
            },
        },
    }


HYPOTHESES = ["a sentence with words here", "a sentence with no words here", "a sentence"]


def repository(folder, seeds):
    (folder / "README.md").write_text(README)
    for index, each in enumerate(seeds):
        name = "results.json" if index == 0 else f"results-seed-{each['seed']}.json"
        file = folder / "saved_models" / "de-en-small" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(each))
    return folder


def test_without_models_there_is_no_table(tmp_path):
    results.write(repository(tmp_path, []))
    assert (tmp_path / "README.md").read_text() == README.replace("old\n", "")
    assert json.loads((tmp_path / "notebooks/results.json").read_text()) == {"models": {}}


def test_an_export_that_was_never_scored_is_left_out(tmp_path):
    seed = measured(1, HYPOTHESES[0])
    del seed["evaluation"]
    assert results.read_results(repository(tmp_path, [seed]) / "saved_models") == {}


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_seeds_have_an_interval_and_more_a_spread(tmp_path, count):
    seeds = [measured(seed, HYPOTHESES[seed - 1]) for seed in range(1, count + 1)]
    results.write(repository(tmp_path, seeds))
    data = json.loads((tmp_path / "notebooks/results.json").read_text())
    model = data["models"]["de-en-small"]
    found = model["splits"]["test"]
    cased = [seed["evaluation"]["splits"]["test"]["cased"] for seed in seeds]
    mean = sum(each["bleu"] for each in cased) / count
    assert found["bleu"] == pytest.approx(mean)
    if count < 3:
        expected = sum(each["bleu_interval"] for each in cased) / count
        assert found["plus_minus_is"] == "bootstrap interval"
    else:
        expected = (sum((each["bleu"] - mean) ** 2 for each in cased) / (count - 1)) ** 0.5
        assert found["plus_minus_is"] == "standard deviation over seeds"
    assert found["plus_minus"] == pytest.approx(expected)
    assert model["seeds"] == list(range(1, count + 1))
    row = f"| de-en-small | 1,234,567 | {model['minutes']:.0f} | {count} | test | {mean:.2f} ± "
    readme = (tmp_path / "README.md").read_text()
    assert row + f"{expected:.2f} | " in readme
    assert readme.startswith("# Title\n")
    assert readme.endswith("\n\nThe end.\n")


def test_a_busy_hour_counts_for_nothing(tmp_path):
    seed = measured(1, HYPOTHESES[0])
    ends = (2.0, 4.0, 64.0, 66.0, 68.0)
    seed["evaluation"]["learning_curve"] = [{"minutes": end} for end in ends]
    results.write(repository(tmp_path, [seed]))
    data = json.loads((tmp_path / "notebooks/results.json").read_text())
    assert data["models"]["de-en-small"]["minutes"] == pytest.approx(10)


def test_files_that_are_no_seeds_of_one_model_are_refused(tmp_path):
    folder = repository(tmp_path, [measured(seed, HYPOTHESES[0]) for seed in (1, 2)])
    other = folder / "saved_models/de-en-small/results-seed-2.json"
    for field, value, message in (
        ("beam_size", 4, "beam_size is 4 and 5"),
        ("weights", 7, "weights is 1234567 and 7"),
        ("seed", 1, "two of its files are of one seed"),
    ):
        other.write_text(json.dumps({**measured(2, HYPOTHESES[0]), field: value}))
        with pytest.raises(InputError, match=message):
            results.generate(folder)
    other.write_text(other.read_text()[:100])
    with pytest.raises(InputError, match=r"results-seed-2\.json: this is no JSON"):
        results.generate(folder)


def test_writing_twice_changes_nothing(tmp_path):
    repository(tmp_path, [measured(1, HYPOTHESES[1])])
    results.write(tmp_path)
    before = (tmp_path / "README.md").read_text()
    results.write(tmp_path)
    assert (tmp_path / "README.md").read_text() == before


@pytest.mark.parametrize("text", ["no markers", results.BEGIN, results.END, README + README])
def test_a_readme_without_the_markers_is_refused(text):
    with pytest.raises(InputError, match="the README needs the two lines"):
        results.with_table(text, "table")


def test_the_repositorys_files_hold_what_was_measured():
    readme, data = results.generate()
    assert readme == (results.ROOT / "README.md").read_text("utf-8"), "run make results"
    held = json.loads((results.ROOT / "notebooks/results.json").read_text("utf-8"))
    assert held == data, "run make results"


def test_the_repositorys_model_cards_say_what_was_measured():
    cards = results.cards()
    assert {path.parent.name for path in cards} >= {"de-en-transformer", "en-de-transformer"}
    for path, card in cards.items():
        assert path.read_text("utf-8") == card, "run make results"
