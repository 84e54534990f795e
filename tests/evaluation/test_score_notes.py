from s2s_keras.evaluation import score_notes
from s2s_keras.training.scoring import score_split

SCORES = {
    "beam_size": 5,
    "data_licence": "for research",
    "learning_curve": [
        {"epoch": epoch, "minutes": 1.5 * epoch, "val_loss": 3.0, "val_bleu": float(epoch)}
        for epoch in range(1, 25)
    ],
    "splits": {
        "test": score_split(
            ["Ein Hund | schläft", "b"], ["A dog | sleeps", "x"], ["A dog sleeps", "y"], "en"
        )
    },
    "unavailable": {"other": "no network"},
}


def test_scores_signatures_terms_and_failures_are_told():
    notes = score_notes(SCORES)
    test = SCORES["splits"]["test"]
    row = next(line for line in notes.splitlines() if line.startswith("| test |"))
    assert row.split("|")[2:5] == [
        " 2 ",
        f" {test['cased']['bleu']:.2f} ± {test['cased']['bleu_interval']:.2f} ",
        f" {test['cased']['chrf']:.2f} ",
    ]
    assert test["cased"]["signature"] in notes
    assert test["lowercase_moses"]["signature"] in notes
    assert "The data's licence: for research." in notes
    assert "Not to be had when this was measured: other." in notes
    assert "| 2 | 0.0 | b | x | y |" in notes
    assert "| Ein Hund \\| schläft | A dog \\| sleeps |" in notes


def test_the_learning_curve_is_short_and_ends_at_the_end():
    rows = score_notes(SCORES).partition("## Learning curve")[2].splitlines()[4:]
    epochs = [int(row.split("|")[1]) for row in rows if row.startswith("|")]
    assert len(epochs) <= 10
    assert epochs[-1] == 24
    assert epochs == sorted(epochs)
    assert "24 epochs at the pace of the median one are 36 minutes." in score_notes(SCORES)


def test_of_a_training_elsewhere_no_pace_is_known():
    elsewhere = {**SCORES, "learning_curve": SCORES["learning_curve"][-1:]}
    assert "| 24 | 36 |" in score_notes(elsewhere)
    assert "median" not in score_notes(elsewhere)


def test_where_nothing_was_scored_there_is_nothing_to_say():
    assert score_notes({}) == ""
    assert score_notes({**SCORES, "splits": {}}) == ""
