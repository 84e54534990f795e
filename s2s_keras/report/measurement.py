"""One measurement, in a process of its own."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# The processor alone, whatever else a machine has: not every runtime could use that.
_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "2"}

# Those of an absolute path, which may stand behind a compiler's option; none of an address.
_FOLDERS = re.compile(r"(?:(?<=-[IL])|(?<![\w:/.]))/(?:[^\s/'\"]+/)+")


def measured(subject, texts):
    """Has a new process measure a subject.

    Args:
        subject: a `Subject`.
        texts: a list of strings.

    Returns:
        What `worker.measure` gives, or, under `not_measured`, one line that says why there is
        nothing.
    """
    if subject.obstacle is not None:
        return {"not_measured": _one_line(subject.obstacle)}
    with tempfile.TemporaryDirectory() as folder:
        spec, result = Path(folder, "spec.json"), Path(folder, "result.json")
        request = {"module": subject.module, "settings": subject.settings, "texts": texts}
        spec.write_text(json.dumps(request))
        done = subprocess.run(
            [sys.executable, "-m", "s2s_keras.report.worker", str(spec), str(result)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )
        if done.returncode or not result.is_file():
            said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            reason = " ".join([f"its process ended with status {done.returncode}", *said])
            return {"not_measured": _one_line(reason)}
        answer = json.loads(result.read_text())
    if "not_measured" in answer:
        return {"not_measured": _one_line(answer["not_measured"])}
    return answer


def _one_line(text):
    """In one line, for a card: without the folders of whoever measures."""
    text = _FOLDERS.sub("", " ".join(text.split()))
    return text if len(text) <= 300 else f"{text[:300]}…"
