"""The few files that pages load: our style, the report's, and one small script. Names are looked up, never joined."""

from __future__ import annotations

from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_FILES = {
    "look.css": ("supercorrect.report", "templates/style.css", "text/css"),
    "viewer.css": ("supercorrect.viewer", "static/viewer.css", "text/css"),
    "viewer.js": ("supercorrect.viewer", "static/viewer.js", "text/javascript"),
    "icon.svg": ("supercorrect.viewer", "static/icon.svg", "image/svg+xml"),
}


def read_static(request: Request) -> Response:
    """One of the files.

    Raises:
        HTTPException: 404, there is none of that name.
    """
    if request.path_params["name"] not in _FILES:
        raise HTTPException(404, "There is no such file.")
    package, path, media_type = _FILES[request.path_params["name"]]
    return Response((files(package) / path).read_bytes(), media_type=media_type)
