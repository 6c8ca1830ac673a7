"""What a project is made of, read from its own files: how it is built and tested, its folders, its rules. Needs no model
and no network."""

from cass.project.facts import Facts, gather
from cass.project.tasks import Purpose, Task

__all__ = ["Facts", "Purpose", "Task", "gather"]
