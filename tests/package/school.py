"""A school whose people, server and laptop are all on one machine: what they type, through whatever can run() commands there."""
import json

from processes import wait_until

SCHOOL, PASSPHRASE = "/srv/school", "/srv/passphrase"
URL, FILTER = "https://127.0.0.1:8443", "127.0.0.153"
TOKEN = "/etc/caretaker/enrol.token"
STAND_IN = "127.0.0.1:5300"
POLICY = f"""
school = "Package School"
[groups.pupils]
os_groups = ["pupils"]
blocked_categories = ["gambling"]
[groups.pupils.idle_lock]
after_minutes = 1
notice_seconds = 20
video_minutes = 2
[groups.staff]
users = ["teacher"]
blocked_categories = ["gambling"]
[groups.staff.idle_lock]
after_minutes = 1
if_not_locked = "switch_away"
[groups.visitors]
users = ["guest"]
blocked_categories = ["gambling"]
[groups.visitors.idle_lock]
after_minutes = 1
if_not_locked = "end_session"
[groups.device]
default = true
blocked_categories = ["gambling"]
[groups.device.idle_lock]
after_minutes = 1
[groups.borrowers]
os_groups = ["borrowers"]
blocked_categories = ["gambling"]
[groups.borrowers.idle_lock]
after_minutes = 60
[groups.teachers]
os_groups = ["teachers"]
blocked_categories = ["gambling"]
media = {{ unencrypted = "read_only" }}
[groups.teachers.idle_lock]
after_minutes = 60
[groups.office]
os_groups = ["office"]
blocked_categories = ["gambling"]
media = {{ unencrypted = "warn" }}
[groups.office.idle_lock]
after_minutes = 60
[[media.allow]]
usb = "46f4:0001"
serial = "LISTED"
[[media.allow]]
usb = "0951:1666"
serial = "KEYPAD"
[[media.allow]]
volume = "cafe-f00d"
[network]
portal_minutes = 3
[dns]
upstreams = ["{STAND_IN}"]
[recipients]
"*" = ["safeguarding", "escrow"]
"""
LISTS = {"gambling": "casino.example\n" + "".join(f"bet{n}.example\n" for n in range(1000)), "illegal": "illegal.example\n"}
SERVE = f"/usr/sbin/caretaker-server serve --listen {URL.removeprefix('https://')}"
QUICK, USUAL = 1, 900  # seconds between two check-ins: for a test, and where nobody says anything
ASK = "import sys; sys.path.insert(0, '/opt/tests'); import dns_wire; print(dns_wire.ask((sys.argv[1], 53), sys.argv[2]).rcode)"


class School:
    def __init__(self, machine, policy=POLICY):
        self.machine, self.policy = machine, policy

    def technician(self, *arguments, holder="technician"):
        """The technician's own programs, not the packaged ones."""
        return self.machine.run("/opt/technician/caretaker", *arguments, "--school", SCHOOL, "--passphrase-file", PASSPHRASE, "--key",
                                f"{SCHOOL}/keys/{holder}.key")

    def open(self):
        """Sets up the installed server as its man page says, with a policy and lists."""
        m, server = self.machine, ["runuser", "-u", "caretaker-server", "--", "caretaker-server"]
        m.write(PASSPHRASE, "a passphrase for the package test\n", mode=0o600)
        m.run(*server, "init", "--url", URL)
        m.run("/opt/technician/caretaker", "school", "new", "--dir", SCHOOL, "--name", "Package School", "--safeguarding", "lead",
              "--server-info", "/var/lib/caretaker-server/server-public.json", "--passphrase-file", PASSPHRASE)
        m.run("install", "-m", "644", f"{SCHOOL}/roots/1.json", "/tmp/1.json")
        m.run(*server, "adopt", "/tmp/1.json")
        self.start()
        self.publish()

    def pack(self, file):
        """The school's people and the server's folder, for another machine."""
        self.technician("token", "new", "--out", "/srv/token")
        self.machine.run("tar", "--create", "--file", file, "--directory=/", "srv", "var/lib/caretaker-server")

    def unpack(self, file):
        m = self.machine
        m.run("tar", "--extract", "--file", file, "--directory=/")
        m.run("chown", "--recursive", "caretaker-server:", "/var/lib/caretaker-server")
        self.start()

    def let_check_in_every(self, seconds):
        m = self.machine
        m.write("/run/systemd/system/caretaker-server.service.d/here.conf", f"[Service]\nExecStart=\nExecStart={SERVE} --interval {seconds}\n")
        m.run("systemctl", "daemon-reload")
        m.run("systemctl", "restart", "caretaker-server")

    def start(self):
        m = self.machine
        self.let_check_in_every(QUICK)
        m.run("systemd-run", "--quiet", "--unit=stand-in", "python3", "-B", "/opt/tests/stand_in_resolver.py", STAND_IN)

    def publish(self):
        m = self.machine
        for category, names in LISTS.items():
            m.write(f"/srv/lists/{category}/domains", names)
        m.run("/opt/technician/caretaker", "policy", "build", "--lists", "/srv/lists", "--out", "/srv/built")
        self.technician("policy", "sign", "--lists", "/srv/built/lists.json", "--out", "/srv/lists.signed", holder="list-publisher")
        self.technician("policy", "push", "--lists", "/srv/lists.signed", "--set", "/srv/built/lists.set", holder="list-publisher")
        self.push_policy(self.policy)

    def push_policy(self, text):
        self.machine.write("/srv/policy.toml", text)
        self.technician("policy", "sign", "--policy", "/srv/policy.toml", "--out", "/srv/policy.signed")
        self.technician("policy", "push", "--policy", "/srv/policy.signed")

    def lay_down_token(self):
        if not self.machine.exists("/srv/token"):
            self.technician("token", "new", "--out", "/srv/token")
        self.machine.run("install", "-D", "-m", "600", "/srv/token", TOKEN)

    # ---- the laptop

    def status(self):
        done = self.machine.run("caretaker", "status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def ask(self, name, user="pupil", resolver=FILTER):
        """The response code of a question that this user asks."""
        done = self.machine.run("python3", "-B", "-c", ASK, resolver, name, user=user, check=False)
        return done.stdout.strip() if done.returncode == 0 else None

    def wait_until_filtering(self):
        wait_until("the filter to answer", lambda: self.ask("use-application-dns.net") == "NXDOMAIN", timeout=180, pause=0.3)

    def book(self):
        """The device's own rows."""
        return json.loads(self.machine.run("caretaker", "events", "--json").stdout)

    def rows(self):
        """The server's, opened by the safeguarding lead."""
        return json.loads(self.technician("events", "--server", "--json", holder="lead").stdout)

    def has_blocked(self, name):
        return any(row.get("kind") == "web.blocked" and name in json.dumps(row) for row in self.rows())
