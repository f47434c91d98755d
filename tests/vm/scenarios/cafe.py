"""Two people in a café: its access point wants them to log in, and lies; they bring what a web search finds (a resolver over HTTPS, a VPN
program, a browser that is set to its own resolver). Then the filter is killed, starved and switched off."""
import json

import far
import story
from processes import wait_until
from story import tell

PROMISES = "R10 R11"
NAME, INSIDE, FAR, NOBODYS, RESOLVER = "login.casino.example", "10.66.0.1", "203.0.113.80", "198.51.100.1", "1.1.1.1"
MODE, SEEN = "/run/cafe.mode", "/run/cafe.seen"
TEMPLATE = f"https://{RESOLVER}/dns-query"
PORTAL_MINUTES = 3  # of school.POLICY
ANY_KEY = ":".join(["00"] * 32)  # of a server that is never reached
BROWSER = ("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--enable-features=DnsOverHttps", "--timeout=90000", "--dump-dom")
NAME_NOT_RESOLVED = "-105"  # of chromium's net errors
ERRORS = """
import json, sys
text = open(sys.argv[1]).read()
try: log = json.loads(text)
except ValueError: log = json.loads(text.rstrip().rstrip(',') + ']}')
about = lambda event: event.get('params', {})
ours = {event['source']['id'] for event in log['events'] if about(event).get('url') == sys.argv[2]}
print(*{about(event)['net_error'] for event in log['events'] if event['source']['id'] in ours and 'net_error' in about(event)})
"""


def says(m, *mode):
    """What the access point says from now on."""
    m.write(f"{MODE}.new", " ".join(mode))
    m.run("mv", f"{MODE}.new", MODE)


def they_come_in(m):
    says(m, "honest")
    m.run("sh", "-ec", "ip netns add cafe; ip link add cable type veth peer name cable netns cafe; ip addr add 10.66.0.5/24 dev cable; ip link set cable up; "
          f"ip -n cafe addr add {INSIDE}/24 dev cable; ip -n cafe link set cable up; ip -n cafe link set lo up; ip route add default via {INSIDE}; "
          + " ".join(f"ip -n cafe addr add {address}/32 dev lo;" for address in (FAR, NOBODYS, RESOLVER)))
    there = ("systemd-run", "--quiet", "--collect")
    m.run(*there, "--unit=point", "ip", "netns", "exec", "cafe", "python3", "-Bu", "/opt/tests/access_point.py", MODE, NOBODYS, INSIDE)
    m.write("/etc/resolv.conf", f"nameserver {INSIDE}\n")
    fine = m.run("python3", "-B", "/opt/tests/find_name.py", "fine.example", user="pupil").stdout.strip()
    m.run("ip", "-n", "cafe", "addr", "add", f"{fine}/32", "dev", "lo")
    far.serve(m, "cafe", INSIDE, FAR, RESOLVER, fine)
    m.run(*there, "--unit=seen", f"--property=StandardOutput=file:{SEEN}", "ip", "netns", "exec", "cafe", "python3", "-Bu", "/opt/tests/somebody.py",
          "UDP", FAR, "1194")
    wait_until("the servers there", lambda: far.near(m, "tls", "fine.example", FAR, user="root") == "open", timeout=120)


def from_there(m, *script):
    """By a machine of the same network without us."""
    return m.run("ip", "netns", "exec", "cafe", "python3", "-B", *script).stdout.strip()


def open_name(school):
    return school.status().get("portal", {}).get("name")


def events(school, kind):
    return [row["rule"] for row in school.book() if row.get("kind") == kind]


def asks_for_a_login_page(m, school):
    """As a browser does, until its user has logged in."""
    school.ask("detectportal.firefox.com")


def the_login_page_opens_and_nothing_else(m, school):
    says(m, "portal", NAME)
    m.run("systemctl", "stop", "caretaker-server")

    def is_open():
        asks_for_a_login_page(m, school)
        return open_name(school) == NAME
    wait_until("the login page to be open", is_open, timeout=600, pause=2)
    assert school.ask(NAME) == "NOERROR"
    wait_until("it to be reached", lambda: far.near(m, "tls", NAME, INSIDE) == "open", timeout=60, pause=1)
    assert far.near(m, "tls", NAME, FAR) == "refused", "under its name another place was reached"
    for user in ("pupil", "other"):
        for other in ("casino.example", f"www.{NAME}", "illegal.example"):
            assert school.ask(other, user=user) == "NXDOMAIN" and far.near(m, "tls", other, INSIDE, user=user) == "refused", (user, other)
    assert events(school, "portal.opened") == ["redirect"], events(school, "portal.opened")
    tell("the school out of reach: the login page is found and reached, and nothing beside it, by neither of the two")
    says(m, "portal", "illegal.example")
    m.run("systemctl", "start", "caretaker-server")
    wait_until("it to close", lambda: not open_name(school), timeout=60 * PORTAL_MINUTES + 60, pause=1)
    assert school.ask(NAME) == "NXDOMAIN"
    wait_until("the connection to be refused again", lambda: far.near(m, "tls", NAME, INSIDE) == "refused", timeout=60, pause=1)
    tell("logged in, the school is heard and the page closed again")


