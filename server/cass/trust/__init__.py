"""One gate before everything that a folder brings: nothing of it acts before its user trusted it, as it is, to the
byte."""

from cass.trust.folder import FolderTrust
from cass.trust.store import Decision, TrustStore

__all__ = ["Decision", "FolderTrust", "TrustStore"]
