"""Times requests of random length that several threads send to the stand-in at once.

The stand-in runs in a process of its own, and every answer is compared with the model's own. It is
no TensorFlow Serving: the figures tell what goes wrong under load, not how fast a server is.
"""

import argparse
import random
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.arguments import positive, run_command
from s2s_keras.errors import InputError
from s2s_keras.export import load
from s2s_keras.export.serving_files import text_of_length
from s2s_keras.report.environment import environment
from s2s_keras.serving import Client

TEXTS = 200


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export", type=Path, help="an exported folder")
    parser.add_argument("--threads", type=positive, default=8)
    parser.add_argument("--requests", type=positive, default=500, help="of each thread")
    parser.add_argument("--interface", choices=("rest", "grpc"), default="rest")
    parser.add_argument("--longest", type=positive, default=40, help="most tokens of a text")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    options = parser.parse_args(arguments)
    return run_command(lambda: measure(options), table, options.json)


def measure(options):
    """Sends the requests, and gives what became of them."""
    expected = translations(options.export, options.longest)
    with stand_in(options.export, options.interface) as address:
        client = Client(address, "model", deadline=120)
        client.translate(["x"])

        def send(number):
            texts = random.Random(number).choices(list(expected), k=options.requests)
            return [timed(client, text, expected[text]) for text in texts]

        started = time.perf_counter()
        with ThreadPoolExecutor(options.threads) as threads:
            sent = [each for part in threads.map(send, range(options.threads)) for each in part]
        seconds = time.perf_counter() - started
    answered = [each for each, outcome in sent if outcome != "failed"] or [float("nan")]
    return {
        **{name: getattr(options, name) for name in ("interface", "threads", "longest")},
        "requests": len(sent),
        **{key: sum(outcome == key for _, outcome in sent) for key in ("failed", "wrong")},
        "seconds": seconds,
        "median": statistics.median(answered),
        "p99": statistics.quantiles([*answered, answered[-1]], n=100, method="inclusive")[-1],
        "environment": environment(["tensorflow", "grpcio"]),
    }


def table(results):
    return (
        f"{results['interface']}: {results['requests']} requests of {results['threads']} threads "
        f"in {results['seconds']:.1f} s, {results['failed']} failed, {results['wrong']} wrong; "
        f"median {1000 * results['median']:.0f} ms, p99 {1000 * results['p99']:.0f} ms"
    )


def translations(export, longest):
    """Texts of random length with the model's translation of each, alone in its batch."""
    model, lengths = load(export), random.Random(0)
    words = text_of_length(model.tokenizer, 2000).decode().split()
    texts = [" ".join(lengths.choices(words, k=lengths.randint(1, longest))) for _ in range(TEXTS)]
    answers = model.translator.translate(texts, batch_size=1)
    return {text: answer.text for text, answer in zip(texts, answers, strict=True)}


def timed(client, text, expected):
    """The seconds of a request, and what became of it."""
    started = time.perf_counter()
    try:
        (answer,) = client.translate([text])
    except InputError:
        return time.perf_counter() - started, "failed"
    outcome = "right" if answer.text == expected else "wrong"
    return time.perf_counter() - started, outcome


@contextmanager
def stand_in(export, interface):
    """The address of a stand-in that serves `export` in a process of its own."""
    command = [sys.executable, "-m", "s2s_keras.serving.stand_in", str(export), "--name", "model"]
    process = subprocess.Popen(
        [*command, "--rest-port", "0", "--grpc-port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        lines = iter(process.stderr.readline, "")
        said = next((line for line in lines if "http://" in line), None)
        if said is None:
            raise InputError(f"{export}: the stand-in did not start")
        addresses = [word.strip(",") for word in said.split()]
        scheme = "http" if interface == "rest" else "grpc"
        yield next(word for word in addresses if word.startswith(f"{scheme}://"))
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    sys.exit(main())
