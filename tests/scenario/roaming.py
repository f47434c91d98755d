"""A laptop goes from network to network, and its user's browser has its own idea of who resolves names: whatever the network gives and
whatever is set, names go through the filter. In a network of the scenario's own, with the packet filter's rules, a real browser, and the
system's own library."""
import os
import pathlib
import subprocess
import sys

import browser
import dns_wire
import gate
import home
import world
from gate import DOH, FOREIGN, FOREIGN6, PUPIL, THEIRS
from processes import run, wait_until
from world import tell

PROMISES = "R10 R11"
POLICY = gate.POLICY.replace('upstreams = ["{upstream}"]', "upstreams = []")  # whoever the network names is asked
FIND = pathlib.Path(__file__).with_name("find_name.py")


def network_gives(w, *resolvers):
    """As DHCP clients and NetworkManager write it down."""
    w.resolv.write_text("".join(f"nameserver {resolver}\n" for resolver in resolvers), encoding="utf-8")


def set_up(w):
    w.resolv = w.folder / "resolv.conf"
    network_gives(w, FOREIGN)
    run(["mount", "--bind", w.resolv, "/etc/resolv.conf"], 0)  # in the mount namespace of own_users alone
    gate.set_up(w)
    gate.POLICY = POLICY
    gate.nothing_is_closed_before_there_is_a_policy(w)


def found(name, **environment):
    """By the system's own library, as a pupil's programs find names."""
    become = ["setpriv", f"--reuid={PUPIL}", f"--regid={PUPIL}", "--clear-groups"]
    return subprocess.run([*become, sys.executable, "-B", FIND, name], check=True, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment}).stdout.strip()


def is_filtered(w):
    return found("fine.example") == THEIRS and found("www.casino.example") == "none"


def programs_find_names_through_us(w):
    assert wait_until("names to be found", lambda: is_filtered(w), timeout=60)
    aliases = w.folder / "aliases"
    aliases.write_text("fun www.casino.example\nlesson fine.example\n", encoding="utf-8")
    assert found("lesson", HOSTALIASES=str(aliases)) == THEIRS and found("fun", HOSTALIASES=str(aliases)) == "none"
    assert run(["setpriv", f"--reuid={PUPIL}", f"--regid={PUPIL}", "--clear-groups", "sh", "-c", "echo 203.0.113.80 www.casino.example >> /etc/hosts"], 0,
               check=False).returncode != 0
    tell("the system's own library finds what is allowed and not what is blocked; an alias of one's own leads to the same, and the hosts file is root's")


def names_of_ways_round_do_not_exist(w):
    for name in ("dns.google", "cloudflare-dns.com", "mask.icloud.com", "use-application-dns.net", "www.expressvpn.com", "www.croxyproxy.com"):
        assert found(name) == "none", name
    tell("known resolvers over HTTPS, private relay, VPN and proxy services have no address")


def a_network_of_ipv6_alone(w):
    network_gives(w, FOREIGN6)
    home.run("ip", "-4", "addr", "flush", "dev", "line")
    wait_until("names to be found over IPv6", lambda: is_filtered(w), timeout=60)
    answer = gate.ask(PUPIL, FOREIGN6, "casino.example")
    assert answer and answer.rcode == "NXDOMAIN" and not gate.reaches(PUPIL, gate.DOH6, 443)
    assert dns_wire.ask(w.dns, "casino.example", dns_wire.AAAA).rcode == "NXDOMAIN"
    tell("in a network of IPv6 alone names are found, filtered, and known resolvers over HTTPS refused")


def another_network(w):
    home.run("ip", "-6", "addr", "flush", "dev", "line")
    home.run("ip", "addr", "add", f"{home.HERE}/24", "dev", "line")
    home.run("ip", "route", "add", "default", "via", home.ROUTER)
    network_gives(w, "fe80::1%line", DOH)
    wait_until("names to be found by the other resolver", lambda: is_filtered(w), timeout=60)
    assert gate.ask(PUPIL, FOREIGN, "casino.example").rcode == "NXDOMAIN"
    tell("a resolver that a network gives is asked within seconds, whatever it is, and filtered like the one before")


def browser_says(w, mode, template, name):
    """What chromium makes of a page whose name it looks up by these settings of its user."""
    user = PUPIL
    one = browser.Browser(user, w.log, settings={"dns_over_https": {"mode": mode, "templates": template}})
    try:
        one.open(f"http://{name}/")
        return one.url()
    except AssertionError as why:
        return str(why)
    finally:
        one.end()


def seen_at(w, port):
    return w.seen.read_text(encoding="utf-8").count(f"tcp {port} ")


def a_browser_with_its_own_resolver(w):
    template = f"https://{DOH}/dns-query"
    before = seen_at(w, 443)
    assert "NAME_NOT_RESOLVED" in browser_says(w, "automatic", template, "www.casino.example")
    assert "NAME_NOT_RESOLVED" not in browser_says(w, "automatic", template, "fine.example"), "what is allowed is not found"
    assert "ERR_" in browser_says(w, "secure", template, "www.casino.example")
    assert seen_at(w, 443) == before, "the browser's resolver was reached"
    wait_until("the record", lambda: any(row["name"].startswith(f"{DOH}:443") for row in gate.bypasses(w)), timeout=60, pause=0.5)
    tell("chromium that is set to a resolver over HTTPS does not reach it: it falls back to us, or finds nothing, and the pupil's attempt is a record")
    gate.they_can_be_taken_away(w)
    browser_says(w, "secure", template, "www.casino.example")
    assert seen_at(w, 443) > before, "this browser never tries: nothing was shown"
    tell("(without the rules the same browser does reach it)")


def scenario(w):
    steps = [programs_find_names_through_us, names_of_ways_round_do_not_exist, a_network_of_ipv6_alone, another_network]
    if missing := browser.missing():
        tell(f"(no browser: {missing})")
    else:
        steps.append(a_browser_with_its_own_resolver)
    gate.play_steps(w, set_up, steps)


if __name__ == "__main__":
    home.enter()
    world.play(scenario)
