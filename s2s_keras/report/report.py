"""The report of an export: measured, and written into its folder."""

import json
import sys
import tempfile
import time
from pathlib import Path

from s2s_keras.errors import InputError
from s2s_keras.evaluation import score
from s2s_keras.export import write_results
from s2s_keras.export.model_card import model_card
from s2s_keras.export.serving_files import server_notes
from s2s_keras.report.comparison import row
from s2s_keras.report.environment import environment
from s2s_keras.report.measurement import measured
from s2s_keras.report.subjects import KERAS, subjects
from s2s_keras.report.table import parity_section, summary

SENTENCES = 1000
"""The most sentences that an export is measured with."""

_PACKAGES = (
    "s2s_keras",
    "tensorflow",
    "tensorflow-text",
    "keras",
    "ai-edge-litert",
    "sentencepiece",
    "sacrebleu",
)


def write_report(run, folder, sentences):
    """Measures an export in every runtime, and adds the result to `results.json` and to the card.

    What is found is told on standard error as it is found.

    Args:
        run: the `Run` that was exported.
        folder: the exported folder, whose newest version is that run's.
        sentences: `Sentences` to translate.

    Returns:
        What `results.json` has under `parity`: `sentences`, `reference`, `rows` (one for each of
        `subjects`; see `comparison.row`), `signature`, `chrf_signature`, and `environment`: the
        machine and the versions of everything.

    Raises:
        InputError: if the run itself cannot be measured, or the folder not be written to.
    """
    folder, language = Path(folder), run.settings.target
    facts = environment(_PACKAGES)
    with tempfile.TemporaryDirectory() as work:
        found = subjects(run, folder, Path(work))
        rows = _rows(found, sentences.pairs, language, facts["versions"])
    references = [reference for _, reference in sentences.pairs]
    signatures = score(references, references, language=language)
    parity = {
        "sentences": {
            "corpus": sentences.corpus,
            "split": sentences.split,
            "count": len(sentences.pairs),
        },
        "reference": KERAS,
        "rows": rows,
        "signature": signatures["signature"],
        "chrf_signature": signatures["chrf_signature"],
        "environment": facts,
    }
    try:
        results = json.loads((folder / "results.json").read_text("utf-8"))
        write_results(folder, {**results, "parity": parity}, parity_section(parity))
    except OSError as error:
        raise InputError(f"{folder}: the report cannot be written ({error.strerror})") from error
    return parity


def card_of(folder):
    """The model card of an exported folder, made anew from its `results.json`."""
    results = json.loads((Path(folder) / "results.json").read_text("utf-8"))
    measurements = parity_section(results["parity"]) if "parity" in results else ""
    notes = server_notes(Path(folder) / str(results["version"]))
    return model_card(results, notes, measurements)


def _rows(all_subjects, pairs, language, versions):
    """Measures every subject, and adds to `versions` what only the runtimes know."""
    texts, expected, rows = [source for source, _ in pairs], {}, []
    _say(f"report: {len(all_subjects)} measurements of {len(texts)} sentences, twice each")
    start = time.monotonic()
    for number, subject in enumerate(all_subjects, 1):
        measurement = measured(subject, texts)
        if subject.runtime == KERAS:
            expected[subject.search] = _answers(measurement)
        versions |= measurement.get("versions", {})
        rows.append(row(subject, measurement, expected[subject.search], pairs, language))
        minutes = (time.monotonic() - start) / 60
        done = f"report: {number} of {len(all_subjects)}, {minutes:.1f} minutes"
        _say(f"{done}: {summary(rows[-1], len(pairs))}")
    return rows


def _answers(measurement):
    if "not_measured" in measurement:
        raise InputError(f"the run itself cannot be measured: {measurement['not_measured']}")
    return measurement["answers"]


def _say(line):
    print(line, file=sys.stderr, flush=True)
