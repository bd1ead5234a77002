"""SuperCorrect: a large teacher supervises and corrects a small student (arXiv 2410.09008)."""

__version__ = "0.1.0"
