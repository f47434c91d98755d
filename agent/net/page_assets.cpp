// Looks and the few lines of script; see page_html.h.
#include "agent/net/page_html.h"

namespace caretaker::agent {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light; --ink: #17202a; --soft: #47525e; --paper: #ffffff; --wash: #eef3f8; --blue: #0b4f8a; --line: #b8c4d0; }
* { box-sizing: border-box; }
html[hidden] { display: none; }
body { margin: 0; background: var(--wash); color: var(--ink); font: 1.125rem/1.55 system-ui, "DejaVu Sans", sans-serif; }
header { position: sticky; top: 0; z-index: 1; background: var(--blue); color: #fff; }
header div { max-width: 42rem; margin: 0 auto; padding: .6rem 1rem; display: flex; gap: 1rem; align-items: center; justify-content: space-between; }
header a.home { color: #fff; font-weight: 700; text-decoration: none; }
header a.hide { background: #fff; color: #17202a; font-weight: 700; padding: .45rem .9rem; border-radius: .4rem; text-decoration: none; white-space: nowrap; }
header kbd { font: inherit; font-weight: 400; color: var(--soft); }
main { max-width: 42rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .8rem 0; overflow-wrap: anywhere; }
h1:focus { outline: none; }
h2 { font-size: 1.2rem; margin: 0 0 .4rem; }
p, ul { margin: 0 0 .8rem; }
ul { padding-left: 1.3rem; }
li { margin-bottom: .35rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
section > :last-child { margin-bottom: 0; }
section.good { border-left: .5rem solid #1d7a3c; }
section.bad { border-left: .5rem solid #b3261e; }
section.school { border-left: .5rem solid var(--blue); }
label { display: block; font-weight: 700; margin-bottom: .3rem; }
input[type=text], textarea { width: 100%; font: inherit; padding: .55rem .6rem; border: 2px solid var(--soft); border-radius: .4rem; background: #fff; color: var(--ink); }
textarea { min-height: 9rem; resize: vertical; }
button, a.button { display: inline-block; margin-top: .7rem; font: inherit; font-weight: 700; background: var(--blue); color: #fff; border: 0; border-radius: .4rem; padding: .6rem 1.3rem; cursor: pointer; text-decoration: none; }
a { color: var(--blue); }
a:focus-visible, button:focus-visible, input:focus-visible, textarea:focus-visible { outline: 3px solid #e07b00; outline-offset: 2px; }
.small { font-size: .95rem; color: var(--soft); }
table { border-collapse: collapse; background: #fff; font-size: .95rem; }
td, th { border: 1px solid var(--line); padding: .25rem .5rem; text-align: right; }
.scroll { overflow-x: auto; }
@media (max-width: 30rem) {
  header kbd { display: none; }
  h1 { font-size: 1.45rem; }
  td, th { padding: .2rem .3rem; font-size: .85rem; }
}
)css";

// One entry in the back button's list at most: every page of ours takes the place of the one before, and so does what hides them.
constexpr std::string_view kScript = R"js((function () {
  "use strict";
  var root = document.documentElement;
  function hide(event) {
    event.preventDefault();
    root.hidden = true;
    document.title = "Times tables";
    document.querySelectorAll("input[type=text], textarea").forEach(function (field) { field.value = ""; });
    location.replace(root.dataset.hide);
  }
  function show(html) {
    var page = new DOMParser().parseFromString(html, "text/html");
    document.title = page.title;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    window.scrollTo(0, 0);
    document.querySelector("h1").focus();
  }
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && !event.isComposing) hide(event);
  }, true);
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.classList.contains("hide")) return hide(event);
    if (link.origin !== location.origin) return;
    event.preventDefault();
    location.replace(link.href);
  });
  document.addEventListener("submit", function (event) {
    var form = event.target, fields = new URLSearchParams(new FormData(form)), button = form.querySelector("button");
    event.preventDefault();
    if (form.method === "get") return location.replace(form.action + "?" + fields);
    if (button.disabled) return;
    button.disabled = true;
    fetch(form.action, { method: "POST", body: fields }).then(function (answer) { return answer.text(); }).then(show).catch(function () {
      button.disabled = false;
      document.querySelector("#failed").hidden = false;
    });
  });
})();
)js";

constexpr std::string_view kIcon =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b4f8a"/><circle cx="8" cy="4.5" r="1.5" fill="#fff"/><rect x="6.8" y="7" width="2.4" height="6" rx="1" fill="#fff"/></svg>)svg";

}  // namespace

std::string_view page_style() { return kStyle; }
std::string_view page_script() { return kScript; }
std::string_view page_icon() { return kIcon; }

}  // namespace caretaker::agent
