"""The paper's tables and figures from finished runs, each with the paper's own figures beside."""

from supercorrect.paper.building import table_path, write_tables

__all__ = ["table_path", "write_tables"]
