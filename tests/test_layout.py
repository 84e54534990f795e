"""What holds for the whole repository."""

import ast
import pathlib
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "s2s_keras"
ROOMS = [
    "corpora",
    "tokenizer",
    "pipeline",
    "layers",
    "models",
    "search",
    "evaluation",
    "training",
    "export",
    "serving",
    "report",
    "command_line",
    "lessons",
]
# Every room may use these.
FOUNDATIONS = {"errors", "files", "machine", "special_ids", "__init__"}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "s2s_keras" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_no_module_imports_one_to_its_right(path):
    room = room_of(path)
    if room in FOUNDATIONS:
        assert set(imported_rooms(path)) <= {"errors"}
    elif room != "__main__":
        allowed = {*ROOMS[: ROOMS.index(room) + 1], *FOUNDATIONS}
        assert set(imported_rooms(path)) <= allowed


def test_layers_and_models_do_not_import_tensorflow_by_name():
    for path in [*(PACKAGE / "layers").rglob("*.py"), *(PACKAGE / "models").rglob("*.py")]:
        assert "tensorflow" not in path.read_text().replace("TensorFlow", ""), path


def tracked_files():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    if listed.returncode:
        pytest.skip("needs a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_the_repositorys_address_stands_in_one_place():
    with (ROOT / "pyproject.toml").open("rb") as file:
        address = tomllib.load(file)["project"]["urls"]["Repository"]
    name = address.removeprefix("https://").encode()
    # Notebooks are built, with the address of pyproject.toml: tests/notebooks compares them.
    files = (path for path in tracked_files() if path.is_file() and path.suffix != ".ipynb")
    holders = {path.name for path in files if name in path.read_bytes()}
    assert holders == {"pyproject.toml"}


def test_the_package_imports_nothing_heavy():
    program = "import sys, s2s_keras.errors; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
