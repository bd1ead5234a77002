"""Our prompts and our grader inside other people's evaluations: lm-evaluation-harness and inspect_ai."""
