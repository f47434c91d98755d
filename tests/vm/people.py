"""Who sits at the guest's screen and keyboard: sessions as logind keeps them, so that a desktop's services treat their people as present."""
from processes import wait_until

GROUPS = {"technician": "disk", "librarian": "teachers", "secretary": "office", "borrower": "borrowers"}
SCREENS = {"borrower": 7, "librarian": 8, "secretary": 9}
# In its session's cgroup a program is its user's there, for polkit too.
ENTER = 'echo $$ > "/sys/fs/cgroup$1/cgroup.procs"; shift; exec runuser -u "$@"'


def come(m):
    """Accounts for those of GROUPS."""
    for user, group in GROUPS.items():
        m.run("groupadd", "--force", group)
        m.run("useradd", "--create-home", "--groups", group, user)


def sit(m, user):
    """Logs in on a screen of its own, and switches to it."""
    screen = f"/dev/tty{SCREENS[user]}"
    m.run("systemd-run", "--quiet", "--collect", f"--unit=seat-{user}", f"--uid={user}", "--property=PAMName=login",
          f"--property=TTYPath={screen}", "--property=StandardInput=tty-force", "--property=StandardOutput=null", "sleep", "infinity")
    session = wait_until(f"{user}'s session", lambda: m.run("loginctl", "show-user", "--value", "--property=Display", user,
                                                            check=False).stdout.strip(), timeout=240)

    def is_in_front():
        m.run("loginctl", "activate", session)
        return m.run("loginctl", "show-user", "--value", "--property=State", user).stdout.strip() == "active"
    wait_until(f"{user} to be there", is_in_front, timeout=240, pause=1)


def leave(m, user):
    m.run("systemctl", "stop", f"seat-{user}")


def run(m, user, *command, check=True):
    """As a program in the user's session."""
    cgroup = m.run("cat", f"/proc/{m.property(f'seat-{user}', 'MainPID')}/cgroup").stdout.strip().removeprefix("0::")
    return m.run("sh", "-c", ENTER, "sh", cgroup, user, "--", *command, check=check)


def typed(m, keyboard, press):
    """Whether what is pressed on this keyboard arrives."""
    device = wait_until("the keyboard", lambda: m.run("sh", "-c", f"ls /dev/input/by-id/*{keyboard}*-event-kbd", check=False).stdout.strip(),
                        timeout=240, pause=0.5)
    m.run("systemctl", "reset-failed", "typist", check=False)
    m.run("systemd-run", "--quiet", "--collect", "--unit=typist", "--property=StandardOutput=truncate:/var/tmp/typed",
          "head", "--bytes=48", device)
    wait_until("the keyboard to be read", lambda: m.property("typist", "SubState") == "running")
    press()
    wait_until("the key to arrive", lambda: m.run("stat", "--format=%s", "/var/tmp/typed").stdout.strip() == "48")
    m.run("systemctl", "stop", "typist", check=False)
