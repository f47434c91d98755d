"""The guest's screens: text consoles and desktops on X and on Wayland, what they show, and when they were locked."""
import pathlib
import time

from processes import wait_until

GUEST = pathlib.Path(__file__).resolve().parent / "guest"
PASSWORD = "correct horse"
COVER = "caretaker-lock.service"
LONG = 300  # seconds that an emulated machine on a busy host may take for what takes a moment
PROGRAMS = {
    "/usr/local/bin/on-x": """#!/bin/sh
xset s off -dpms
python3 /usr/local/bin/notices.py "$HOME/notices" &
xss-lock -- i3lock --nofork --color=000000 &
exec sleep infinity
""",
    "/usr/local/bin/on-mate": """#!/bin/sh
xset s off -dpms
python3 /usr/local/bin/notices.py "$HOME/notices" &
/usr/libexec/caretaker/pass-to-logind &
exec mate-screensaver --no-daemon
""",
    "/usr/local/bin/mate": "#!/bin/sh\nexec xinit /usr/local/bin/on-mate -- /usr/bin/Xorg :0 \"vt$XDG_VTNR\" -keeptty -noreset\n",
    "/usr/local/bin/x": "#!/bin/sh\nexec xinit /usr/local/bin/on-x -- /usr/bin/Xorg :0 \"vt$XDG_VTNR\" -keeptty -noreset\n",
    "/usr/local/bin/keep-console": """#!/usr/bin/python3
import fcntl
import os
KDSETMODE, KD_GRAPHICS = 0x4B3A, 1  # console_ioctl(4): the kernel switches away from no console in this mode
fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), KDSETMODE, KD_GRAPHICS)
""",
    "/usr/local/bin/wayland": "#!/bin/sh\nexport WLR_RENDERER=pixman WLR_NO_HARDWARE_CURSORS=1 LIBSEAT_BACKEND=logind\nexec sway --config /etc/sway.test\n",
    "/etc/sway.test": """exec python3 /usr/local/bin/notices.py "$HOME/notices"
exec /usr/libexec/caretaker/pass-to-logind
exec swayidle -w lock 'swaylock --daemonize --color 000000'
""",
}


def furnish(m, *users):
    """What a desktop needs, and a password for each."""
    for path, text in PROGRAMS.items():
        m.write(path, text, mode=0o755)
    for name in ("notices.py", "session_manager.py"):
        m.write(f"/usr/local/bin/{name}", (GUEST / name).read_text(encoding="utf-8"))
    m.run("chpasswd", "--crypt-method", "SHA256", stdin="".join(f"{user}:{PASSWORD}\n" for user in users))


def sessions(m, user):
    return m.run("loginctl", "show-user", "--value", "--property=Sessions", user, check=False).stdout.split()


def facts(m, session):
    shown = m.run("loginctl", "show-session", session, check=False).stdout
    return dict(line.split("=", 1) for line in shown.splitlines())


def uptime(m):
    return float(m.run("cat", "/proc/uptime").stdout.split()[0])


def pids(m, program):
    return m.run("pgrep", "--exact", program, check=False).stdout.split()


def began(m, program):
    """When a program that runs was started, in seconds since the machine was."""
    stat = m.run("cat", f"/proc/{pids(m, program)[0]}/stat").stdout
    return int(stat.rsplit(")", 1)[1].split()[19]) / 100


def shown(m, screen):
    """The text on a console."""
    return m.run("sh", "-c", f"tr '\\0' ' ' < /dev/vcs{screen}").stdout


def in_front(m):
    """The console that the screen shows."""
    return m.run("cat", "/sys/class/tty/tty0/active").stdout.strip()


def wait_at_keyboard(m, what, condition):
    """As wait_until, by somebody who presses a key now and then: waiting alone would be idleness."""
    def pressed():
        m.press("shift")
        return condition()
    return wait_until(what, pressed, timeout=LONG, pause=1)


def log_in_at_console(m, user, screen):
    """By typing name and password."""
    before = sessions(m, user)
    m.run("chvt", screen)
    wait_until("a log-in prompt", lambda: "login:" in shown(m, screen), timeout=LONG, pause=0.5)
    m.type(f"{user}\n")
    wait_until("the question for a password", lambda: "assword" in shown(m, screen), timeout=LONG, pause=0.5)
    m.type(f"{PASSWORD}\n")
    return wait_until(f"{user}'s session", lambda: [s for s in sessions(m, user) if s not in before], timeout=LONG, pause=0.5)[0]


def start(m, user, kind, screen):
    """A desktop as a display manager starts it: a session of this kind on a screen of its own, in front."""
    word = "wayland" if kind == "wayland" else "x11"
    before = sessions(m, user)
    m.run("systemd-run", "--quiet", "--collect", f"--unit=desktop-{user}", f"--uid={user}", "--property=PAMName=login", f"--property=TTYPath=/dev/tty{screen}",
          "--property=StandardInput=tty-force", "--property=StandardOutput=journal", "--property=StandardError=journal", f"--setenv=XDG_SESSION_TYPE={word}",
          "--setenv=XDG_SESSION_CLASS=user", "--setenv=XDG_SEAT=seat0", f"--setenv=XDG_VTNR={screen}", f"/usr/local/bin/{kind}")
    session = wait_until(f"{user}'s session", lambda: [s for s in sessions(m, user) if s not in before], timeout=LONG, pause=0.5)[0]
    m.run("loginctl", "activate", session)
    programs = {"x": ("Xorg", "xss-lock"), "mate": ("Xorg", "mate-screensaver"[:15], "caretaker-desktop"[:15]), "wayland": ("sway", "swayidle")}[kind]
    wait_at_keyboard(m, "the desktop to be there", lambda: all(pids(m, program) for program in programs) and
                     "org.freedesktop.Notifications" in m.run("busctl", f"--machine={user}@.host", "--user", "list", check=False).stdout)
    return session


def stop(m, user):
    m.run("systemctl", "stop", f"desktop-{user}")
    wait_until("the desktop to be gone", lambda: not pids(m, "Xorg") and not pids(m, "sway"), timeout=LONG, pause=0.5)


def told(m, user):
    """What came up on the user's desktop."""
    return m.run("cat", f"/home/{user}/notices", check=False).stdout


def is_covered(m):
    return m.property(COVER, "ActiveState") == "active" and bool(pids(m, "physlock"))


def opens(m, what, is_locked):
    """Not for any word, but for the right one. A lock screen that is busy with the wrong one hears nothing."""
    m.type("no horse\n")
    time.sleep(5)
    assert is_locked(), f"{what} opened for a wrong password"
    for _ in range(10):
        m.type(f"{PASSWORD}\n")
        try:
            wait_until(f"{what} to open", lambda: not is_locked(), timeout=20, pause=0.5)
            return
        except AssertionError:
            m.press("esc")
    raise AssertionError(f"{what} does not open for its password")
