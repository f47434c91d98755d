"""What happens to the packages on a machine, sentence by sentence. `m` is a container or a virtual machine: both can run()."""
import shutil
import subprocess
import time

from processes import wait_until
from school import POLICY, TOKEN
from world import tell

AGENT = ("caretakerd.service", "caretaker-net.service", "caretaker-gate.service")
WATCHERS = ("caretaker-inspect.service", "caretaker-programs.service")  # what they need of the kernel a container may not give
NSS = "hosts:          files resolve [!UNAVAIL=return] dns"
PAST_US = """
import socket, sys
kind = socket.SOCK_STREAM if sys.argv[3] == 'tcp' else socket.SOCK_DGRAM
s = socket.socket(socket.AF_INET, kind); s.settimeout(3)
try:
    s.connect((sys.argv[1], int(sys.argv[2]))); s.send(b'?'); s.recv(1)
except OSError as why:
    print(why.errno or 'nothing')
"""
MOST_EXPOSURE = {"caretakerd.service": 20, "caretaker-firewall.service": 20, "caretaker-gate.service": 20,
                 "caretaker-inspect.service": 20, "caretaker-programs.service": 20, "caretaker-resolver.service": 20, "caretaker-net.service": 20, "caretaker-server.service": 20,
                 "caretaker-enrol.service": 20, "caretaker-unlock.service": 20, "caretaker-wipe.service": 32,
                 "caretaker-lock.service": 65}  # tenths; physlock has to be root at the consoles


def install(machine, package, version):
    machine.run("apt-get", "install", "--yes", f"/opt/packages/{version}/{package}_{version}_amd64.deb")


def running(machine, *units):
    return all(machine.property(unit, "ActiveState") == "active" for unit in units)


def whole_agent(m):
    """With those of the watchers that can work here; who cannot is said."""
    there = [unit for unit in WATCHERS if running(m, unit)]
    for unit in set(WATCHERS) - set(there):
        tell(f"{unit} does not run on this kernel, so nothing is tried on it")
    return (*AGENT, *there)


def add_people(m):
    for user in ("pupil", "other"):
        m.run("useradd", "--create-home", "--shell", "/bin/bash", user)
    m.run("groupadd", "pupils")
    m.run("usermod", "--append", "--groups", "pupils", "pupil")
    m.run("sed", "--in-place", f"s/^hosts:.*/{NSS}/", "/etc/nsswitch.conf")  # as where systemd-resolved is installed


def resolver_settings(m):
    return m.run("cat", "/etc/resolv.conf", "/etc/hosts", check=False).stdout


def the_server_is_installed_and_gets_a_school(m, school):
    install(m, "caretaker-server", "1.0")
    assert m.property("caretaker-server", "ConditionResult") == "no", "a server without a school has nothing to serve"
    school.open()
    assert running(m, "caretaker-server.service")
    tell("the server is installed and has a school")


def the_agent_is_installed_with_a_token(m, school):
    school.lay_down_token()
    settings = resolver_settings(m)
    install(m, "caretaker-agent", "1.0")
    assert running(m, *AGENT)
    assert resolver_settings(m) == settings, "which resolver the system asks was changed"
    assert "\nhosts:          files dns\n" in m.run("cat", "/etc/nsswitch.conf").stdout, "nss-resolve is still asked"
    wait_until("the machine to enrol by itself", lambda: school.status().get("enrolled"), timeout=120)
    wait_until("the token to go", lambda: not m.exists(TOKEN))
    school.wait_until_filtering()
    tell("one command later it is enrolled, the token is gone, and it filters")


def it_filters_and_reports(m, school):
    assert school.ask("www.casino.example") == "NXDOMAIN"
    assert school.ask("fine.example") == "NOERROR"
    wait_until("the record on the server", lambda: school.has_blocked("casino.example"), timeout=180)
    tell("a pupil's question is answered as the policy says, and the lead reads the record")


OTHERS_RULES = "table inet others { chain out { type filter hook output priority 5; policy accept; ip daddr 192.0.2.200 counter drop; }; }"


