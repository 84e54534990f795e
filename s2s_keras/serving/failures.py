"""What can go wrong with a request, as the transports tell it to the client."""


class UnavailableError(Exception):
    """Nothing was done, and another try may do it: refused, reset, or a server that is busy."""


class RefusedError(Exception):
    """The server's own error message, which another try would get again."""


class DeadlineError(Exception):
    """There was no answer in time."""
