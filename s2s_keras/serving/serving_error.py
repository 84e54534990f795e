"""An error with one of the codes that gRPC and TensorFlow share."""

import tensorflow as tf

# As TensorFlow Serving's HTTP server maps them.
_HTTP_STATUS = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "NOT_FOUND": 404,
    "RESOURCE_EXHAUSTED": 429,
    "UNIMPLEMENTED": 501,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_CODES = {
    tf.errors.INVALID_ARGUMENT: "INVALID_ARGUMENT",
    tf.errors.FAILED_PRECONDITION: "FAILED_PRECONDITION",
    tf.errors.OUT_OF_RANGE: "OUT_OF_RANGE",
    tf.errors.NOT_FOUND: "NOT_FOUND",
    tf.errors.RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
    tf.errors.UNIMPLEMENTED: "UNIMPLEMENTED",
    tf.errors.UNAVAILABLE: "UNAVAILABLE",
    tf.errors.DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
}


class ServingError(Exception):
    """A request that fails.

    Args:
        code: the name of the code, such as `NOT_FOUND`.
        message: what the client is told.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code

    @classmethod
    def of(cls, error):
        """What a `tf.errors.OpError` becomes."""
        return cls(_CODES.get(error.error_code, "INTERNAL"), error.message)

    @property
    def http_status(self):
        """The status of an HTTP answer."""
        return _HTTP_STATUS.get(self.code, 500)
