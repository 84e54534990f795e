"""Checks that several commands make of their arguments."""

from s2s_keras.errors import InputError


def check_at_least_one(name, value):
    """Refuses a number below 1."""
    if value < 1:
        raise InputError(f"{name} {value}: it must be 1 or more")


def check_beam_size(beam_size):
    """Refuses widths that no search here has."""
    check_at_least_one("--beam-size", beam_size)
    if beam_size > 1:
        raise InputError(f"--beam-size {beam_size}: only greedy search (1) is there so far")
