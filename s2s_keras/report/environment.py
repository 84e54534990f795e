"""What a measurement ran on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from s2s_keras.machine import cores


def environment(packages):
    """The machine, its load and the versions of Python and of `packages`, as a dictionary."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": cores(),
        "load_average": round(os.getloadavg()[0], 2),
        "system": platform.system(),
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in packages},
    }


def describe(facts):
    """One line of what `environment` gave."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    return (
        f"{facts['processor']}, {facts['cores']} cores, load {facts['load_average']} at the start; "
        f"{versions}; {facts['date']}"
    )


def _processor():
    """The processor's name: Linux does not tell it to `platform`."""
    names = Path("/proc/cpuinfo")
    if names.is_file():
        for line in names.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
