"""BLEU and chrF of a corpus, by sacreBLEU on detokenised text."""

import sacremoses
from sacrebleu.metrics import BLEU, CHRF

from s2s_keras.errors import InputError

TOKENIZERS = ("13a", "char", "intl", "none", "zh", "moses")
"""What `tokenize` takes everywhere. Others of sacreBLEU's need a package or a download."""

# `13a` splits at spaces: of a language without any it would make one token a sentence.
_WITHOUT_SPACES = {
    **dict.fromkeys(("zh", "cmn", "wuu", "yue", "zho"), "zh"),
    **dict.fromkeys(("ja", "jpn", "th", "tha", "lo", "lao", "km", "khm", "my", "mya"), "char"),
    **dict.fromkeys(("bo", "bod", "dz", "dzo"), "char"),
}


def tokenizer_of(language):
    """How BLEU splits a target language unless told otherwise, by its ISO 639 code."""
    return _WITHOUT_SPACES.get(language, "13a")


def score(hypotheses, references, *, lowercase=False, tokenize=None, language="en"):
    """Scores translations against one reference each.

    BLEU (Papineni et al. 2002) as the `sacrebleu` command computes it (Post 2018), and chrF
    (Popović 2015: character 6-grams, beta 2).

    With the tokenizer `moses` both sides of BLEU first go through sacremoses' punctuation
    normalisation and tokenizer, without escaping, and sacreBLEU splits at white space only; what
    sacreBLEU cannot know is then written behind its signature, as in
    `...|tok:none|...|pre:moses-en|sacremoses:0.2.0`. chrF reads the untokenized text always.

    Args:
        hypotheses: a list of strings: the translations, detokenised.
        references: a list of as many strings, detokenised.
        lowercase: whether case counts for nothing, in both scores.
        tokenize: one of `TOKENIZERS` or another of sacreBLEU's names, for BLEU. If None, that of
            the language: `13a`, and `zh` or `char` where there are no spaces between words.
        language: ISO 639-1 code of the target language, which `moses` tokenizes by too.

    Returns:
        A dictionary of `bleu` and `chrf` (0 to 100), `signature` and `chrf_signature` (what
        sacreBLEU calls its settings) and `sentences` (their number).

    Raises:
        InputError: if the lists are empty or of different lengths, or if there is no such
            tokenizer or it cannot be loaded.

    Example:
        >>> score(["A dog sleeps."], ["A dog is sleeping."], lowercase=True)["signature"]
        'nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:2.6.0'
    """
    bleu, signature = corpus_bleu(
        hypotheses, references, lowercase=lowercase, tokenize=tokenize, language=language
    )
    chrf = CHRF(lowercase=lowercase)
    return {
        "bleu": bleu,
        "chrf": chrf.corpus_score(hypotheses, [references]).score,
        "signature": signature,
        "chrf_signature": str(chrf.get_signature()),
        "sentences": len(hypotheses),
    }


def corpus_bleu(
    hypotheses,
    references,
    *,
    lowercase=False,
    tokenize=None,
    language="en",
    effective_order=False,
):
    """BLEU alone; see `score`.

    Args:
        hypotheses: as for `score`.
        references: as for `score`.
        lowercase: as for `score`.
        tokenize: as for `score`.
        language: as for `score`.
        effective_order: whether n-grams longer than every hypothesis are left out. Without it
            the BLEU of such a corpus is 0; any other corpus's is the same with it.

    Returns:
        BLEU (0 to 100) and its signature.

    Raises:
        InputError: as `score`.
    """
    check_parallel(hypotheses=hypotheses, references=references)
    moses = tokenize == "moses"
    if tokenize is None:
        tokenize = tokenizer_of(language)
    metric = _metric(
        "none" if moses else tokenize,
        lowercase=lowercase,
        effective_order=effective_order,
        force=moses,  # No warning that the text looks tokenized: it is.
    )
    if moses:
        hypotheses, references = (_moses(texts, language) for texts in (hypotheses, references))
    bleu = metric.corpus_score(hypotheses, [references]).score
    signature = str(metric.get_signature())
    if moses:
        signature += f"|pre:moses-{language}|sacremoses:{sacremoses.__version__}"
    return bleu, signature


def check_parallel(**lists):
    """Checks that two or more lists, given by name, are equally long and not empty.

    Raises:
        InputError: if they are not, with the number of each.
    """
    counts = {name: len(texts) for name, texts in lists.items()}
    if len(set(counts.values())) > 1:
        numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
        raise InputError(f"there must be as many of each, but there are {numbers}")
    if not all(counts.values()):
        raise InputError(f"there is nothing to score: no {' and no '.join(counts)}")


def _metric(tokenize, **settings):
    if tokenize not in BLEU.TOKENIZERS:
        raise InputError(f"unknown tokenizer {tokenize!r}: choose one of {', '.join(TOKENIZERS)}")
    try:
        return BLEU(tokenize=tokenize, **settings)
    except (ImportError, OSError, RuntimeError) as error:
        raise InputError(
            f"the tokenizer {tokenize!r} needs what this machine lacks "
            f"({' '.join(str(error).split())}): install that, or choose one of "
            f"{', '.join(TOKENIZERS)}"
        ) from error


def _moses(texts, language):
    normalizer = sacremoses.MosesPunctNormalizer(language)
    tokenizer = sacremoses.MosesTokenizer(language)
    return [
        tokenizer.tokenize(normalizer.normalize(text), escape=False, return_str=True)
        for text in texts
    ]
