"""Nobody sits there any more: on a console, on X and on Wayland the screen locks, and opens for the password that is typed."""
import pathlib
import tempfile
import time

import desktops
import sticks
from desktops import LONG, is_covered, opens
from processes import wait_until
from story import tell

PROMISES = "R1 R2"
LIMIT = 60  # seconds, in the policy of the tests
FILM = 120
LATE = 20  # how much later a busy host may make it; tests/bench has the figure of a quiet one
NOTICE = "The screen locks in"
# As the hub of a second seat's screen and mouse makes one.
SECOND_SEAT = 'SUBSYSTEM=="input", ATTRS{product}=="QEMU USB Tablet", TAG+="seat", TAG+="master-of-seat", ENV{ID_SEAT}="seat1"\n'


def touch(m):
    """A key, and when it was pressed at the latest."""
    m.press("shift")
    return desktops.uptime(m)


def locks_in_time(m, what, since, is_locked, program, limit=LIMIT):
    wait_until(f"{what} to lock", is_locked, timeout=limit + LONG, pause=0.5)
    after = desktops.began(m, program) - since
    assert limit - 2 < after < limit + LATE, f"{what} locked after {after:.1f} s"
    return after


def a_console_is_covered(m):
    screen = 1
    desktops.log_in_at_console(m, "pupil", screen)
    since = touch(m)
    m.run("date", "--set", "+1 hour")
    wait_until("the notice", lambda: NOTICE in desktops.shown(m, screen), timeout=LIMIT + LONG, pause=0.5)
    assert desktops.uptime(m) - since > LIMIT - 25, "the clock that was set an hour ahead made somebody idle"
    m.run("date", "--set", "-1 hour")
    after = locks_in_time(m, "the console", since, lambda: is_covered(m), "physlock")
    opens(m, "the console", lambda: is_covered(m))
    tell(f"a console is covered after {after:.1f} s of {LIMIT}, whatever becomes of the clock, said so before, and opens for the typed password")
    assert not is_covered(m)


def a_desktop_on_another_seat(m):
    """It has a mouse of its own, attached while it is plugged in, does not lock when asked, and says that it is a greeter's."""
    m.plug_tablet()
    time.sleep(20)  # the guard has seen it on the first seat by then
    m.write("/run/udev/rules.d/99-seat.rules", SECOND_SEAT)
    m.run("udevadm", "control", "--reload")
    m.run("udevadm", "trigger", "--action=change", "--subsystem-match=input", "--settle")
    wait_until("a second seat", lambda: "seat1" in m.run("loginctl", "list-seats").stdout, timeout=LONG, pause=0.5)
    m.run("systemd-run", "--quiet", "--collect", "--unit=second-seat", "--uid=teacher", "--property=PAMName=login", "--setenv=XDG_SEAT=seat1",
          "--setenv=XDG_SESSION_TYPE=x11", "--setenv=XDG_SESSION_CLASS=greeter", "sleep", "infinity")
    session = wait_until("the session", lambda: desktops.sessions(m, "teacher"), timeout=LONG, pause=0.5)[0]
    assert desktops.facts(m, session)["Seat"] == "seat1"
    return session


def the_unattended(m):
    """A guest on another console, somebody from elsewhere, a teacher on a second seat: nobody comes back to them while the rest is played."""
    m.run("useradd", "--create-home", "--shell", "/bin/bash", "guest")
    desktops.furnish(m, "guest")
    console = desktops.log_in_at_console(m, "guest", 2)
    m.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/var/tmp/key")
    home = m.run("getent", "passwd", "other").stdout.split(":")[5]
    m.run("install", "-d", "--owner=other", "--mode=700", f"{home}/.ssh")
    m.run("install", "--owner=other", "--mode=600", "/var/tmp/key.pub", f"{home}/.ssh/authorized_keys")
    m.run("systemd-run", "--quiet", "--unit=elsewhere", "ssh", "-tt", "-i", "/var/tmp/key", "-o", "StrictHostKeyChecking=no", "other@127.0.0.1", "cat")
    remote = wait_until("the log-in from elsewhere", lambda: desktops.sessions(m, "other"), timeout=LONG, pause=0.5)[0]
    assert desktops.facts(m, remote)["Remote"] == "yes"
    return {"guest": console, "other": remote, "teacher": a_desktop_on_another_seat(m)}


def the_unattended_are_logged_out(m, sessions):
    for user, session in sessions.items():
        wait_until(f"{user} to be logged out", lambda: session not in desktops.sessions(m, user), timeout=LIMIT + LONG, pause=0.5)
    tell("a guest's console, a session from elsewhere and a desktop on a second seat that nobody uses are ended")


def a_stick_is_told_of(m, folder):
    m.plug("TOLD", sticks.fat(folder / "told"))
    desktops.wait_at_keyboard(m, "the sentence on the screen", lambda: "This drive is not encrypted, so it was kept out" in desktops.told(m, "pupil"))
    m.unplug("TOLD")
    tell("whoever plugs in a plain stick reads on the screen what became of it and what to do")


def a_desktop_on_x_locks(m):
    session = desktops.start(m, "pupil", "x", 10)
    with tempfile.TemporaryDirectory(prefix="caretaker-sticks-") as name:
        a_stick_is_told_of(m, pathlib.Path(name))

    def is_locked():
        return desktops.facts(m, session).get("LockedHint") == "yes" and bool(desktops.pids(m, "i3lock"))
    after = locks_in_time(m, "X", touch(m), is_locked, "i3lock")
    assert NOTICE in desktops.told(m, "pupil"), "nothing came up before"
    opens(m, "X", lambda: bool(desktops.pids(m, "i3lock")))
    tell(f"a desktop on X is asked to lock after {after:.1f} s, said so before, and opens for the typed password")


