"""Messages that both interfaces of the stand-in give."""

from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2


def status_response(states):
    """A `GetModelStatusResponse` of a dictionary of states, the newest version first."""
    response = get_model_status_pb2.GetModelStatusResponse()
    for version, state in sorted(states.items(), reverse=True):
        # An error code of zero, which says that all is well.
        response.model_version_status.add(version=version, state=state).status.SetInParent()
    return response


def signature_map(servable):
    """The signatures of a `Servable` as a `SignatureDefMap`."""
    return get_model_metadata_pb2.SignatureDefMap(signature_def=servable.signatures)
