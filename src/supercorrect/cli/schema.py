"""The command that tells editors what a recipe may hold: schema."""

from __future__ import annotations

import json

from supercorrect.cli.application import app


@app.command()
def schema() -> None:
    """Print the JSON schema of a recipe, with which an editor completes keys and marks unknown ones."""
    from supercorrect.config.schema import recipe_schema

    print(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
