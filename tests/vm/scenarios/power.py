"""The power goes while the package is being installed, and while it is being upgraded."""
import story
from processes import wait_until
from school import TOKEN
from story import AGENT, running, tell

PROMISES = "R18"
BEGINS = "bare"
LONG = 600
AGENT_DEB = "/opt/packages/{0}/caretaker-agent_{0}_amd64.deb"
# How far dpkg has come, in its own log.
UNPACKING = "status half-installed caretaker-agent"
CONFIGURING = "status half-configured caretaker-agent"



def cut_while(m, version, moment):
    """Begins to install this version, and takes the power away at this moment. What dpkg says of the package when it is back."""
    m.run("sync")
    before = m.run("grep", "--count", moment, "/var/log/dpkg.log", check=False).stdout
    m.run("systemd-run", "--quiet", "--unit=installation", "apt-get", "install", "--yes", AGENT_DEB.format(version))
    wait_until(f"dpkg to come to: {moment}", lambda: m.run("grep", "--count", moment, "/var/log/dpkg.log", check=False).stdout != before, timeout=LONG)
    m.cut_power()
    m.boot()
    school_is_there(m)
    return m.run("dpkg-query", "--show", "--showformat=${Version} ${db:Status-Status}", "caretaker-agent", check=False).stdout


def school_is_there(m):
    wait_until("the server", lambda: running(m, "caretaker-server.service"), timeout=LONG, pause=0.5)


def put_right(m, version):
    """What the administrator of a Debian does then."""
    m.run("dpkg", "--configure", "--pending", check=False)  # of what was half unpacked it says that it must be installed again
    m.run("apt-get", "install", "--yes", AGENT_DEB.format(version))
    assert m.run("dpkg", "--audit").stdout == ""
    assert running(m, *AGENT), m.run("systemctl", "status", *AGENT, check=False).stdout


def while_it_is_installed(m, school):
    school.lay_down_token()
    left = cut_while(m, "1.0", UNPACKING)
    school.start()
    put_right(m, "1.0")
    wait_until("the machine to enrol by itself", lambda: school.status().get("enrolled"), timeout=LONG, pause=0.5)
    wait_until("the token to go", lambda: not m.exists(TOKEN))
    school.wait_until_filtering()
    story.it_filters_and_reports(m, school)
    tell(f"the power went while the package was unpacked ({left or 'nothing there'}): dpkg puts it right, it enrols and filters")


def while_it_is_upgraded(m, school):
    before, rows = school.status(), len(school.book())
    left = cut_while(m, "1.1", CONFIGURING)
    school.start()
    put_right(m, "1.1")
    school.wait_until_filtering()
    after = school.status()
    assert (after["device"], after["policy_version"]) == (before["device"], before["policy_version"]), (before, after)
    assert len(school.book()) >= rows, "events were lost"
    assert school.ask("www.casino.example") == "NXDOMAIN"
    tell(f"the power went in the middle of an upgrade ({left}): the same device, policy and book afterwards")


def play(m, school):
    while_it_is_installed(m, school)
    while_it_is_upgraded(m, school)
