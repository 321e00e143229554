"""What can go wrong on a machine we did not set up: always one sentence that says what to do next."""

import errno


class EmbeddedProblem(Exception):
    """Something outside Crosswalk has to change first; the text is shown to a person as it is."""


def disk_full(path: object) -> EmbeddedProblem:
    return EmbeddedProblem(
        f"No disk space is left in {path}. Nothing was lost: free some space, or choose another place "
        "with --data, and start again."
    )


def is_disk_full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
