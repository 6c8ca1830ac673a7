"""The only room that starts processes: shell commands as jobs, plain programs such as ripgrep and git, and
programs that are fed, such as hooks."""

from cass.process.environ import child_environ
from cass.process.fed import Ended, Fed
from cass.process.guard import Guard
from cass.process.jobs import ShellJobs
from cass.process.piped import Piped, Talk
from cass.process.program import Finished, run_git, run_program
from cass.process.strays import sweep
from cass.process.watching import watch_children

__all__ = [
    "Ended",
    "Fed",
    "Finished",
    "Guard",
    "Piped",
    "ShellJobs",
    "Talk",
    "child_environ",
    "run_git",
    "run_program",
    "sweep",
    "watch_children",
]
