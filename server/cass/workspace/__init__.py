"""The user's files on disk: paths, byte-exact reading, atomic writing, listing and searching."""

from cass.workspace.disk import DiskWorkspace

__all__ = ["DiskWorkspace"]
