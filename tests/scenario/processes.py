"""Programs that a scenario starts: each with its log, each as its own user where the caller is root, each ended by its id."""
import os
import pathlib
import signal
import subprocess
import time

patience = 1  # how many times longer than on this machine all may take where the programs are; of whoever emulates one


def may_change_user():
    return os.geteuid() == 0


class Program:
    """One program with its arguments; started and ended as often as the story wants. user: None for ours."""

    def __init__(self, name, command, user, log_folder):
        self.name, self.command, self.user = name, [str(c) for c in command], user
        self.log = pathlib.Path(log_folder) / f"{name}.log"
        self.process, self.environment = None, {}  # what differs from ours

    def start(self):
        identity = {"user": self.user, "group": self.user, "extra_groups": []} if self.user and may_change_user() else {}
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **self.environment}, **identity)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As a power cut does it."""
        self._end(signal.SIGKILL, 10)

    def stop(self):
        """Politely; a program that does not listen within ten seconds is a fault."""
        code = self._end(signal.SIGTERM, 10)
        assert code in (0, -signal.SIGTERM), f"{self.name} ended with {code}"

    def _end(self, how, timeout):
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.name} did not end within {timeout} s") from None


def run(command, user, stdin="", check=True, timeout=120, env=None):
    """Runs a command to its end as `user`; what it printed."""
    identity = {"user": user, "group": user, "extra_groups": []} if may_change_user() else {}
    done = subprocess.run([str(c) for c in command], input=stdin, capture_output=True, text=True, timeout=timeout,
                          check=False, env={**os.environ, **(env or {})}, **identity)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def wait_until(what, condition, timeout=30.0, pause=0.05):
    """The first true value of `condition`; a failure that says what was waited for."""
    end = time.monotonic() + timeout * patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout * patience:.0f} s for {what}")
        time.sleep(pause)