def a_desktop_without_a_locker_is_covered(m):
    m.run("pkill", "--exact", "xss-lock")
    after = locks_in_time(m, "X without a locker", touch(m), lambda: is_covered(m), "physlock", limit=LIMIT + 5)
    opens(m, "X without a locker", lambda: is_covered(m))
    assert desktops.pids(m, "Xorg"), "the desktop went"
    desktops.stop(m, "pupil")
    tell(f"a desktop that does not lock when asked is covered after {after:.1f} s, and is there again for the typed password")


def a_desktop_whose_locker_tells_logind_nothing(m):
    session = desktops.start(m, "pupil", "mate", 10)

    def is_locked():
        return desktops.facts(m, session).get("LockedHint") == "yes"
    since = touch(m)
    wait_until("MATE to lock", is_locked, timeout=LIMIT + LONG, pause=0.5)
    after = desktops.uptime(m) - since
    assert LIMIT - 2 < after < LIMIT + LATE, f"MATE locked after {after:.1f} s"
    time.sleep(10)  # longer than the guard waits for a lock that it asked for
    assert is_locked() and not is_covered(m)
    opens(m, "MATE", is_locked)
    assert session in desktops.sessions(m, "pupil")
    desktops.stop(m, "pupil")
    tell(f"MATE's own locker, of which logind hears by us alone, locks after {after:.1f} s and is left at that, and opens for the typed password")


def a_teachers_console_is_left(m):
    """Their group's policy: to a log-in prompt, with everything as it was behind it."""
    screen = 4
    session = desktops.log_in_at_console(m, "teacher", screen)
    since = touch(m)
    wait_until("the screen to show another console", lambda: desktops.in_front(m) != f"tty{screen}", timeout=LIMIT + LONG, pause=0.5)
    after = desktops.uptime(m) - since
    assert LIMIT - 2 < after < LIMIT + LATE, f"left after {after:.1f} s"
    wait_until("a log-in prompt", lambda: "login:" in desktops.shown(m, desktops.in_front(m).removeprefix("tty")), timeout=LONG, pause=0.5)
    assert session in desktops.sessions(m, "teacher") and desktops.facts(m, session)["Active"] == "no"
    m.run("chvt", screen)
    m.press("shift")
    wait_until("the screen to be covered", lambda: is_covered(m), timeout=LONG, pause=0.5)
    opens(m, "the teacher's console", lambda: is_covered(m))
    assert session in desktops.sessions(m, "teacher")
    m.run("loginctl", "terminate-session", session)
    tell(f"of a teacher, whose policy wants no more, the screen shows a log-in prompt after {after:.1f} s; the work behind it goes on, for the typed password")


def a_console_that_its_user_keeps_in_front(m):
    """Then our locker runs and does not get the screen."""
    screen = 5
    session = desktops.log_in_at_console(m, "pupil", screen)
    m.type("keep-console\n")
    since = touch(m)
    wait_until("the session to be ended", lambda: session not in desktops.sessions(m, "pupil"), timeout=LIMIT + LONG, pause=0.5)
    after = desktops.uptime(m) - since
    assert LIMIT - 2 < after < LIMIT + LATE + 10, f"ended after {after:.1f} s"
    m.run("systemctl", "stop", desktops.COVER)
    tell(f"who keeps a console in front, so that nothing can cover it, is logged out after {after:.1f} s")


def a_film_on_wayland(m):
    session = desktops.start(m, "pupil", "wayland", 10)
    bus = f"unix:path=/run/user/{m.run('id', '--user', 'pupil').stdout.strip()}/bus"
    m.run("systemd-run", "--quiet", "--unit=film", "--uid=pupil", f"--setenv=DBUS_SESSION_BUS_ADDRESS={bus}", "python3", "/usr/local/bin/session_manager.py")
    desktops.wait_at_keyboard(m, "logind to hear of the film", lambda: "a film or a call" in m.run("systemd-inhibit", "--list").stdout)
    after = locks_in_time(m, "Wayland", touch(m), lambda: desktops.pids(m, "swaylock"), "swaylock", limit=FILM)
    m.run("systemctl", "stop", "film")
    opens(m, "Wayland", lambda: desktops.pids(m, "swaylock"))
    assert desktops.facts(m, session)["Active"] == "yes"
    desktops.stop(m, "pupil")
    tell(f"on Wayland a film, of which only the desktop knows, keeps the screen open for the two minutes that the policy gives, and no longer: {after:.1f} s")


def play(m, school):
    m.run("useradd", "--create-home", "--shell", "/bin/bash", "teacher")
    desktops.furnish(m, "pupil", "other", "teacher")
    unattended = the_unattended(m)
    a_console_is_covered(m)
    a_desktop_on_x_locks(m)
    a_desktop_without_a_locker_is_covered(m)
    a_desktop_whose_locker_tells_logind_nothing(m)
    a_teachers_console_is_left(m)
    a_console_that_its_user_keeps_in_front(m)
    a_film_on_wayland(m)
    the_unattended_are_logged_out(m, unattended)
    shown = [row["rule"] for row in school.book() if row.get("kind") == "session.lock"]
    assert {"lock.own-locker", "lock.switched-away", "lock.ended"} <= set(shown), shown
