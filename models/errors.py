"""What can go wrong with learned classifiers."""

from __future__ import annotations

from pipeline.errors import FengqiaoError


class ModelError(FengqiaoError):
    """An artefact is missing, damaged or does not belong to the others; the rules go on alone and the answer says `degraded`."""
