"""Measures one runtime: `python -m s2s_keras.report.worker SPEC RESULT`, two JSON files.

It is a process of its own so that memory, loading time and threads are the runtime's alone.
"""

import importlib
import json
import sys
import time
import traceback
from pathlib import Path


def measure(runtime, texts):
    """Loads a runtime and has it translate texts, one a call, all of them twice.

    The second time every shape has been met before, so that is the time that counts as latency.

    Args:
        runtime: a `Runtime`.
        texts: a list of strings.

    Returns:
        A dictionary of `load_seconds`, `first_call_seconds` (the first text's), `seconds` (each
        text's, the second time), `answers` (each text's translation and score, the first time),
        `peak_memory_bytes` and `versions`.
    """
    load_seconds, _ = _timed(runtime.load)
    first_call_seconds, first = _timed(runtime.translate, texts[0])
    answers = [first, *map(runtime.translate, texts[1:])]
    return {
        "load_seconds": load_seconds,
        "first_call_seconds": first_call_seconds,
        "seconds": [_timed(runtime.translate, text)[0] for text in texts],
        "answers": answers,
        "peak_memory_bytes": runtime.peak_memory(),
        "versions": runtime.versions(),
    }


def _timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def _result(module, settings, texts):
    """What `measure` gives, or why it could not be had, under `not_measured`."""
    runtime = None
    try:
        runtime = importlib.import_module(f"s2s_keras.report.runtimes.{module}").Runtime(**settings)
        return measure(runtime, texts)
    except Exception as error:
        traceback.print_exc()
        return {"not_measured": str(error) or type(error).__name__}
    finally:
        if runtime is not None:
            runtime.close()


if __name__ == "__main__":
    spec, result = map(Path, sys.argv[1:])
    result.write_text(json.dumps(_result(**json.loads(spec.read_text()))))
