"""A child asks why, asks for a site, tells what worried them and hides the page, in a real browser; another site's page can do none of
it, and the lead reads the words."""
import contextlib
import http.server
import os
import pathlib
import socket
import threading

import browser
import dns_wire
import own_users
import world
from processes import wait_until
from world import tell

PROMISES = "R8 R13 R16"
POLICY = world.POLICY + """
[notice]
text = "Our rules for computers hang in every classroom."
contact = "You can always talk to your class teacher."
"""
WORRY = "Somebody in my class wrote\nnasty things <b>about me</b>"


class Evil:
    """A site somewhere that makes the browsers of its visitors send requests."""

    def __init__(self):
        page = b"<!doctype html><title>Fun</title><link rel=icon href='data:,'><h1>Fun</h1>"
        outer = self
        outer.port = world.free_port()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", outer.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def say(w, request, user=None):
    """Raw HTTP as this user; all that comes back."""
    with tcp_of(user) as line:
        line.settimeout(30)
        line.connect(("127.0.0.1", w.page))
        line.sendall(request.encode())
        heard = b""
        with contextlib.suppress(TimeoutError):
            while piece := line.recv(65536):
                heard += piece
        return heard.decode(errors="replace")


def tcp_of(user):
    if user is None or not own_users.people():
        return socket.socket()
    os.seteuid(user)
    try:
        return socket.socket()
    finally:
        os.seteuid(0)


def get(w, path, user=None):
    return say(w, f"GET {path} HTTP/1.1\r\nHost: caretaker.internal:{w.page}\r\nConnection: close\r\n\r\n", user)


def send_worry(w, words, user=None):
    form = get(w, "/worried", user)
    token = form.split('name="token" value="')[1].split('"')[0]
    body = f"token={token}&words={words}"
    return say(w, f"POST /worried HTTP/1.1\r\nHost: caretaker.internal:{w.page}\r\nOrigin: http://caretaker.internal:{w.page}\r\n"
               f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}", user)


def start(w):
    w.page = world.free_port()
    w.net.command += ["--page", f"127.0.0.1:{w.page}"]
    w.notice = w.socket.parent / "notice"
    w.guard.command += ["--notice", str(w.notice)]
    w.make_school()
    w.start_server()
    w.publish_lists()
    w.publish_policy(POLICY)
    w.start_device()
    assert w.ask("caretaker.internal").addresses() == ["127.0.0.1"]
    assert not w.ask("caretaker.internal", dns_wire.HTTPS).records
    wait_until("the page to have the policy", lambda: "Scenario School" in get(w, "/"))


def users_are_told(w):
    wait_until("the notice", lambda: w.notice.exists() and "Our rules" in w.notice.read_text(encoding="utf-8"))
    assert w.notice.stat().st_mode & 0o777 == 0o644
    shown = w.caretaker("status", "--socket", w.socket).stdout
    assert shown.startswith("This device belongs to") and "monitored" in shown and "Our rules" in shown, shown
    tell("the log-in's notice and `caretaker status` say that the device is monitored")


def pages_without_a_browser(w, pupil, teacher):
    assert "casino.example is blocked" in get(w, "/why?name=casino.example", pupil)
    if own_users.people():
        assert "casino.example is not blocked" in get(w, "/why?name=casino.example", teacher)
        assert "you are <b>pupil1</b>" in get(w, "/about", pupil) and "you are <b>teacher</b>" in get(w, "/about", teacher)
        assert "you are <b>root</b>" not in get(w, "/about")
    tell("each user is answered by their own rules")


def a_child_looks_round(w, b, home):
    b.open(home)
    assert "Scenario School" in b.text() and "Our rules" in b.text(), b.text()
    w.pictures(b, "home")
    b.type("#name", "http://www.casino.example/slots")
    b.click(b.find("form[action='/why'] button"))
    b.waits_for("www.casino.example is blocked")
    assert "playing for money" in b.text()
    w.pictures(b, "blocked")
    b.type("#words", "We count dice in maths")
    b.click(b.find("form[action='/ask'] button"))
    b.waits_for("Your school has been asked")
    w.pictures(b, "asked")
    b.open(home + "why?name=%3Cscript%3Ealert(1)%3C/script%3E")
    b.waits_for("That does not look like a website")
    b.open(home + "about")
    b.waits_for("This is not written down")
    w.pictures(b, "about")
    complaints = [line for line in b.complaints() if "400" not in line]  # the browser names the page that was no good name
    assert not complaints, complaints
    tell("home, why, asking and what is recorded, without a word in the browser's console")


