"""What is read from a project and kept of it."""

from __future__ import annotations

from cass.config.setting import Section, setting


class InstructionConfig(Section):
    """Files with rules for the model."""

    files: tuple[str, ...] = setting(
        ("CASS.md", "AGENTS.md", "CLAUDE.md"),
        "Names that are looked for in each folder; the first one found there is taken.",
    )
    max_chars: int = setting(40_000, "Most characters of instructions that are sent.", ge=0, le=1_000_000)


class CheckpointConfig(Section):
    """What is kept of files so that `/rewind` can take back what a turn did to them."""

    enabled: bool = setting(True, "Whether files are kept before a command or an edit changes them.")
    max_file_mb: int = setting(
        100, "Biggest file that is kept, MB; of bigger ones only that they changed.", ge=1, le=100_000
    )
    max_total_mb: int = setting(2_000, "Most that is kept of one folder, MB on disk.", ge=1, le=1_000_000)
    max_files: int = setting(
        50_000, "Most files of a folder; in a bigger one only edits are covered, not commands.", ge=1, le=2_000_000
    )


class SessionsConfig(Section):
    """How long sessions are kept. Unset means for ever."""

    keep_days: int | None = setting(
        None, "Days after which a session that was not used any more is removed, once a day.", ge=1, le=100_000
    )
    keep_archived: bool = setting(True, "Keep archived sessions whatever their age.")
    keep_tagged: bool = setting(True, "Keep sessions with a tag whatever their age.")
