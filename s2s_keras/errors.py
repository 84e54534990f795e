"""The one error that is the user's to mend."""


class InputError(ValueError):
    """Bad input of the user's: a file, a language, a name or a setting.

    The message is one clear line that says what is wrong and what to do about it. The command line
    prints that line, without a traceback, and exits with 2.
    """
