"""How far BLEU would move with another test set of the same kind."""

from sacrebleu.metrics import BLEU

from s2s_keras.evaluation.scores import check_parallel, tokenizer_of

RESAMPLES = 1000
"""How many test sets are drawn."""


def bleu_interval(hypotheses, references, resamples=RESAMPLES, language="en"):
    """Half the width of the 95 % confidence interval of BLEU, by sacreBLEU's bootstrap.

    Test sets as large as the given one are drawn from its sentences with replacement; 95 % of them
    have a BLEU in an interval twice as wide as the value returned (Koehn 2004). It tells how much
    of a difference is due to the choice of test sentences. It does not tell what another seed of
    training would give.

    Args:
        hypotheses: a list of strings: the translations, detokenised.
        references: a list of as many strings, detokenised.
        resamples: how many test sets are drawn: always the same ones, unless the environment
            sets `SACREBLEU_SEED`.
        language: ISO 639-1 code of the target language.

    Returns:
        A float, in points of BLEU, cased and tokenized as `score` does it unless told otherwise.

    Raises:
        InputError: if the lists are empty or of different lengths.
    """
    check_parallel(hypotheses=hypotheses, references=references)
    bleu = BLEU(tokenize=tokenizer_of(language))
    found = bleu.corpus_score(hypotheses, [references], n_bootstrap=resamples)
    return float(found._ci)
