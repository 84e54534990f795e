"""Checks that several commands make of their arguments."""

from s2s_keras.errors import InputError


def check_at_least_one(name, value):
    """Refuses a number below 1."""
    if value < 1:
        raise InputError(f"{name} {value}: it must be 1 or more")


def add_search_options(parser):
    """Adds `--beam-size` and `--length-penalty`."""
    parser.add_argument(
        "--beam-size", type=int, default=1, metavar="K", help="1: greedy search (%(default)s)"
    )
    parser.add_argument(
        "--length-penalty",
        type=float,
        default=1.0,
        metavar="A",
        help="a beam's targets are ranked by log probability / length^A (%(default)s)",
    )


def strategy_of(options):
    """The search strategy that the search options name."""
    from s2s_keras.search import one_best

    check_at_least_one("--beam-size", options.beam_size)
    if not options.length_penalty >= 0:
        raise InputError(f"--length-penalty {options.length_penalty}: it must be 0 or more")
    return one_best(options.beam_size, options.length_penalty)
