"""The paper's tables and figures from finished runs, each with the paper's own figures beside."""
