"""Why a statement is not run."""


class Refused(ValueError):
    """The guard refuses a statement. The message says why in one sentence, for whoever writes the next one."""
