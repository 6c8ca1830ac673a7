"""Commit what the user asked to have committed: what is staged, else what this session changed."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from cass.errors import ToolError
from cass.git import committing, hooks, repository, style
from cass.git.committing import Committed, HookFailed
from cass.git.index import name_of
from cass.git.plan import Plan, reasons
from cass.git.repository import Repository
from cass.ports import Action, Outcome, Question, ToolContext
from cass.protocol.messages import ToolKind
from cass.tools._common import ToolParams

name = "git_commit"
kind: ToolKind = "execute"
needs = "commit"

_FILES = 40


class Params(ToolParams):
    message: str = Field(max_length=20_000)


async def prepare(params: Params, ctx: ToolContext) -> Action:
    """Find out what would be committed; that, and nothing else, is committed when it is approved."""
    message = style.cleaned(params.message)
    if not message:
        raise ToolError("The message is empty.")
    found = await repository.find(ctx.cwd, os.environ)
    touched = await ctx.touched()
    plan, _ = await committing.preview(found, touched, ctx.content)
    trailers = [await _sign_off(found)] if style.signs_off(await style.sample(found)) else []
    trailers += [ctx.settings.attribution] if ctx.settings.attribution else []
    message = style.with_trailers(message, [line for line in trailers if line and line not in message])

    async def run() -> Outcome:
        folder, note = await _hooks(found, ctx)
        try:
            done = await committing.commit(
                plan, touched, ctx.content, message, folder, ctx.settings.git.hook_timeout
            )
        except HookFailed as error:
            return Outcome.text(_refused(error), is_error=True, exit_code=1)
        return Outcome.text("\n".join(part for part in (_made(done, plan), note) if part))

    count = len(plan.changes)
    title = f"Commit {count} file{'' if count == 1 else 's'} {plan.where}: {message.splitlines()[0][:80]}"
    return Action(
        title=title, kind=kind, changes=True, subject="commit", detail=_detail(plan, message, ctx), run=run
    )


def _detail(plan: Plan, message: str, ctx: ToolContext) -> str:
    """What the user is shown before they agree: the message, the files, the hooks."""
    parts = ["\n".join(f"  {line}" for line in message.splitlines())]
    parts.append(("What is staged:" if plan.staged else "What this session changed:") + "\n" + _files(plan))
    if plan.kept:
        parts.append(f"Your own changes stay uncommitted in: {', '.join(map(_named, plan.kept))}")
    if plan.left_out:
        parts.append(f"Left out:\n{reasons(plan.left_out)}")
    found = plan.repository
    usual = hooks.usual(found)
    parts.append(f"Hooks that will run: {usual.shown}" if usual.names else "No hooks will run.")
    own = hooks.named_by_repository(found)
    if own and ctx.settings.git.repository_hooks is not False:
        will = "run, too" if ctx.settings.git.repository_hooks else "be asked about"
        parts.append(f"This repository names its own hooks folder, which will {will}: {own.shown}")
    if not found.git_dir.is_relative_to(found.top):
        parts.append(f"Git folder: {found.git_dir}")
    return "\n\n".join(parts)


def _files(plan: Plan) -> str:
    lines = [f"  {change.shown}" for change in plan.changes[:_FILES]]
    return "\n".join(
        [*lines, *([f"  … and {len(plan.changes) - _FILES} more"] if len(plan.changes) > _FILES else [])]
    )


async def _hooks(found: Repository, ctx: ToolContext) -> tuple[Path, str]:
    """The folder whose hooks run, and what the user should know of another that does not."""
    own, usual = hooks.named_by_repository(found), hooks.usual(found)
    if own is None:
        return usual.folder, ""
    agreed = ctx.settings.git.repository_hooks
    if agreed is None:
        question = Question(
            f"This repository's own configuration (core.hooksPath) names {own.folder} for hooks: {', '.join(own.names)}.\n"
            "Run them with this commit?",
            ("No", "Yes"),
        )
        agreed = await ctx.ask(question) == "Yes"
    if agreed:
        return own.folder, ""
    return usual.folder, f"Not run, for the repository itself names them: {own.shown} (git.repository_hooks)."


async def _sign_off(found: Repository) -> str:
    ident = await found.line("var", "GIT_COMMITTER_IDENT")
    return f"Signed-off-by: {ident.rsplit('>', 1)[0]}>" if ">" in ident else ""


def _made(done: Committed, plan: Plan) -> str:
    lines = [f"Committed {done.id[:10]} {plan.where}: {done.subject}"]
    lines += [f"  {change.shown}" for change in done.changes[:_FILES]]
    if done.altered:
        lines.append(f"Hooks changed what was committed: {', '.join(map(_named, done.altered[:20]))}")
    others = [name for name in done.rewritten if name not in done.altered]
    if others:
        lines.append(f"Hooks changed files without committing that: {', '.join(map(_named, others[:20]))}")
    if plan.kept:
        lines.append(f"Your own changes stay uncommitted in: {', '.join(map(_named, plan.kept[:20]))}")
    if plan.left_out:
        lines.append(f"Left out:\n{reasons(plan.left_out)}")
    if done.output:
        lines.append(f"Hooks said:\n{done.output}")
    return "\n".join([*lines, *done.notes])


def _refused(error: HookFailed) -> str:
    return f"{error.message} Nothing was committed, and what was staged is as it was. It said:\n{error.output or '(nothing)'}"


def _named(raw: str) -> str:
    return name_of(os.fsencode(raw))