def another_firewall_has_rules(m):
    """The packet filter as it is then, without us."""
    m.run("nft", "-f", "-", stdin=f"flush ruleset\n{OTHERS_RULES}\n")  # as nftables.service does when it is loaded
    shown = m.run("nft", "--stateless", "list", "table", "inet", "others").stdout  # ours may be back already
    assert "192.0.2.200" in shown
    return shown


def packet_filter(m):
    return m.run("nft", "--stateless", "list", "ruleset").stdout


def give_a_line(m):
    """A line to nowhere, with a route to everywhere: what leaves the machine is lost, but it leaves."""
    for words in ("link add line type veth peer name nowhere", "addr add 192.0.2.5/24 dev line", "link set nowhere up", "link set line up",
                  "route add default via 192.0.2.1"):
        m.run("ip", *words.split())


def every_question_is_ours(m, school):
    give_a_line(m)
    wait_until("the rules", lambda: "dnat" in m.run("nft", "list", "table", "inet", "caretaker", check=False).stdout, timeout=60)
    for resolver in ("198.51.100.53", "127.0.0.53", "1.1.1.1"):
        assert school.ask("www.casino.example", resolver=resolver) == "NXDOMAIN", resolver
        assert school.ask("fine.example", resolver=resolver) == "NOERROR", resolver
    refused = {"tcp": ("111",), "udp": ("1", "113")}  # EPERM of the packet filter, or EHOSTUNREACH of the answer that it makes, if that is quicker
    for address, port, protocol in (("198.51.100.53", 853, "tcp"), ("1.1.1.1", 443, "tcp"), ("1.1.1.1", 443, "udp"), ("198.51.100.9", 1194, "udp")):
        got = m.run("python3", "-c", PAST_US, address, port, protocol, user="pupil").stdout.strip()
        assert got in refused[protocol], (address, port, protocol, got)
    wait_until("the records", lambda: len([row for row in school.rows() if row.get("kind") == "web.bypass" and row["details"].get("user") == "pupil"]) >= 4,
               timeout=180)
    another_firewall_has_rules(m)
    wait_until("the rules to be back", lambda: "dnat" in m.run("nft", "list", "table", "inet", "caretaker", check=False).stdout, timeout=20)
    tell("questions to other resolvers are answered by us, other ways are refused and seen, and rules that are flushed come back")


def what_another_package_changes_is_taken_again(m):
    m.run("sed", "--in-place", "s/^hosts:.*/hosts: files resolve/", "/etc/nsswitch.conf")
    wait_until("nss-resolve to go", lambda: "hosts: files dns\n" in m.run("cat", "/etc/nsswitch.conf").stdout, timeout=20)
    m.run("sed", "--in-place", f"s/^hosts:.*/{NSS}/", "/etc/nsswitch.conf")
    wait_until("nss-resolve to go again", lambda: "resolve" not in m.run("grep", "^hosts:", "/etc/nsswitch.conf").stdout, timeout=20)
    tell("nss-resolve, put back by another package, is taken out again")


def the_sandbox_is_tight(m):
    for unit, most in MOST_EXPOSURE.items():
        said = m.run("systemd-analyze", "security", "--no-pager", f"--threshold={most}", unit).stdout.strip().splitlines()[-1]
        tell(said.lstrip("→ ").rstrip(" 😀🙂"))


def a_wipe_unmounts_for_the_whole_machine(m):
    """With another program in its place: what it unmounts is gone for everybody, and its sandbox lets it do so, and no more than that."""
    command = "umount --force /opt/elsewhere && ! mount -t tmpfs none /opt/elsewhere && ! unshare --mount true && ! chown nobody /opt/elsewhere"
    place = "/run/systemd/system/caretaker-wipe.service.d/other-program.conf"
    m.write(place, f"[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=/bin/sh -c '{command}'\n")
    m.run("systemctl", "daemon-reload")
    m.run("mkdir", "--parents", "/opt/elsewhere")
    m.run("mount", "-t", "tmpfs", "none", "/opt/elsewhere")
    m.run("systemctl", "start", "caretaker-wipe.service")
    assert m.run("mountpoint", "--quiet", "/opt/elsewhere", check=False).returncode != 0, "it unmounts in a table of its own"
    m.run("rm", "--recursive", "/run/systemd/system/caretaker-wipe.service.d")
    m.run("rmdir", "/opt/elsewhere")
    m.run("systemctl", "daemon-reload")
    tell("what a wipe unmounts is unmounted for the whole machine; it can mount nothing")


