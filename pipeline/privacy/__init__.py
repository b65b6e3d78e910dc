"""Privacy: find what points at persons in a narrative, say why, and take it out while the sentence still reads."""

from pipeline.privacy.find import Deidentifier
from pipeline.privacy.job import Job
from pipeline.privacy.model import MODES, Change, Finding, Mode, OffsetMap, Treated
from pipeline.privacy.nameless import Nameless
from pipeline.privacy.second import READERS, Reader

__all__ = ["MODES", "READERS", "Change", "Deidentifier", "Finding", "Job", "Mode", "Nameless", "OffsetMap", "Reader", "Treated"]
