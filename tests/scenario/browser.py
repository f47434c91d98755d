"""A real browser, driven by the W3C's WebDriver protocol, which is JSON over HTTP: chromium, as one user of the machine, with a profile of
its own. None where the machine has none (installer/install-packages browser)."""
import base64
import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request

import processes
from processes import Program, wait_until
from world import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key under which the protocol names an element
ESCAPE = "\ue00c"


def missing():
    """What is not there, in words; empty when all is."""
    return ", ".join(name for name in ("chromium", "chromedriver") if not shutil.which(name))


class Browser:
    def __init__(self, user, logs, rules="", window=(1000, 800), settings=None):
        """`rules`: chromium's host rules, "MAP name address:port, ..."; everything else has no address. With `settings` (what its user has
        set for the whole browser) it finds names by itself instead."""
        self.port, self.session = free_port(), None
        self.home = tempfile.mkdtemp(prefix="caretaker-browser-")
        if processes.may_change_user():
            os.chown(self.home, user, user)
        self.driver = Program(f"browser-{user}", ["chromedriver", f"--port={self.port}"], user, logs)
        self.driver.environment = {"HOME": self.home, "TMPDIR": self.home, "XDG_CONFIG_HOME": self.home, "XDG_CACHE_HOME": self.home}
        self.driver.start()
        wait_until("chromedriver", lambda: self.driver.running() and self.is_ready(), timeout=60)
        resolver = f"--host-resolver-rules={rules + ', ' if rules else ''}MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        if settings is not None:
            resolver = "--enable-features=DnsOverHttps"
            self.set_before_start(settings, user)
        # The sandbox of chromium needs more than a test's user may have here; what it opens is ours alone.
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={self.home}/profile",
                   resolver, "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--window-size=%d,%d" % window]
        # Debian's starts with a search engine's page, and what is opened waits for that.
        empty = {"session.restore_on_startup": 4, "session.startup_urls": ["about:blank"]}
        wanted = {"alwaysMatch": {"goog:chromeOptions": {"args": options, "prefs": empty}, "goog:loggingPrefs": {"browser": "ALL"},
                                  "timeouts": {"pageLoad": 60000, "script": 60000}}}
        self.session = self.call("POST", "/session", {"capabilities": wanted}, base="")["sessionId"]

    def set_before_start(self, settings, user):
        profile = os.path.join(self.home, "profile")
        os.mkdir(profile)
        with open(os.path.join(profile, "Local State"), "w", encoding="utf-8") as file:
            json.dump(settings, file)
        if processes.may_change_user():
            for path in (profile, os.path.join(profile, "Local State")):
                os.chown(path, user, user)

    def is_ready(self):
        try:
            return self.call("GET", "/status", base="")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None, base=None):
        base = f"/session/{self.session}" if base is None else base
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{base}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"browser: {path}: {json.load(error)['value']['message']}") from None

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def open_tab(self):
        """A new one with nothing behind its back button; what is asked from now on is asked of it."""
        self.call("POST", "/window", {"handle": self.call("POST", "/window/new", {"type": "tab"})["handle"]})

    def url(self):
        return self.call("GET", "/url")

    def back(self):
        self.call("POST", "/back")

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_later(self, script, *arguments):
        """The script calls its last argument with what it found out."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def find_link(self, text):
        return self.call("POST", "/element", {"using": "link text", "value": text})[ELEMENT]

    def click(self, element):
        self.call("POST", f"/element/{element}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, key):
        actions = [{"type": "key", "id": "keys", "actions": [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]}]
        self.call("POST", "/actions", {"actions": actions})

    def text(self):
        return self.run("return document.body ? document.body.innerText : ''")

    def says(self, words):
        try:
            return words in self.text()
        except AssertionError:  # it is on its way to another page
            return False

    def waits_for(self, words):
        wait_until(f"the page to say {words!r}", lambda: self.says(words), timeout=60, pause=0.1)

    def complaints(self):
        """What the browser's console says since the last call, but for what is only said."""
        return [line["message"] for line in self.call("POST", "/se/log", {"type": "browser"}) if line["level"] in ("SEVERE", "WARNING")]

    def set_size(self, width, height):
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def end(self):
        if self.session:
            self.call("DELETE", "")
        self.driver.stop()
        shutil.rmtree(self.home, ignore_errors=True)