def a_child_tells(w, b, home):
    b.open(home)
    b.click(b.find_link("Something worried me"))
    b.waits_for("What happened?")
    w.pictures(b, "worried")
    b.type("#words", WORRY)
    b.click(b.find("form[action='/worried'] button"))
    b.waits_for("Thank you for telling us")
    w.pictures(b, "thanks")
    assert not b.complaints()
    tell("a worry is told and taken")


def a_child_hides(w, b, home, how):
    b.open_tab()
    b.open("about:blank#before")
    before = b.run("return history.length")
    b.open(home)
    b.click(b.find_link("Something worried me"))
    b.waits_for("What happened?")
    b.type("#words", "nobody may see this")
    how(b)
    wait_until("something harmless", lambda: b.says("Times tables") and not b.says("worried"), timeout=30, pause=0.05)
    assert b.run("return document.title") == "Times tables"
    assert b.run("return history.length") == before + 1, "pages of ours are left in the back button's list"
    b.back()
    wait_until("the page before ours", lambda: b.url() == "about:blank#before", timeout=30)
    assert not b.complaints()


def hidden_at_once(b):
    """The screen is blank in the same moment, before the other page has come."""
    assert b.run("""
      document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true, cancelable: true}));
      return document.documentElement.hidden && document.querySelector("#words").value === "" && document.title === "Times tables";""")


def another_site_cannot(w, b):
    own = f"http://caretaker.internal:{w.page}"
    b.open("http://evil.example/")
    b.complaints()
    rows = len(w.device_rows())
    seen = b.run_later("""
      const own = arguments[0], done = arguments[1], out = {};
      (async () => {
        const attempt = async (name, path, options) => {
          try { const answer = await fetch(own + path, options); out[name] = answer.type + answer.status + (await answer.text()); }
          catch (error) { out[name] = "refused"; }
        };
        const form = new URLSearchParams({words: "forged by another site", token: "00"});
        await attempt("read", "/worried", {});
        await attempt("read with cookies", "/about", {credentials: "include"});
        await attempt("blind read", "/why?name=casino.example", {mode: "no-cors"});
        await attempt("post", "/worried", {method: "POST", body: form});
        await attempt("blind post", "/worried", {method: "POST", body: form, mode: "no-cors"});
        await attempt("plain post", "/worried", {method: "POST", body: "words=forged", headers: {"Content-Type": "text/plain"}, mode: "no-cors"});
        done(out);
      })();""", own)
    assert all(answer in ("refused", "opaque0") for answer in seen.values()), seen
    b.run("""
      const frame = document.createElement("iframe"); frame.name = "frame"; document.body.append(frame);
      const form = document.createElement("form"); form.method = "post"; form.action = arguments[0] + "/worried"; form.target = arguments[1];
      form.innerHTML = "<input name=words value='forged in a form'><input name=token value=00>"; document.body.append(form); form.submit();""", own, "frame")
    b.open("http://evil.example/again")
    b.run("""
      const form = document.createElement("form"); form.method = "post"; form.action = arguments[0] + "/worried";
      form.innerHTML = "<input name=words value='forged in a form'><input name=token value=00>"; document.body.append(form); form.submit();""", own)
    b.waits_for("Another website tried to use this page")
    b.open(f"http://rebound.example:{w.page}/about")  # a name of theirs that leads to our address
    assert "written down" not in b.text().replace("What is written down", ""), b.text()
    assert len(w.device_rows()) == rows, "another site's page has left something in the book"
    tell("another site's page can neither read nor post, by script, form, frame or a name pointed at us")


