"""Runs a command that must not outlive the driver: when a pipe that the driver holds closes, the command is killed.

Started as a file (`python -I -S guard.py FD COMMAND ARGUMENTS...`) as the leader of a process group of its own, so that
it needs nothing installed and starts fast. It ends as the command ends: with its exit status, or by the same signal.
The command gets the guard's standard input, unless that is the pipe FD to watch.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

COMMAND_NOT_RUN_STATUS = 127


def _kill_group_when_it_closes(alive_fd: int) -> None:
    while os.read(alive_fd, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


def main(alive_fd: int, command: list[str]) -> int:
    """Runs `command` and returns its exit status."""
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL if alive_fd == 0 else None)
    except OSError as error:
        print(f"cannot run {command[0]}: {error.strerror}", file=sys.stderr)
        return COMMAND_NOT_RUN_STATUS
    # SIGTERM reaches the whole group: the command decides when it ends, the guard only hands its status on.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    threading.Thread(target=_kill_group_when_it_closes, args=(alive_fd,), daemon=True).start()
    status = child.wait()
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
