"""What a schedule is: when, what, where, and within which limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

Missed = Literal["skip", "once", "all"]
Overlap = Literal["skip", "queue", "replace"]

MIN_EVERY = 60
"""Seconds; cron knows nothing shorter either."""
ON_TIME = 60
"""Seconds after which a run of a schedule that skips what was missed does not begin any more."""
NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Part):
    """Exactly one of: a `cron` line, an interval in seconds (`every`), a moment (`at`, ISO 8601). `zone` is an IANA name; it
    counts for cron lines, and for a moment without an offset."""

    cron: str | None = None
    every: int | None = Field(default=None, ge=MIN_EVERY, le=10 * 366 * 86_400)
    at: str | None = None
    zone: str = "UTC"

    @model_validator(mode="after")
    def _one(self) -> When:
        if sum(value is not None for value in (self.cron, self.every, self.at)) != 1:
            raise ValueError("a schedule has one of cron, every and at")
        return self


class Budget(_Part):
    """What one run may use up: dollars, tokens, requests to the model, seconds."""

    cost: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, ge=1)
    turns: int | None = Field(default=None, ge=1, le=10_000)
    seconds: float | None = Field(default=None, ge=1)


class Retries(_Part):
    """How often a run that failed is tried again, and after how many seconds; the wait doubles each time."""

    count: int = Field(default=0, ge=0, le=20)
    wait: int = Field(default=60, ge=1, le=86_400)


class Source(_Part):
    """The project's file that it was taken from, as it was then."""

    path: str
    sha256: str


class Schedule(_Part):
    """One of them. `created` is when it was made: nothing before that is due. Intervals count from `starts`, or from
    then. `grace` is how late a run may begin, seconds (None: a minute with `skip`, else without end). `folder_trust` says
    whether the folder must be trusted, or what it brings is left out."""

    id: str = Field(default_factory=lambda: f"sch-{uuid4().hex[:8]}", pattern=r"^sch-[0-9a-f]{8}$")
    name: str = Field(pattern=f"^{NAME}$")
    when: When
    prompt: str = Field(min_length=1, max_length=100_000)
    folder: str
    model: str | None = None
    effort: str | None = None
    mode: Literal["plan", "active"] | None = None
    approval: Literal["ask", "edits", "auto"] | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    budget: Budget = Budget()
    missed: Missed = "once"
    grace: int | None = Field(default=None, ge=1)
    jitter: int = Field(default=0, ge=0, le=86_400)
    overlap: Overlap = "skip"
    retries: Retries = Retries()
    enabled: bool = True
    starts: datetime | None = None
    ends: datetime | None = None
    max_runs: int | None = Field(default=None, ge=1)
    folder_trust: Literal["needed", "leave-out"] = "needed"
    notify: Literal["always", "failure", "never"] = "always"
    source: Source | None = None
    created: datetime = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    @property
    def anchor(self) -> datetime:
        """Where intervals count from."""
        return self.starts or self.created

    @property
    def lateness(self) -> int | None:
        """How late a run may begin, seconds; None: without end."""
        return self.grace if self.grace is not None else ON_TIME if self.missed == "skip" else None
