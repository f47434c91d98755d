// The page on which a person's keys are printed.
#include "agent/cli/html_text.h"
#include "agent/cli/key.h"
#include "sync/key_backup.h"

namespace caretaker::agent {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Key of )";
constexpr std::string_view kStyle = R"(</title>
<style>
body { font: 12pt/1.45 serif; max-width: 40em; margin: 2em auto; }
pre { font: 17pt/1.7 monospace; border: 1px solid; padding: .6em 1em; }
dt { float: left; width: 8em; clear: left; } dd { margin-left: 8.5em; }
</style></head><body>
)";
constexpr std::string_view kAdvice = R"(<p><strong>Whoever reads these lines has the key: there is no passphrase on this page.</strong>
Print it, check that all seven lines can be read, put it into an envelope, close it, sign over the flap, and lock it away where its
holder, or the head, can get at it, and not where the key file is kept. Then delete this file, and empty the bin.</p>
<p>When the key file is lost, or its passphrase forgotten, type on a machine of your own:</p>
<p><code>caretaker key restore --holder )";
constexpr std::string_view kEnd = R"(</code></p>
<p>and then these lines. Capitals and spaces do not matter; the last two characters of a line show whether it was typed as it stands.
There is no letter I, L, O or U in them: what looks like O is a zero, what looks like I or l is a one.</p>
<p>When this page was seen by somebody whom it is not for, the key is no longer safe: <code>caretaker school replace</code>.</p>
</body></html>
)";

}  // namespace

std::string make_key_page(const sync::PersonKey& key, const std::string& school, const std::string& what, UnixSeconds now) {
  const std::string holder = html_text(key.holder);
  std::string page = std::string(kHead) + holder + std::string(kStyle) + "<h1>Key of " + holder + "</h1>\n<dl>";
  if (!school.empty()) page += "<dt>School</dt><dd>" + html_text(school) + "</dd>\n";
  if (!what.empty()) page += "<dt>What it does</dt><dd>" + html_text(what) + "</dd>\n";
  page += "<dt>Key</dt><dd>" + sync::key_id(key.signing.public_key).substr(0, 8) + "</dd>\n<dt>Printed from</dt><dd>a file of " + to_rfc3339(now).substr(0, 10) +
          "</dd></dl>\n<pre>\n";
  for (const std::string& line : sync::make_backup_lines(key)) page += line + "\n";
  return page + "</pre>\n" + std::string(kAdvice) + "\"" + holder + "\" --out " + "FILE.key" + std::string(kEnd);
}

}  // namespace caretaker::agent