def it_starts_again_within_a_second(m):
    """From the kill to the start of the next process, by one clock and the service manager's own record; a busy host makes any of the three slower, and none
    quicker than its unit says."""
    for unit in whole_agent(m):
        waits = []
        for _ in range(3):
            before = m.property(unit, "MainPID")
            killed = float(m.run("python3", "-c", f"import os, time; print(time.monotonic()); os.kill({before}, 9)").stdout)
            wait_until(f"{unit} to start", lambda: m.property(unit, "MainPID") not in ("0", before) and running(m, unit), timeout=60)
            waits.append(int(m.property(unit, "ExecMainStartTimestampMonotonic")) / 1e6 - killed)
        assert 0 < min(waits) <= 1, (unit, waits)
        tell(f"{unit} was killed three times, and the next one started after " + ", ".join(f"{wait:.2f} s" for wait in waits))


def what_is_killed_comes_back(m, school):
    answers = {"caretakerd.service": school.status, "caretaker-net.service": lambda: school.ask("www.casino.example") == "NXDOMAIN"}
    for unit, answer in answers.items():
        before, killed = m.property(unit, "MainPID"), time.monotonic()
        m.run("kill", "-KILL", before)
        wait_until(f"{unit} to answer again", answer)
        tell(f"{unit} was killed and answers again after {time.monotonic() - killed:.1f} s, asking included")
        assert m.property(unit, "MainPID") not in ("0", before)


def what_hangs_is_ended_and_comes_back(m, school):
    for unit in AGENT:
        m.write(f"/run/systemd/system/{unit}.d/watchdog.conf", "[Service]\nWatchdogSec=3\n")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "restart", *AGENT)
    before = {unit: m.property(unit, "MainPID") for unit in AGENT}
    m.run("kill", "-STOP", *before.values())
    for unit in AGENT:
        wait_until(f"{unit} to come back", lambda: m.property(unit, "MainPID") not in ("0", before[unit]) and running(m, unit))
    m.run("rm", "-r", *(f"/run/systemd/system/{unit}.d" for unit in AGENT))
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "restart", *AGENT)
    school.wait_until_filtering()
    tell("programs that hang are ended by the watchdog and come back")


