"""What was measured of a subject, compared with what it should have answered."""

import math
import statistics

from s2s_keras.evaluation import score

_MOST_DIFFERENCES = 5


def row(subject, measurement, expected, pairs, language="en"):
    """One row of the table.

    Args:
        subject: a `Subject`.
        measurement: what `measured` gave for it.
        expected: the `answers` that it should have given.
        pairs: the sentence pairs `(source, reference)` that were translated.
        language: the references', ISO 639-1.

    Returns:
        A dictionary: what names the row, and either `not_measured`, a reason, or how many
        translations are byte for byte as `expected` (`identical`), their scores, size, times and
        memory, and the first few that differ.
    """
    names = {
        "runtime": subject.runtime,
        "signature": subject.signature,
        "search": subject.search,
    }
    if "not_measured" in measurement:
        return {**names, "not_measured": measurement["not_measured"]}
    answers = measurement["answers"]
    references = [reference for _, reference in pairs]
    scores = score([text for text, _ in answers], references, language=language)
    differences = list(_differences(answers, expected, pairs))
    seconds = {
        "load_seconds": measurement["load_seconds"],
        "first_call_seconds": measurement["first_call_seconds"],
        "median_seconds": statistics.median(measurement["seconds"]),
        "p99_seconds": percentile(measurement["seconds"], 99),
    }
    return {
        **names,
        "identical": len(answers) - len(differences),
        "bleu": scores["bleu"],
        "chrf": scores["chrf"],
        "bytes": subject.bytes,
        **{name: round(value, 6) for name, value in seconds.items()},
        "peak_memory_bytes": measurement["peak_memory_bytes"],
        "differences": differences[:_MOST_DIFFERENCES],
    }


def percentile(values, percent):
    """The smallest of the values that at least `percent` percent of them do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def _differences(answers, expected, pairs):
    rows = enumerate(zip(answers, expected, pairs, strict=True), 1)
    for number, (given, wanted, (source, _)) in rows:
        if given[0] != wanted[0]:
            yield {
                "sentence": number,
                "source": source,
                "expected": dict(zip(("text", "score"), wanted, strict=True)),
                "given": dict(zip(("text", "score"), given, strict=True)),
            }
