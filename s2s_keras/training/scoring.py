"""What a finished run is worth on every test split that can be had."""

from s2s_keras.corpora.licences import data_licence
from s2s_keras.corpora.text_lines import write_lines
from s2s_keras.errors import InputError
from s2s_keras.evaluation import bleu_by_length, bleu_interval, score, worst_translations
from s2s_keras.files import write_json
from s2s_keras.search import Translator, one_best
from s2s_keras.training.log import say
from s2s_keras.training.preparation import corpus_of

# What models learn from and are chosen by is no test of them.
_NO_TEST = ("train", "validation")


def score_run(run, beam_size):
    """Translates the test splits with a run's best model, scores them, and writes `scores.json`.

    The translations are kept in the run's folder, one file a split. What is there already, with the
    same beam, is not made again: a scoring that was stopped goes on, and one that was finished
    costs nothing.

    Args:
        run: a `Run` that will not be trained any further.
        beam_size: the width of the search; 1 for a greedy one.

    Returns:
        A dictionary, that of `scores.json`: `beam_size`; `data_licence`; `learning_curve`, the
        validation BLEU and loss by epoch and minute; `splits`, by name what `score_split` gives;
        `unavailable`, by name why a split could not be had.

    Raises:
        InputError: if the run has no model yet, or its corpus has gone.
    """
    settings = run.settings
    corpus = corpus_of(settings)
    scores = run.scores
    if scores.get("beam_size") != beam_size:
        scores = {
            "beam_size": beam_size,
            "data_licence": data_licence(corpus.name),
            "learning_curve": _learning_curve(run.history),
            "splits": {},
            "unavailable": {},
        }
        write_json(run.scores_file, scores)
    done = (*_NO_TEST, *scores["splits"], *scores["unavailable"])
    missing = [name for name in corpus.split_names if name not in done]
    translator = Translator.of(run.text_to_text(one_best(beam_size))) if missing else None
    for split in missing:
        try:
            sources, references = (list(side) for side in zip(*corpus.split(split), strict=True))
        except InputError as error:
            say(f"{split}: left out: {error}")
            scores["unavailable"][split] = str(error)
        else:
            say(f"{split}: translates {len(sources)} sentences with beam size {beam_size}")
            hypotheses = [each.text for each in translator.translate(sources)]
            write_lines(run.translations / f"{split}.{settings.target}", hypotheses)
            scores["splits"][split] = score_split(sources, hypotheses, references, settings.target)
        write_json(run.scores_file, scores)
    return scores


def score_split(sources, hypotheses, references, language):
    """All scores of one test set.

    Args:
        sources: a list of strings.
        hypotheses: their translations, detokenised.
        references: the right ones.
        language: the target language, ISO 639-1.

    Returns:
        A dictionary of `cased`, what `score` gives with its defaults, and its `bleu_interval`;
        `lowercase_moses`, the same without case and tokenized by Moses; `by_length`, what
        `bleu_by_length` gives; `failures`, what `worst_translations` gives.
    """
    moses = {"lowercase": True, "tokenize": "moses", "language": language}
    cased = score(hypotheses, references, language=language)
    interval = bleu_interval(hypotheses, references, language=language)
    return {
        "cased": cased | {"bleu_interval": interval},
        "lowercase_moses": score(hypotheses, references, **moses),
        "by_length": bleu_by_length(sources, hypotheses, references, language=language),
        "failures": worst_translations(sources, hypotheses, references),
    }


def _learning_curve(history):
    names = ("epoch", "minutes", "val_loss", "val_bleu")
    return [{name: entry[name] for name in names} for entry in history]
