"""Who may not use the machine now, a machine that sleeps, and one that switches off for the night."""
import time

import desktops
from desktops import LONG, is_covered
from processes import wait_until
from school import POLICY
from story import tell

PROMISES = "R1 R15 R24"
NIGHT = """
[groups.pupils.power_off]
at = "22:00"
warning_minutes = 1
snoozes = 1
[groups.device.power_off]
at = "22:00"
warning_minutes = 1
"""
WARNING = "This machine switches off in"


def gone(m, user, session):
    return session not in desktops.sessions(m, user)


def who_is_suspended_is_logged_out_and_kept_out(m, school):
    session = desktops.log_in_at_console(m, "pupil", 1)
    until = m.run("date", "--utc", "--date=+1 hour", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    m.press("shift")  # a screen that had locked by itself would be let be
    school.push_policy(f'{POLICY}[suspended]\n"pupil" = "{until}"\n')
    desktops.wait_at_keyboard(m, "the pupil to be logged out", lambda: gone(m, "pupil", session))
    m.run("systemctl", "stop", "caretaker-server")
    m.run("chvt", "2")
    wait_until("a log-in prompt", lambda: "login:" in desktops.shown(m, 2), timeout=LONG, pause=0.5)
    asking = m.property("getty@tty2", "MainPID")
    m.type("pupil\n")
    wait_until("the question for a password", lambda: "assword" in desktops.shown(m, 2), timeout=LONG, pause=0.5)
    m.type(f"{desktops.PASSWORD}\n")
    # For a wrong password it would ask once more; who may not come in at all, it leaves.
    wait_until("the log-in to be over", lambda: m.property("getty@tty2", "MainPID") not in ("0", asking) or desktops.sessions(m, "pupil"), timeout=LONG, pause=0.5)
    time.sleep(5)
    assert not desktops.sessions(m, "pupil"), "a suspended pupil is in"
    tell("a suspended pupil is logged out at once, and the right password does not let them in again, without a server too")
    m.run("systemctl", "start", "caretaker-server")
    school.push_policy(POLICY)
    wait_until("the pupil not to be refused any more", lambda: m.run("cat", "/var/lib/caretaker/guard/refused-logins").stdout == "", timeout=LONG, pause=0.5)


def a_machine_that_slept_locks_when_it_wakes(m):
    desktops.log_in_at_console(m, "pupil", 3)
    m.press("shift")
    m.run("systemd-run", "--quiet", "--unit=no-power-key", "systemd-inhibit", "--what=handle-power-key", "sleep", "infinity")  # it is to wake, and no more
    m.sleep(150)  # it is busy going to sleep for a part of it
    woken = desktops.uptime(m)
    m.press("shift")
    wait_until("the screen to be covered", lambda: is_covered(m), timeout=LONG, pause=0.5)
    took = desktops.began(m, "physlock") - woken
    assert took < 10, f"it waited for {took:.0f} s after the sleep"
    tell(f"a machine that slept past the limit covers the screen {took:.0f} s after somebody woke it")


def set_clock(m, time_of_day):
    m.run("date", "--set", time_of_day)


def the_night(m, school):
    head, tail = POLICY.split("[dns]")
    version = school.status()["policy_version"]
    school.push_policy(f"{head}{NIGHT}[dns]{tail}")
    wait_until("the policy", lambda: school.status()["policy_version"] > version, timeout=LONG, pause=0.5)
    desktops.log_in_at_console(m, "pupil", 4)
    set_clock(m, "21:58:50")
    wait_until("the warning", lambda: WARNING in desktops.shown(m, 4), timeout=LONG, pause=0.5)
    said = m.run("caretaker", "snooze", user="pupil").stdout
    assert m.run("caretaker", "snooze", user="pupil", check=False).returncode != 0, "twice, though once is allowed"
    assert m.run("caretaker", "snooze", user="other", check=False).returncode != 0, "by somebody who may not"
    time.sleep(90)
    assert m.process.poll() is None, f"it went off though it was put off: {said}"
    tell("at the set hour there is a warning on the screen, and who may puts it off once")
    set_clock(m, "22:29:00")
    wait_until("the machine to switch off", lambda: m.process.poll() is not None, timeout=LONG + 180, pause=1)
    tell("half an hour later it switches off")


def play(m, school):
    desktops.furnish(m, "pupil", "other")
    who_is_suspended_is_logged_out_and_kept_out(m, school)
    a_machine_that_slept_locks_when_it_wakes(m)
    m.restore("installed")  # qemu's screen and keyboard do not survive a sleep
    desktops.furnish(m, "pupil", "other")
    the_night(m, school)
