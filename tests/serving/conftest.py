"""Two versions of a small model, and a stand-in that serves them."""

import shutil

import pytest
import tensorflow as tf
import tensorflow_text  # noqa: F401 (its operators)
from serving_models import MARK, copy_version, mark_translations

from s2s_keras.serving import Client
from s2s_keras.serving.stand_in import StandIn


@pytest.fixture(scope="session")
def served(exported, tmp_path_factory):
    """An exported folder with versions 1 and 2; translations of version 2 begin with a mark."""
    folder = tmp_path_factory.mktemp("served") / "de-en"
    copy_version(exported / "1", folder / "1")
    shutil.copytree(folder / "1", folder / "2")
    mark_translations(folder / "2", MARK)
    return folder


@pytest.fixture(scope="session")
def server(served):
    """A stand-in with both versions, which tests leave as they are."""
    with StandIn(served, versions=[1, 2]) as server:
        server.set_label("stable", 1)
        server.set_label("canary", 2)
        yield server


@pytest.fixture(params=["rest", "grpc"])
def address(server, request):
    return getattr(server, f"{request.param}_address")


@pytest.fixture
def client(address):
    with Client(address, "de-en") as client:
        yield client


@pytest.fixture(scope="session")
def signatures(served):
    """The signatures of version 1, called without a server."""
    model = tf.saved_model.load(str(served / "1"))
    # A signature does not keep alive the object that owns its variables.
    yield model.signatures
    del model
