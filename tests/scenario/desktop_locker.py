"""A desktop's locker that tells logind nothing is passed on by caretaker-desktop: real buses, with stand-ins for logind and for each locker.

What the real ones of MATE do is tried on a whole machine.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from processes import Program, wait_until

DEBIANS_PYTHON = "/usr/bin/python3"  # python3-gi is for that one, whichever began this test
SKIPPED = 77
try:
    from gi.repository import Gio, GLib
except ImportError:
    if sys.executable == DEBIANS_PYTHON:
        print("skipped: python3-gi is not installed")
        sys.exit(SKIPPED)
    os.execv(DEBIANS_PYTHON, [DEBIANS_PYTHON, "-Bu", *sys.argv])

PROMISES = "R1"
LOCKERS = ("org.mate.ScreenSaver", "org.xfce.ScreenSaver", "org.cinnamon.ScreenSaver", "org.gnome.ScreenSaver", "org.freedesktop.ScreenSaver")
SESSION = "/org/freedesktop/login1/session/_37"
LOGIN = """<node><interface name="org.freedesktop.login1.Manager"><method name="GetSession"><arg type="s" direction="in"/><arg type="o" direction="out"/></method></interface>
<interface name="org.freedesktop.login1.Session"><method name="SetLockedHint"><arg type="b" direction="in"/></method></interface></node>"""
LOCKER = '<node><interface name="{}"><method name="GetActive"><arg type="b" direction="out"/></method></interface></node>'
MOMENT = 0.5  # seconds in which nothing is to happen


class Bus:
    def __init__(self):
        self.daemon = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.daemon.stdout.readline().strip()

    def connect(self, name):
        kind = Gio.DBusConnectionFlags
        bus = Gio.DBusConnection.new_for_address_sync(self.address, kind.AUTHENTICATION_CLIENT | kind.MESSAGE_BUS_CONNECTION, None, None)
        bus.call_sync("org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName", GLib.Variant("(su)", (name, 4)), None, 0, -1, None)
        return bus

    def end(self):
        self.daemon.terminate()
        self.daemon.wait(10)


class Login:
    """logind, as far as it is asked here."""

    def __init__(self, bus):
        self.hint, self.is_asked, self.bus = False, False, bus.connect("org.freedesktop.login1")
        manager, session = Gio.DBusNodeInfo.new_for_xml(LOGIN).interfaces
        self.bus.register_object("/org/freedesktop/login1", manager, self.on_call, None, None)
        self.bus.register_object(SESSION, session, self.on_call, None, None)

    def on_call(self, _bus, _sender, _path, _interface, method, arguments, invocation):
        if method == "GetSession":
            self.is_asked = True
            return invocation.return_value(GLib.Variant("(o)", (SESSION,)) if arguments.unpack() == ("7",) else None)
        self.hint, = arguments.unpack()
        return invocation.return_value(None)

    def asks_to_lock(self, session=SESSION):
        self.bus.emit_signal(None, session, "org.freedesktop.login1.Session", "Lock", None)


class Locker:
    def __init__(self, bus, name):
        self.name, self.path, self.is_active = name, "/" + name.replace(".", "/"), False
        self.bus = bus.connect(name)
        self.bus.register_object(self.path, Gio.DBusNodeInfo.new_for_xml(LOCKER.format(name)).interfaces[0], self.on_call, None, None)

    def on_call(self, _bus, _sender, _path, _interface, _method, _arguments, invocation):
        invocation.return_value(GLib.Variant("(b)", (self.is_active,)))

    def turns(self, is_active):
        self.is_active = is_active
        self.bus.emit_signal(None, self.path, self.name, "ActiveChanged", GLib.Variant("(b)", (is_active,)))

    def end(self):
        self.bus.close_sync(None)


def turn_round():
    while GLib.MainContext.default().iteration(False):
        pass
    return True


def hears(login, hint, what):
    wait_until(what, lambda: turn_round() and login.hint == hint, timeout=10)


def hears_nothing(login, what):
    before, end = login.hint, GLib.get_monotonic_time() + MOMENT * 1e6
    wait_until("a moment", lambda: turn_round() and GLib.get_monotonic_time() > end)
    assert login.hint == before, what


def one_that_only_covers_is_no_lock(login, locker):
    locker.turns(True)
    hears_nothing(login, f"{locker.name}, which only covers, counts as locked")
    login.asks_to_lock("/org/freedesktop/login1/session/_38")
    hears_nothing(login, "another session that is to lock")
    login.asks_to_lock()
    hears(login, True, f"{locker.name}, which covered before it was asked, to count as locked")
    locker.turns(False)
    hears(login, False, f"{locker.name} to count as open")


def one_that_does_not_lock_is_no_lock(login, locker):
    login.asks_to_lock()
    hears_nothing(login, f"{locker.name} did not lock when asked, and counts as locked")


def one_that_locks_is_a_lock_while_it_lasts(login, locker):
    login.asks_to_lock()
    locker.turns(True)
    hears(login, True, f"{locker.name} to count as locked")
    locker.end()
    hears(login, False, f"{locker.name}, which has ended, to count as open")


def play(program, name):
    """With buses of its own, which end before the program does."""
    system, desktop = Bus(), Bus()
    try:
        login, locker = Login(system), Locker(desktop, name)
        program.environment = {"DBUS_SYSTEM_BUS_ADDRESS": system.address, "DBUS_SESSION_BUS_ADDRESS": desktop.address, "XDG_SESSION_ID": "7"}
        program.start()
        wait_until("the program to listen", lambda: turn_round() and login.is_asked, timeout=10)
        hears_nothing(login, "nobody has locked")
        one_that_only_covers_is_no_lock(login, locker)
        one_that_does_not_lock_is_no_lock(login, locker)
        one_that_locks_is_a_lock_while_it_lasts(login, locker)
    finally:
        desktop.end()
        system.end()
    assert program.process.wait(10) == 0, "the desktop has ended, and the program did not"
    print(f"{name}: counts as locked from when it has locked, being asked, until it opens or ends")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if not shutil.which("dbus-daemon"):
        print("skipped: dbus-daemon is not installed")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="caretaker-desktop-") as folder:
        program = Program("caretaker-desktop", [options.bin / "caretaker-desktop"], None, folder)
        try:
            for name in LOCKERS:
                play(program, name)
        finally:
            program.stop()
            print(program.log.read_text())


if __name__ == "__main__":
    main()
