"""The process that is struck, for every attack."""

from chaos import victim

__all__ = ["victim"]
