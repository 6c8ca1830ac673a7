"""Hooks: programs, functions and questions to a model that are told what happens in a session, and may object.

The contract is Claude Code's, so that hooks written for it run as they are.
"""

from cass.hooks.around import Around
from cass.hooks.rules import Hook
from cass.hooks.session import SessionHooks
from cass.hooks.trying import Trial, trials

__all__ = ["Around", "Hook", "SessionHooks", "Trial", "trials"]
