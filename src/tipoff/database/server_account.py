"""As whom the embedded server runs, since PostgreSQL refuses root: an ordinary user, a user namespace, or `nobody`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from tipoff.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from subprocess import CompletedProcess

# Root keeps its files and gets another number in the server's eyes. A user without a name needs the same for initdb.
IN_NAMESPACE = ("unshare", "-U", "--map-user=65534", "--map-group=65534", "--")


class Account(NamedTuple):
    """The user that owns the data and runs the server, and the words before a command that make it a non-root one."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()

    @property
    def is_other(self) -> bool:
        """Whether it is not the user that we are."""
        return self.uid != os.geteuid()

    def give(self, path: Path) -> None:
        """Make the account the owner of a path that we made."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def run(self, command: Sequence[str], **popen: Any) -> CompletedProcess[str]:
        """Run a command to its end as this account, without our environment; a refusal is a result, not an error."""
        import subprocess

        if self.is_other:
            popen |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        # Only what programs need to start: PG* would change the server, and secrets are not for another account.
        keep = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
        environment = {name: os.environ[name] for name in keep if name in os.environ} | {"LC_ALL": "C"}
        try:
            return subprocess.run(
                [*self.prefix, *command],
                **{**output, **popen},
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                text=True,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return subprocess.CompletedProcess(command, 126, "", str(error))

    def reaches(self, folder: Path) -> bool:
        """Whether every folder above lets this account through, by trying."""
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]).returncode == 0


def account_for(data: Path) -> Account:
    """Who runs the server: the owner of the data; for new data ourselves, or `nobody` for root without namespaces."""
    me = os.geteuid()
    ours = Account(me, os.getegid(), IN_NAMESPACE if me == 0 or not _has_name(me) else ())
    if not data.exists():
        return _nobody() if me == 0 and ours.run(["true"]).returncode != 0 else ours
    owner = data.stat()
    if owner.st_uid == me:
        return ours
    if me != 0:
        raise DatabaseError(
            f"{data} belongs to user {owner.st_uid}, and you are user {me}.", "Use another TIPOFF_HOME."
        )
    return Account(owner.st_uid, owner.st_gid)


def _has_name(uid: int) -> bool:
    import pwd

    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _nobody() -> Account:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseError(
            "PostgreSQL refuses to run as root, user namespaces are not allowed here, and there is no user nobody.",
            "Use tipoff as an ordinary user, make a user nobody, or set TIPOFF_DATABASE_URL.",
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)
