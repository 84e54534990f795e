"""BLEU as a function of the source's length."""

from s2s_keras.evaluation.scores import check_parallel, corpus_bleu


def bleu_by_length(
    sources,
    hypotheses,
    references,
    *,
    width=5,
    bins=10,
    lowercase=False,
    tokenize=None,
    language="en",
):
    """BLEU of the sentences whose source is about equally long.

    It shows what a mean hides: a model with a fixed-size context loses on long sources what one
    with attention keeps (Bahdanau et al. 2015, figure 2).

    A source's length is its number of words, split at white space, so a source in a language that
    puts none between words has one. The bins hold `width` lengths
    each, 1 to `width` the first (an empty source counts there too); the last is open. N-grams
    longer than every hypothesis of a bin are left out of its BLEU, which would be 0 otherwise.

    Args:
        sources: a list of strings.
        hypotheses: their translations, detokenised.
        references: the right ones.
        width: number of lengths in a bin.
        bins: number of bins, the open one included.
        lowercase: as for `score`.
        tokenize: as for `score`.
        language: as for `score`.

    Returns:
        A list of dictionaries, shortest sources first, without the empty bins: `first` and `last`
        (the bin's lengths, both included; `last` is None for the open bin), `sentences` (their
        number) and `bleu` (0 to 100).

    Raises:
        InputError: if the lists are empty or of different lengths, or for a bad tokenizer.
        ValueError: if `width` or `bins` is less than 1.

    Example:
        >>> bleu_by_length(["ein Hund"], ["a dog"], ["a dog"])
        [{'first': 1, 'last': 5, 'sentences': 1, 'bleu': 100.00000000000004}]
    """
    check_parallel(sources=sources, hypotheses=hypotheses, references=references)
    if width < 1 or bins < 1:
        raise ValueError(f"width and bins must be positive, not {width} and {bins}")
    members = {}
    for index, source in enumerate(sources):
        place = (max(len(source.split()), 1) - 1) // width
        members.setdefault(min(place, bins - 1), []).append(index)
    rows = []
    for place, indices in sorted(members.items()):
        bleu, _ = corpus_bleu(
            [hypotheses[index] for index in indices],
            [references[index] for index in indices],
            lowercase=lowercase,
            tokenize=tokenize,
            language=language,
            effective_order=True,
        )
        last = None if place == bins - 1 else (place + 1) * width
        rows.append(
            {"first": place * width + 1, "last": last, "sentences": len(indices), "bleu": bleu}
        )
    return rows