def a_pupil_cannot_stop_it(m, school):
    agent = whole_agent(m)
    pids = [m.property(unit, "MainPID") for unit in agent]
    tries = [["systemctl", "--no-ask-password", verb, *agent] for verb in ("stop", "restart", "kill", "mask", "edit")]
    tries += [["kill", "-KILL", pid] for pid in pids] + [["kill", "-STOP", pid] for pid in pids]
    tries += [["rm", "-rf", "/var/lib/caretaker/guard"], ["ls", "/var/lib/caretaker/guard"], ["rm", "/run/caretaker/guard.sock"],
              ["ls", "/etc/caretaker"], ["caretaker", "events"], ["caretaker", "enrol", "--token-file", "/dev/null"],
              ["loginctl", "--no-ask-password", "enable-linger", "pupil"], ["renice", "19", *pids], ["prlimit", "--nofile=3", "--pid", pids[1]], ["cat", f"/proc/{pids[0]}/environ"],
              ["python3", "-c", f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('{'127.0.0.153'}', 53))"]]
    for command in tries:
        done = m.run(*command, user="pupil", check=False)
        assert done.returncode != 0, f"a pupil could: {' '.join(command)}\n{done.stdout}{done.stderr}"
    assert [m.property(unit, "MainPID") for unit in agent] == pids, "something was restarted"
    assert school.ask("www.casino.example") == "NXDOMAIN"
    tell(f"a pupil tried {len(tries)} ways to stop it or to look inside")


HOLD_SOCKETS = """
import socket, sys, time
held = []
for port in range(1024, 4096):  # beginnings without an end, for the names' reader; most lead nowhere
    try:
        u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.setblocking(False); u.sendto(b'x', ('192.0.2.77', port)); u.close()
    except OSError: pass
for _ in range(500):
    try:
        s = socket.socket(socket.AF_UNIX); s.settimeout(1); s.connect('/run/caretaker/guard.sock'); s.send(b'x'); held.append(s)
    except OSError: pass
    try:
        t = socket.create_connection(('127.0.0.153', 53), 1); t.send(b'x'); held.append(t)
    except OSError: pass
print('holding', flush=True)
time.sleep(600)
"""


def a_pupil_cannot_starve_it(m, school):
    agent = whole_agent(m)
    pids = [m.property(unit, "MainPID") for unit in agent]
    m.run("systemd-run", "--quiet", "--unit=hog", "--uid=pupil", "--slice=user.slice", "--property=StandardOutput=file:/tmp/hog",
          "python3", "-c", HOLD_SOCKETS)
    wait_until("the pupil to hold all he can get", lambda: "holding" in m.run("cat", "/tmp/hog", check=False).stdout, timeout=60)
    assert school.status().get("enrolled"), "the guard does not answer others any more"
    assert school.ask("www.casino.example", user="other") == "NXDOMAIN", "the filter does not answer others any more"
    m.run("true", user="other", timeout=20)  # what starts a program is asked about
    assert [m.property(unit, "MainPID") for unit in agent] == pids, "something was restarted"
    m.run("systemctl", "stop", "hog")
    tell("a pupil who holds every connection he can get keeps nobody else away")


def who_logs_in_is_told(m):
    wait_until("the notice", lambda: "monitored" in m.run("cat", "/run/caretaker/notice", check=False).stdout, timeout=60)
    seen = m.run("script", "-qec", "login -f pupil", "/dev/null", check=False, stdin="unset HISTFILE\nexit\n").stdout
    assert "This device belongs to" in seen and "http://caretaker.internal/" in seen, seen
    entry = m.run("cat", "/etc/xdg/autostart/caretaker-notice.desktop").stdout
    program = entry.split("Exec=")[1].split("\n")[0]
    # A desktop's own program stands in for the notification: what it is given is what the user would see.
    m.run("sh", "-c", "printf '#!/bin/sh\nprintf \"%%s\\n\" \"$@\"\n' > /tmp/notify-send; chmod 755 /tmp/notify-send")
    told = m.run("env", "PATH=/tmp:/usr/bin:/bin", program).stdout
    assert "This device is monitored" in told and "safeguarding lead" in told, told
    m.run("sh", "-c", "printf '#!/bin/sh\n[ -e /tmp/shows ] || { touch /tmp/shows; exit 1; }\nprintf \"%%s\\n\" \"$@\"\n' > /tmp/notify-send")
    assert "safeguarding lead" in m.run("env", "PATH=/tmp:/usr/bin:/bin", program).stdout, "what shows notifications begins a little later"
    m.run("sh", "-c", "printf '#!/bin/sh\nexit 1\n' > /tmp/notify-send; printf '#!/bin/sh\nprintf \"%%s\\n\" \"$@\"\n' > /tmp/zenity; chmod 755 /tmp/zenity")
    assert "safeguarding lead" in m.run("env", "PATH=/tmp:/usr/bin:/bin", program).stdout, "nothing shows notifications"
    m.run("rm", "/tmp/notify-send", "/tmp/zenity", "/tmp/shows")
    tell("who logs in at a console or a desktop is told that the device is monitored")


def the_page_is_there(m):
    ask = ("import urllib.request as u; print(u.urlopen(u.Request('http://127.0.0.153%s', headers={'Host': 'caretaker.internal'})).read().decode())")
    page = m.run("python3", "-c", ask % "/why?name=www.casino.example", user="pupil").stdout
    assert "www.casino.example is blocked" in page, page
    assert "you are <b>pupil</b>" in m.run("python3", "-c", ask % "/about", user="pupil").stdout
    tell("a user's own page says why a name is blocked, and to whom")


def who_is_suspended_cannot_log_in(m, school):
    def may_log_in(user):  # by the account step that every log-in goes through
        return m.run(
            "systemd-run", "--quiet", "--pipe", "--wait", f"--property=User={user}", "--property=PAMName=login", "true",
            check=False).returncode == 0

    file = "/var/lib/caretaker/guard/refused-logins"
    assert may_log_in("pupil") and m.run("cat", file).stdout == ""
    until = m.run("date", "--utc", "--date=+1 hour", "+%Y-%m-%dT%H:%M:%SZ").stdout.strip()
    school.push_policy(f'{POLICY}[suspended]\n"pupil" = "{until}"\n')
    wait_until("the pupil to be refused", lambda: not may_log_in("pupil"), timeout=180)
    assert may_log_in("other") and may_log_in("root")
    for damage in ("rm FILE", ": > FILE", "head -c 100000 /dev/urandom > FILE", "printf pup > FILE", "chmod 0 FILE"):
        m.run("sh", "-c", damage.replace("FILE", file))
        assert may_log_in("other") and may_log_in("root"), damage
    m.run("rm", file)
    m.run("systemctl", "restart", "caretakerd")
    wait_until("the list to be written again", lambda: not may_log_in("pupil"), timeout=60)
    tell("a suspended pupil cannot log in, others can whatever becomes of the list")


def a_reboot_keeps_everything(m, school):
    before, rows = school.status(), len(school.book())
    m.reboot()
    school.start()
    wait_until("the services to start by themselves", lambda: running(m, *AGENT), timeout=60)
    school.wait_until_filtering()
    after = school.status()
    assert (after["device"], after["policy_version"]) == (before["device"], before["policy_version"]), (before, after)
    assert len(school.book()) >= rows, "events were lost"
    tell("after a reboot it is the same device with the same policy and book")


SCHEMA = """
import pathlib, shutil, sqlite3, sys, tempfile
book = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as copies:
    for path in book.parent.glob(book.name + '*'):
        shutil.copy(path, copies)
    print(sqlite3.connect(pathlib.Path(copies) / book.name).execute(f'SELECT rolled_forward FROM {sys.argv[2]}').fetchone()[0])
"""


def the_schemas_are_rolled_forward(m):
    """The next version has one step more (next_schema.h)."""
    for unit, book, table in (("caretakerd", "/var/lib/caretaker/guard/events/events.db", "owner"),
                              ("caretaker-server", "/var/lib/caretaker-server/fleet.db", "devices")):
        m.run("systemctl", "stop", unit)  # while it runs nobody else reads its book
        assert m.run("python3", "-c", SCHEMA, book, table).stdout == "1\n", f"{unit} went on with the old schema"
        m.run("systemctl", "start", unit)


def an_older_version_is_refused(m):
    """It could not read the book, and would set it aside."""
    older = m.run("apt-get", "install", "--yes", "--allow-downgrades", "/opt/packages/1.0/caretaker-agent_1.0_amd64.deb", check=False)
    assert older.returncode != 0 and "would never be sent" in older.stdout + older.stderr, older
    assert "1.1" in m.run("dpkg-query", "--show", "caretaker-agent").stdout


def an_upgrade_keeps_everything(m, school):
    before, rows, pids = school.status(), len(school.book()), [m.property(unit, "MainPID") for unit in AGENT]
    for package in ("caretaker-server", "caretaker-agent"):
        install(m, package, "1.1")
    assert not set(pids) & {m.property(unit, "MainPID") for unit in AGENT}, "the old programs still run"
    school.wait_until_filtering()
    after = school.status()
    assert (after["device"], after["policy_version"]) == (before["device"], before["policy_version"]), (before, after)
    assert len(school.book()) >= rows, "events were lost"
    assert school.ask("www.casino.example") == "NXDOMAIN"
    the_schemas_are_rolled_forward(m)
    an_older_version_is_refused(m)
    school.wait_until_filtering()
    tell("an upgrade starts the new programs, rolls both schemas forward, and keeps device, policy and book")


def let_fail(m, unit):
    """Its program is another one, which fails, for this one start."""
    changed = f"/run/systemd/system/{unit}.d"
    m.run("sh", "-c", f"mkdir -p {changed} && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {changed}/fails.conf && systemctl daemon-reload")
    m.run("systemctl", "start", unit, check=False)
    m.run("sh", "-c", f"rm -r {changed} && systemctl daemon-reload")
    assert m.property(unit, "ActiveState") == "failed"


def stands_in(m, unit):
    """Started with a program in its place that does nothing and does not end; what undoes that."""
    folder = f"/run/systemd/system/{unit}.d"
    m.write(f"{folder}/other-program.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/sleep infinity\nExecStopPost=\n")
    m.run("systemctl", "daemon-reload")
    m.run("systemctl", "start", unit)
    assert m.property(unit, "ActiveState") == "active"

    def undo():
        m.run("rm", "--recursive", folder)
        m.run("systemctl", "daemon-reload")
    return undo


def a_wipe_is_not_removed_by_the_way(m):
    undo = stands_in(m, "caretaker-wipe.service")
    done = m.run("apt-get", "remove", "--yes", "caretaker-agent", check=False)
    assert done.returncode != 0, "a machine that is being wiped let its wipe be removed"
    assert m.property("caretaker-wipe.service", "ActiveState") == "active" and all(running(m, unit) for unit in AGENT), "something was stopped"
    m.run("systemctl", "stop", "caretaker-wipe.service")
    undo()
    tell("the package is not removed under a wipe, and goes on as it was")


def removal_keeps_the_state_and_purge_takes_it(m):
    others = another_firewall_has_rules(m)
    wait_until("our rules beside them", lambda: packet_filter(m) != others, timeout=20)
    let_fail(m, "caretaker-firewall.service")
    undo = stands_in(m, "caretaker-lock.service")
    m.run("apt-get", "remove", "--yes", "caretaker-agent")
    assert m.property("caretaker-lock.service", "ActiveState") == "inactive", "the screen is still covered, by what nobody has any more"
    undo()
    assert m.exists("/var/lib/caretaker/guard/device.json") and not m.exists("/run/caretaker")
    assert packet_filter(m) == others, "the packet filter is not what it was without us"
    m.run("apt-get", "purge", "--yes", "caretaker-agent", "caretaker-server")
    units = m.run("systemctl", "list-units", "--no-legend", "caretaker*").stdout
    assert not units, f"still known:\n{units}"


def an_image_that_is_only_being_made_is_ready(m, packages):
    """Installed in a chroot, as a preseed's in-target does: nothing runs, and the initramfs of every kernel is made anew all the same."""
    package = packages / "1.0" / "caretaker-agent_1.0_amd64.deb"
    stand_in = m.root / "usr/sbin/update-initramfs"
    stand_in.write_text("#!/bin/sh\necho \"$@\" >> /var/tmp/asked\n", encoding="ascii")
    stand_in.chmod(0o755)
    shutil.copy(package, m.root / "var/tmp/agent.deb")
    done = subprocess.run(["chroot", m.root, "dpkg", "--install", "/var/tmp/agent.deb"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    asked = (m.root / "var/tmp/asked").read_text(encoding="ascii")
    assert asked == "-u -k all\n", f"update-initramfs was asked: {asked!r}"
    done = subprocess.run(["chroot", m.root, "dpkg", "--purge", "caretaker-agent"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    tell("an image that is made in a chroot has the part that goes on with a wipe in the initramfs of every kernel")
