"""`s2s-keras benchmark`."""

import argparse
import os
import platform
import statistics
import time

from s2s_keras.command_line.checks import add_search_options

_DESCRIPTION = """\
Time a model's translations, text in and text out, at several batch sizes.

Each batch size translates the same sentences once before the clock starts and then once a round;
the rounds of all batch sizes interleave. What is printed is sentences a second: the median over the
rounds, the lowest and the highest. Other programs that run at the same time make it worthless.
"""

_EXAMPLES = """\
examples:
  s2s-keras benchmark runs/demo/export --corpus grammar --split test --json speed.json
  s2s-keras benchmark runs/demo --inputs test.de --beam-size 4 --batch-sizes 1,64
"""


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "benchmark",
        help="time a model's translations",
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
    add_search_options(parser)
    add("--batch-sizes", default="1,32,128", metavar="N,N", help="sentences at once (%(default)s)")
    add("--sentences", type=int, default=256, metavar="N", help="how many (%(default)s)")
    add("--rounds", type=int, default=3, metavar="N", help="measurements of each (%(default)s)")
    add("--json", metavar="FILE", help="write the result there too")
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.command_line.checks import check_at_least_one, strategy_of
    from s2s_keras.command_line.output import print_json
    from s2s_keras.export import load
    from s2s_keras.machine import cores

    batch_sizes = _batch_sizes(options.batch_sizes)
    check_at_least_one("--sentences", options.sentences)
    check_at_least_one("--rounds", options.rounds)
    strategy = strategy_of(options)
    _check_usage(options)
    model = load(options.model, strategy)
    texts = _texts(options, model)
    load_average = os.getloadavg()[0]  # now, since the measuring itself is a load
    seconds = _measure(model.translator, texts, batch_sizes, options.rounds)
    result = {
        "model": options.model,
        "beam_size": options.beam_size,
        "sentences": len(texts),
        "rounds": options.rounds,
        "hardware": f"{platform.machine()}, {cores()} CPU cores",
        "load_average": round(load_average, 2),
        "batch_sizes": [_summary(size, seconds[size], len(texts)) for size in batch_sizes],
    }
    print_json(result, options.json)


def _measure(translator, texts, batch_sizes, rounds):
    """Seconds that all texts took, a list of rounds for each batch size."""
    for size in batch_sizes:
        translator.translate(texts, size)  # traces and compiles every shape
    seconds = {size: [] for size in batch_sizes}
    for _ in range(rounds):
        for size in batch_sizes:
            start = time.perf_counter()
            translator.translate(texts, size)
            seconds[size].append(time.perf_counter() - start)
    return seconds


def _summary(batch_size, seconds, sentences):
    rates = [sentences / each for each in seconds]
    return {
        "batch_size": batch_size,
        "sentences_per_second": round(statistics.median(rates), 2),
        "min": round(min(rates), 2),
        "max": round(max(rates), 2),
    }


def _batch_sizes(text):
    from s2s_keras.command_line.checks import check_at_least_one
    from s2s_keras.errors import InputError

    try:
        sizes = [int(each) for each in text.split(",")]
    except ValueError as error:
        raise InputError(f"--batch-sizes {text}: give numbers with commas, as in 1,32") from error
    for size in sizes:
        check_at_least_one("--batch-sizes", size)
    return list(dict.fromkeys(sizes))


def _check_usage(options):
    from s2s_keras.corpora import CORPORA
    from s2s_keras.errors import InputError

    by_corpus = (options.corpus, options.split)
    if bool(options.inputs) == any(by_corpus) or any(by_corpus) != all(by_corpus):
        raise InputError("benchmark: give --corpus NAME and --split SPLIT, or --inputs FILE")
    if options.corpus and options.corpus not in CORPORA:
        raise InputError(
            f"--corpus {options.corpus}: choose one of {', '.join(CORPORA)}, or give a file with "
            "--inputs"
        )


def _texts(options, model):
    """As many sentences as asked for, the same ones again where there are fewer."""
    from s2s_keras.corpora import load_corpus, read_lines
    from s2s_keras.errors import InputError

    if options.inputs:
        texts = read_lines(options.inputs)
        if not texts:
            raise InputError(f"{options.inputs}: holds no line")
    else:
        corpus = load_corpus(options.corpus, model.source, model.target)
        texts = [source for source, _ in corpus.split(options.split)]
    return [texts[index % len(texts)] for index in range(options.sentences)]
