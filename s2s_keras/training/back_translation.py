"""More training pairs out of the same ones: their targets, translated back."""

from s2s_keras.corpora import write_pairs
from s2s_keras.training.log import say
from s2s_keras.training.preparation import check, corpus_of


def back_translate(run, settings, translator):
    """Writes the pairs by which `prepare` makes a run's training pairs more.

    Each target of the training split is a target once more, with a model's translation of it as its
    source (Sennrich et al. 2016, section 3). So the decoder writes what people wrote, and the
    encoder reads each sentence in words of two kinds.

    Args:
        run: a `Run` that has not begun.
        settings: its `Settings`.
        translator: a `Translator` from the settings' target language to their source language.

    Raises:
        InputError: for settings, corpora or folders that do not do.
    """
    check(run, settings, resume=True)
    targets = [target for _, target in corpus_of(settings).split("train")]
    say(f"{run.back_translations_file}: translates {len(targets):,} targets back")
    sources = [_one_line(each.text) for each in translator.translate(targets)]
    pairs = zip(sources, targets, strict=True)
    write_pairs(run.back_translations_file, (pair for pair in pairs if pair[0]))


def _one_line(text):
    # A model that is made of bytes can write any, also those that a file of pairs cannot hold.
    return " ".join(text.translate({0: " ", 0xFEFF: " "}).split())
