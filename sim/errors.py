"""The one kind of error a caller can cause: bad input."""


class InputError(ValueError):
    """Bad input: a configuration, argument or text that cannot be used.

    The message is one line that names what is wrong, where, and the way out; the command line prints
    it as it is and exits with 2. Other packages subclass it for bad input of their own.
    """
