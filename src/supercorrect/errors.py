"""Everything this package raises on purpose. The command line turns each into one message and its exit code."""

from __future__ import annotations


class SuperCorrectError(Exception):
    """Raised when a run cannot go on for a reason that the user can act on. Base of all errors here."""

    exit_code = 1


class ConfigError(SuperCorrectError):
    """Raised when a recipe, a flag or an override is not valid."""

    exit_code = 2


class InputError(SuperCorrectError):
    """Raised when a file or folder that the user named is missing, malformed or of another kind (says file:line)."""

    exit_code = 2


class ItemsFailedError(SuperCorrectError):
    """Raised at the end of a stage in which more items were refused than the recipe allows."""

    exit_code = 3


class BudgetReachedError(SuperCorrectError):
    """Raised when the next request could pass `max_cost_usd`. All finished work is kept."""

    exit_code = 4


class TeacherAccessError(SuperCorrectError):
    """Raised when an endpoint refuses the key (401, 403) or the account has no quota left."""

    exit_code = 5


class TeacherUnreachableError(SuperCorrectError):
    """Raised when an endpoint cannot be reached, or fails many times in a row (circuit breaker)."""


class StudentEngineError(SuperCorrectError):
    """Raised when the engine that runs the student ends, fails, or would not continue the very prompts it is given."""


class TrainingDataError(SuperCorrectError):
    """Raised before any training step when the rows would teach something else than intended."""


class TrainingFailedError(SuperCorrectError):
    """Raised when one of the processes of a training on several devices fails."""


class ClusterError(SuperCorrectError):
    """Raised when the cluster named by `--ray` cannot be reached, or its nodes do not fit the run."""


class WorkersLostError(ClusterError):
    """Raised when the same work has taken down several of the cluster's workers."""


class RunLockedError(SuperCorrectError):
    """Raised when another live process holds the run folder."""

    exit_code = 73


class StorageError(SuperCorrectError):
    """Raised when a file cannot be written or read back: disk full, I/O error, damaged record."""

    exit_code = 74


class InterruptedRunError(SuperCorrectError):
    """Raised after a signal, when work in flight has been drained. The same command resumes.

    Args:
        signal_number: SIGINT gives exit code 130, SIGTERM 143.
    """

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
