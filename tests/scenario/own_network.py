"""A network of a scenario's own: one namespace where users sit, one where servers stand, and a cable between them. Root is needed, and
iptables, since not every kernel's nftables has a queue."""
import os
import shutil
import subprocess

QUEUE = 1727
ACCEPTED, REFUSED, BEGUN = 0x04000000, 0x08000000, 0x02000000
MASK = ACCEPTED | REFUSED
ANSWER = MASK | BEGUN
KNOWN = 0x10000000
USERS, SERVERS = ("203.0.113.1", "2001:db8::1"), ("203.0.113.2", "2001:db8::2")


class Unavailable(Exception):
    """This machine cannot do it; says why."""


def do(*command, check=True):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise Unavailable(f"{' '.join(map(str, command))}: {done.stderr.strip()[-200:]}")
    return done


class Network:
    def __init__(self):
        if os.geteuid() != 0:
            raise Unavailable("a network of one's own needs root")
        for program in ("ip", "iptables-nft", "ip6tables-nft", "setpriv"):
            if shutil.which(program) is None and not os.path.exists(f"/usr/sbin/{program}"):
                raise Unavailable(f"{program} is not installed")
        self.users, self.servers = (f"ct{os.getpid()}{side}" for side in "us")

    def make(self):
        for namespace in (self.users, self.servers):
            do("ip", "netns", "add", namespace)
            do("ip", "-n", namespace, "link", "set", "lo", "up")
        do("ip", "-n", self.users, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", self.servers)
        for namespace, addresses in ((self.users, USERS), (self.servers, SERVERS)):
            do("ip", "-n", namespace, "addr", "add", f"{addresses[0]}/24", "dev", "cable")
            do("ip", "-n", namespace, "addr", "add", f"{addresses[1]}/64", "dev", "cable", "nodad")
            do("ip", "-n", namespace, "link", "set", "cable", "up")

    def there(self, namespace, *command):
        return ["ip", "netns", "exec", namespace, *map(str, command)]

    def lay_rules(self, bypass=False):
        """What platform/inspection_gate.cpp says to nftables, in the words of iptables."""
        for tables, unreachable in (("iptables-nft", "icmp-admin-prohibited"), ("ip6tables-nft", "icmp6-adm-prohibited")):
            def rule(table, *words, tables=tables):
                do(*self.there(self.users, tables, "-t", table, *words))
            for table in ("mangle", "filter"):
                rule(table, "-F", "OUTPUT")
            rule("mangle", "-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT")
            rule("mangle", "-A", "OUTPUT", "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT")
            rule("mangle", "-A", "OUTPUT", "-m", "conntrack", "--ctdir", "REPLY", "-j", "ACCEPT")
            first = ("-m", "mark", "--mark", f"{KNOWN:#x}/{KNOWN:#x}")
            rule("mangle", "-A", "OUTPUT", "-p", "tcp", "--tcp-flags", "SYN,ACK", "SYN", "-m", "connmark", "--mark", f"{KNOWN:#x}/{KNOWN:#x}", "-j", "MARK", "--or-mark", f"{KNOWN:#x}")
            rule("mangle", "-A", "OUTPUT", *first, "-j", "CONNMARK", "--and-mark", f"{0xffffffff & ~ANSWER:#x}")
            rule("mangle", "-A", "OUTPUT", *first, "-j", "NFQUEUE", "--queue-num", QUEUE, *(["--queue-bypass"] if bypass else []))
            rule("mangle", "-A", "OUTPUT", "-m", "conntrack", "--ctstate", "NEW", "-j", "CONNMARK", "--or-mark", f"{KNOWN:#x}")
            rule("mangle", "-A", "OUTPUT", "-m", "connmark", "!", "--mark", f"0/{MASK:#x}", "-j", "ACCEPT")
            above, offset = (20, "0>>22&0x3C@12") if tables == "iptables-nft" else (40, "52")

            def leave_without_content(table, rule=rule, above=above, offset=offset):
                """TCP: so many words of header, and nothing else."""
                for words in (5, 8, 10):
                    rule(table, "-A", "OUTPUT", "-p", "tcp", "-m", "length", "--length", above + 4 * words, "-m", "u32", "--u32",
                         f"{offset}>>28={words}", "-j", "ACCEPT")
            leave_without_content("mangle")
            rule("mangle", "-A", "OUTPUT", "-m", "connmark", "--mark", f"{BEGUN:#x}/{BEGUN:#x}", "-j", "MARK", "--or-mark", f"{BEGUN:#x}")
            for protocol in ("tcp", "udp"):
                rule("mangle", "-A", "OUTPUT", "-p", protocol, "-j", "NFQUEUE", "--queue-num", QUEUE, *(["--queue-bypass"] if bypass else []))
            for mark in (ACCEPTED, REFUSED, BEGUN):
                rule("filter", "-A", "OUTPUT", "-m", "mark", "--mark", f"{mark:#x}/{ANSWER:#x}", "-j", "CONNMARK", "--or-mark", f"{mark:#x}")
            refused = ("-m", "connmark", "--mark", f"{REFUSED:#x}/{REFUSED:#x}", "-m", "conntrack", "--ctdir", "ORIGINAL")
            rule("filter", "-A", "OUTPUT", *refused, "-p", "tcp", "-j", "REJECT", "--reject-with", "tcp-reset")
            rule("filter", "-A", "OUTPUT", *refused, "-j", "REJECT", "--reject-with", unreachable)
            if bypass:
                rule("filter", "-A", "OUTPUT", "-o", "lo", "-j", "ACCEPT")
                rule("filter", "-A", "OUTPUT", "-m", "conntrack", "--ctdir", "REPLY", "-j", "ACCEPT")
                leave_without_content("filter")
                for protocol in ("tcp", "udp"):
                    rule("filter", "-A", "OUTPUT", "-p", protocol, "-m", "mark", "--mark", f"0/{ANSWER:#x}", "-j", "CONNMARK", "--or-mark", f"{ACCEPTED:#x}")

    def queued(self):
        """Packets that went through the queue since the rules were laid."""
        lines = do(*self.there(self.users, "iptables-nft", "-t", "mangle", "-L", "OUTPUT", "-v", "-x", "-n")).stdout.splitlines()
        return sum(int(line.split()[0]) for line in lines if "NFQUEUE" in line)

    def end(self):
        for namespace in (self.users, self.servers):
            do("ip", "netns", "del", namespace, check=False)
