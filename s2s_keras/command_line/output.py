"""How commands print results."""

import json

from s2s_keras.files import write_atomically


def print_json(value, path=None):
    """Prints `value` as JSON on standard output, and writes it to `path` if there is one."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if path is not None:
        write_atomically(path, f"{text}\n".encode())
    print(text, flush=True)
