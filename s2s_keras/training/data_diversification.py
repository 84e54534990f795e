"""More training pairs out of the same ones: their targets and their sources, translated."""

from s2s_keras.corpora import write_pairs
from s2s_keras.training.log import say
from s2s_keras.training.preparation import check, corpus_of


def back_translate(run, settings, translator):
    """Writes the pairs in which each target of the training split is a target once more.

    Its source is a model's translation of it (Sennrich et al. 2016, section 3). So the decoder
    writes what people wrote, and the encoder reads each sentence in words of two kinds.

    Args:
        run: a `Run` that has not begun; `prepare` reads its `back_translations_file`.
        settings: its `Settings`.
        translator: a `Translator` from the settings' target language to their source language.

    Raises:
        InputError: for settings, corpora or folders that do not do.
    """
    check(run, settings, resume=True)
    targets = [target for _, target in corpus_of(settings).split("train")]
    sources = _translations(run.back_translations_file, translator, targets)
    _write(run.back_translations_file, sources, targets)


def forward_translate(run, settings, translator):
    """Writes the pairs in which each source of the training split is a source once more.

    Its target is a model's translation of it (Kim and Rush 2016, section 3.2), which is simpler
    than what people wrote. With `back_translate`, this is data diversification with one model of
    each direction (Nguyen et al. 2020, section 3, with k = N = 1).

    Args:
        run: a `Run` that has not begun; `prepare` reads its `forward_translations_file`.
        settings: its `Settings`.
        translator: a `Translator` from the settings' source language to their target language.

    Raises:
        InputError: for settings, corpora or folders that do not do.
    """
    check(run, settings, resume=True)
    sources = [source for source, _ in corpus_of(settings).split("train")]
    targets = _translations(run.forward_translations_file, translator, sources)
    _write(run.forward_translations_file, sources, targets)


def _translations(file, translator, texts):
    say(f"{file}: translates {len(texts):,} texts")
    return [_one_line(each.text) for each in translator.translate(texts)]


def _one_line(text):
    # A model that is made of bytes can write any, also those that a file of pairs cannot hold.
    return " ".join(text.translate({0: " ", 0xFEFF: " "}).split())


def _write(file, sources, targets):
    write_pairs(file, (pair for pair in zip(sources, targets, strict=True) if all(pair)))
