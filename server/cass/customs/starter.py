"""What `cass commands new` writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

_SIMPLE = """\
---
# Shown in lists.
description: Explain a file to somebody new to the project
# What is asked for. A type is one of: string, int, number, bool, enum, file, selection, list.
parameters:
  file:
    type: file
    description: The file to explain
  depth:
    type: enum
    values: [short, thorough]
    default: short
# What else can stand here: model, effort, mode, approval, tools, rules, context: fork,
# hooks, output_schema, verify, budget, steps. docs/commands.md tells of all.
---
Explain @{{file}} to somebody who is new to this project.
{{#if depth == "thorough"}}
Go through it from the top, and say why each part is there.
{{else}}
Five sentences are enough.
{{/if}}

The latest changes to it, for what they are worth:

!`git log --oneline -n 5 -- {{file}}`
"""

_STEPS = """\
---
description: Bring the tests to pass, then have the change reviewed
parameters:
  tests:
    description: The tests to run, a file or a folder
    default: tests
  goal:
    description: What is to be done
# All steps together may use this much.
budget: {requests: 60}
steps:
  # A step is one of: prompt, run (a shell command, asked about like any other), command
  # (another custom command), parallel, when (branches), steps (a group).
  - id: before
    run: git status --short
  - id: work
    prompt: |
      {{goal}}

      What is changed already:
      {{steps.before.text}}
    # The model is told what the check says until it passes.
    verify: {run: "pytest -q -- {{tests}}", retries: 2}
  # These run beside each other, each in a session of its own.
  - id: looks
    parallel:
      - {id: bugs, prompt: "Look for mistakes in this change:\\n{{diff}}"}
      - {id: names, prompt: "Look at the names in this change:\\n{{diff}}"}
  # A branch on what came of a step.
  - id: mend
    if: steps.bugs.text contains "mistake"
    prompt: "Mend what is right of this:\\n{{steps.bugs.text}}"
---
Sum up what was done, in three sentences. Of the names it was said:
{{steps.names.text}}
"""

_CHECK = """\
---
description: Answer with data that fits a schema
parameters:
  question: {type: string}
# A session of its own; its result comes back as one message.
context: fork
# Only these tools are offered.
tools: [read_file, grep, glob, list_dir]
output_schema:
  type: object
  required: [answer, files]
  properties:
    answer: {type: string}
    files: {type: array, items: {type: string}}
---
{{question}}

Name the files that you looked at.
"""

STARTER: Mapping[str, str] = MappingProxyType({"simple": _SIMPLE, "steps": _STEPS, "data": _CHECK})


def kinds() -> Sequence[str]:
    """The kinds there are."""
    return tuple(STARTER)
