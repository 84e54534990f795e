"""What a model gets most wrong."""

from sacrebleu.metrics import CHRF

from s2s_keras.evaluation.scores import check_parallel


def worst_translations(sources, hypotheses, references, count=5):
    """The translations that share least with their references, by sentence chrF (Popović 2015).

    A rule finds them and no hand, so they are neither the funniest nor the kindest ones. A low
    score need not be a mistake: now and then it is the reference that is free.

    Args:
        sources: a list of strings.
        hypotheses: their translations, detokenised.
        references: the right ones.
        count: how many, at most.

    Returns:
        A list of dictionaries, the worst first, of equal ones the first in the test set: `line`
        (counted from 1), `source`, `translation`, `reference` and `chrf` (0 to 100).

    Raises:
        InputError: if the lists are empty or of different lengths.
    """
    check_parallel(sources=sources, hypotheses=hypotheses, references=references)
    metric = CHRF()
    rows = [
        {
            "line": line,
            "source": source,
            "translation": hypothesis,
            "reference": reference,
            "chrf": metric.sentence_score(hypothesis, [reference]).score,
        }
        for line, (source, hypothesis, reference) in enumerate(
            zip(sources, hypotheses, references, strict=True), start=1
        )
    ]
    return sorted(rows, key=lambda row: row["chrf"])[:count]
