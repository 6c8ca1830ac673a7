"""Git."""

from __future__ import annotations

from cass.config.setting import Section, setting


class GitConfig(Section):
    """How cass uses git. What a repository's own configuration makes git run is never run, whatever is set here."""

    knowledge: bool = setting(
        True, "Tell the model branch and state of the repository with the first prompt.", project="any"
    )
    attribution: str | None = setting(
        None,
        "A line at the end of commits that cass makes, such as `Assisted-by: cass`; {model} is the model's name.",
    )
    repository_hooks: bool | None = setting(
        None,
        "Run hooks from the folder that a repository's own core.hooksPath names; unset: you are asked each time.",
    )
    hook_timeout: float = setting(600, "Longest time for a commit with its hooks, seconds.", ge=1, le=7_200)
    auto_commit: bool = setting(
        False,
        "After each turn keep the files it changed as a commit on the branch cass/SESSION; HEAD and index stay.",
    )
