"""The same stages on a Ray cluster: `supercorrect run recipe.yaml --ray ADDRESS`. Nothing else imports Ray."""