def a_resolver_of_ones_own_over_https(m, school):
    for options in (("--doh-url", TEMPLATE, "--doh-insecure"), ("--doh-url", "https://dns.google/dns-query", "--doh-insecure")):
        done = m.run("curl", "--silent", "--show-error", "--insecure", "--max-time", "20", *options, "https://www.casino.example/", user="pupil", check=False)
        assert done.returncode != 0, (options, done.stdout, done.stderr)
    assert far.near(m, "tls", "", RESOLVER) == "refused"
    assert from_there(m, "/opt/tests/near_client.py", "tls", "", RESOLVER) == "open", "that resolver answers nobody: nothing was shown"
    tell("curl with a resolver over HTTPS, by name or by address, finds no way")


def a_vpn_program(m, school):
    m.write("/srv/vpn.user", "pupil\nsecret\n")
    m.run("timeout", "20", "openvpn", "--client", "--dev", "null", "--proto", "udp", "--remote", FAR, "1194", "--nobind", "--peer-fingerprint", ANY_KEY,
          "--auth-user-pass", "/srv/vpn.user", "--connect-timeout", "5", user="pupil", check=False)
    assert "1194" not in m.run("cat", SEEN).stdout, "the VPN program reached its server"
    from_there(m, "-c", f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'?', ('{FAR}', 1194))")
    wait_until("a packet that another machine sends", lambda: "1194" in m.run("cat", SEEN).stdout)
    tell("openvpn does not reach its server (another machine's packet does)")


def browser_comes_to(m, mode, name, who="pupil"):
    """The page, or the net errors instead, of chromium that looks a name up by these settings of its user."""
    home, url = f"/home/{who}", f"http://{name}/"
    profile = f"{home}/{mode}"
    m.run("mkdir", "--parents", profile, user=who)
    settings = json.dumps({"dns_over_https": {"mode": mode, "templates": TEMPLATE}})
    m.run("sh", "-c", f"cat > {profile}/'Local State'", user=who, stdin=settings)
    done = m.run("env", f"HOME={home}", "timeout", "500", *BROWSER, f"--user-data-dir={profile}", f"--log-net-log={profile}/log", url, user=who,
                 check=False, timeout=540)
    errors = m.run("python3", "-c", ERRORS, f"{profile}/log", url, check=False).stdout.split()
    assert errors or done.stdout, f"chromium came to nothing: {done.returncode} {done.stderr[-2000:]}"
    return errors or done.stdout


def a_browser_with_its_own_resolver(m):
    for mode in ("automatic", "secure"):
        assert browser_comes_to(m, mode, "www.casino.example") == [NAME_NOT_RESOLVED], mode
    shown = browser_comes_to(m, "automatic", "fine.example")
    assert "hello" in shown, shown
    tell("chromium that is set to a resolver of its own falls back to us or finds nothing; what is allowed it shows")


def it_is_recorded(school):
    def tried():
        return {str(row["details"].get("name", "")).rpartition(":")[2].partition("/")[0] for row in school.rows() if row.get("kind") == "web.bypass"}
    wait_until("the records", lambda: {"443", "1194"} <= tried(), timeout=300, pause=2)
    tell("the lead reads which ways were tried")


def the_filter_is_killed_starved_and_stopped(m, school):
    story.what_is_killed_comes_back(m, school)
    story.a_pupil_cannot_starve_it(m, school)
    m.run("systemctl", "stop", "caretaker-net")
    assert school.ask("fine.example", resolver=INSIDE) is None and school.ask("fine.example", resolver=INSIDE, user="other") is None
    m.run("systemctl", "start", "caretaker-net")
    school.wait_until_filtering()
    tell("without the filter neither of the two finds any name")


def play(m, school):
    they_come_in(m)
    the_login_page_opens_and_nothing_else(m, school)
    a_resolver_of_ones_own_over_https(m, school)
    a_vpn_program(m, school)
    a_browser_with_its_own_resolver(m)
    it_is_recorded(school)
    the_filter_is_killed_starved_and_stopped(m, school)