def words_that_cannot_be_stored(w, pupil):
    w.guard.kill()
    answer = send_worry(w, "while+it+is+away", pupil)
    assert "This was not sent" in answer and "while it is away</textarea>" in answer, answer
    w.start_guard()
    tell("with the guard away the page says that nothing was sent, and keeps the words")


def a_flood_is_told(w, flooder, quiet):
    answers = [send_worry(w, f"flood+{n}", flooder) for n in range(25)]
    assert "Thank you" in answers[0] and "This was not sent" in answers[-1] and "flood 24</textarea>" in answers[-1], answers[-1]
    assert "Thank you" in send_worry(w, "a+quiet+child", quiet) or not own_users.people()
    tell("who sends without end is told when it is not taken, and hides nobody else")


def the_lead_reads(w, with_browser):
    """Also what was said while the server was away."""
    w.start_server()
    wanted = {"a quiet child"} if own_users.people() else {"flood 0"}
    if with_browser:
        wanted.add(WORRY)
    wait_until("the words at the school", lambda: wanted <= {row.get("details", {}).get("words") for row in w.rows()}, timeout=180, pause=1)
    worry = next(r for r in w.rows() if r.get("details", {}).get("words") in wanted)
    assert worry["kind"] == "help.worried" and worry["severity"] == "high", worry
    technician = str([r for r in w.rows("technician") if r.get("kind") == "help.worried"])
    assert "quiet" not in technician and "nasty" not in technician and "pupil" not in technician, technician
    if with_browser:
        wish = next(r for r in w.rows("technician") if r.get("kind") == "help.unblock")
        assert wish["details"]["name"] == "www.casino.example" and wish["details"]["words"] == "We count dice in maths", wish
        shown = w.as_person("lead", "events", "--server").stdout
        assert "    | Somebody in my class wrote\n    | nasty things <b>about me</b>\n" in shown, shown
    tell("the lead reads the words; the technician reads what was asked for, and of a worry nothing")


def in_a_browser(w, pupil):
    evil = Evil()
    rules = (f"MAP caretaker.internal:{w.page} 127.0.0.1:{w.page}, MAP rebound.example:{w.page} 127.0.0.1:{w.page}, "
             f"MAP evil.example:80 127.0.0.1:{evil.port}")
    b = browser.Browser(pupil, w.log, rules)
    folder = os.environ.get("CARETAKER_PICTURES")

    def pictures(driven, name):
        for size, (width, height) in {"desk": (1000, 800), "phone": (360, 740)}.items():
            driven.set_size(width, height)
            wide, there = driven.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
            assert wide <= there, f"{name}: {wide} pixels on a screen of {there}"
            if folder:
                driven.picture(pathlib.Path(folder) / f"{name}-{size}.png")
        driven.set_size(1000, 800)

    w.pictures = pictures
    home = f"http://caretaker.internal:{w.page}/"
    try:
        a_child_looks_round(w, b, home)
        a_child_tells(w, b, home)
        a_child_hides(w, b, home, lambda driven: driven.press(browser.ESCAPE))
        a_child_hides(w, b, home, lambda driven: driven.click(driven.find("a.hide")))
        a_child_hides(w, b, home, hidden_at_once)
        tell("the Escape key and the button hide the page at once and leave nothing for the back button")
        another_site_cannot(w, b)
    finally:
        b.end()
        evil.server.shutdown()


def scenario(w):
    people = list(own_users.people()) or [own_users.FIRST_PUPIL]
    pupil = people[0]
    start(w)
    users_are_told(w)
    pages_without_a_browser(w, pupil, own_users.TEACHER)
    lacking = browser.missing()
    if lacking:
        tell(f"skipped in a browser: there is no {lacking} (installer/install-packages browser)")
    else:
        in_a_browser(w, pupil)
    w.server.kill()  # a worried child is heard without it
    words_that_cannot_be_stored(w, pupil)
    a_flood_is_told(w, people[-1], people[-2] if len(people) > 1 else pupil)
    the_lead_reads(w, not lacking)


if __name__ == "__main__":
    world.play(scenario)
