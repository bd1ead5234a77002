"""The viewer: a local web app over run folders, and the desk where a person reviews corrections."""

from supercorrect.viewer.serving import view

__all__ = ["view"]
