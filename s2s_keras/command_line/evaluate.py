"""`s2s-keras evaluate`."""

import argparse
import time

from s2s_keras.command_line.checks import add_search_options, strategy_of

_DESCRIPTION = """\
Translate a test set and score it with sacreBLEU.

Prints BLEU and chrF with the signatures that make them comparable, and BLEU by source length. For
a training run on a corpus with gold word alignments (grammar), also the alignment error rate of its
attention (aer).
"""

_EXAMPLES = """\
examples:
  s2s-keras evaluate runs/demo --corpus grammar --split test
  s2s-keras evaluate runs/demo/export --inputs test.de --references test.en --lowercase
"""


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "evaluate",
        help="score a model on a test set",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "model",
        metavar="MODEL",
        help="a training run, an exported folder, a version in it or a .tflite file",
    )
    add("--corpus", metavar="NAME", help="grammar, multi30k or tatoeba")
    add("--split", metavar="SPLIT", help="the corpus's split, such as test")
    add("--inputs", metavar="FILE", help="source sentences, one a line")
    add("--references", metavar="FILE", help="their translations, one a line")
    add_search_options(parser)
    add("--lowercase", action="store_true", help="score without case")
    add(
        "--tokenize",
        metavar="NAME",
        help="sacreBLEU's tokenizer (13a, intl, char, zh, ...), or moses (sacremoses)",
    )
    add("--json", metavar="FILE", help="write the result there too")
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.command_line.output import print_json
    from s2s_keras.evaluation import bleu_by_length, check_parallel, score
    from s2s_keras.export import load

    strategy = strategy_of(options)
    _check_usage(options)
    model = load(options.model, strategy)
    sources, references, gold = _test_set(options, model)
    how = {
        "lowercase": options.lowercase,
        "tokenize": options.tokenize,
        "language": model.target,
    }
    # What cannot be scored is refused before the minutes that translating takes.
    check_parallel(inputs=sources, references=references)
    score(references[:1], references[:1], **how)
    start = time.monotonic()
    hypotheses = [each.text for each in model.translator.translate(sources)]
    seconds = time.monotonic() - start
    result = score(hypotheses, references, **how)
    result |= {"seconds": round(seconds, 2), "model": options.model}
    result["by_length"] = bleu_by_length(sources, hypotheses, references, **how)
    if gold and model.model is not None:
        result["aer"] = _alignment_error_rate(model, sources, references, gold)
    print_json(result, options.json)


def _check_usage(options):
    from s2s_keras.errors import InputError

    by_corpus = (options.corpus, options.split)
    by_files = (options.inputs, options.references)
    if not (all(by_corpus) and not any(by_files)) and not (all(by_files) and not any(by_corpus)):
        raise InputError(
            "evaluate: give --corpus NAME and --split SPLIT, or --inputs FILE and --references FILE"
        )


def _test_set(options, model):
    """Sources, references, and gold alignments or None."""
    from s2s_keras.corpora import CORPORA, load_corpus, read_lines
    from s2s_keras.errors import InputError

    if options.inputs:
        return read_lines(options.inputs), read_lines(options.references), None
    if options.corpus not in CORPORA:
        raise InputError(
            f"--corpus {options.corpus}: choose one of {', '.join(CORPORA)}, or give files "
            "with --inputs and --references"
        )
    corpus = load_corpus(options.corpus, model.source, model.target)
    sources, references = zip(*corpus.split(options.split), strict=True)
    gold = corpus.alignments(options.split) if corpus.gold_alignments else None
    return list(sources), list(references), gold


def _alignment_error_rate(model, sources, references, gold):
    from s2s_keras.evaluation import alignment_error_rate, attention_alignments

    pairs = list(zip(sources, references, strict=True))
    return alignment_error_rate(attention_alignments(model.model, model.tokenizer, pairs), gold)
