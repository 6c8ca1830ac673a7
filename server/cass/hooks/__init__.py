"""Hooks: programs, functions and questions to a model that are told what happens in a session, and may object.

The contract is Claude Code's, so that hooks written for it run as they are.
"""

from cass.hooks.around import Around
from cass.hooks.session import SessionHooks

__all__ = ["Around", "SessionHooks"]
