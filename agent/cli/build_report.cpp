#include "agent/cli/build_report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <map>

#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kShownFindings = 20;

// printf into a string.
[[gnu::format(printf, 2, 3)]] void print(std::string& out, const char* format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  out += line;
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string join(const auto& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string categories_text(const CompiledSet& compiled, std::uint64_t bits) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < compiled.category_names.size(); ++i) {
    if ((bits >> i & 1) != 0) names.insert(compiled.category_names[i]);
  }
  return join(names);
}

// One category's figures over all its lists.
struct Totals {
  std::uint64_t lists = 0, dropped = 0, bad = 0;
};

std::uint64_t dropped_lines(const ReadList& list) {
  const auto& report = list.report;
  return list.public_suffixes + list.released + report.addresses + report.with_path + report.other_rules;
}

void print_categories(std::string& out, const CompiledSet& compiled) {
  std::map<std::string, Totals> totals;
  for (const auto& list : compiled.lists) {
    auto& total = totals[list.source.category];
    ++total.lists;
    total.dropped += dropped_lines(list);
    total.bad += list.report.bad;
  }
  print(out, "%-24s %12s %7s %9s %10s\n", "category", "names", "lists", "dropped", "bad lines");
  for (const auto& category : compiled.categories) {
    const auto& total = totals[category.name];
    print(out, "%-24s %12s %7s %9s %10s%s\n", category.name.c_str(), grouped(category.names).c_str(), grouped(total.lists).c_str(),
          grouped(total.dropped).c_str(), grouped(total.bad).c_str(), category.locked ? "  always blocked" : "");
  }
  print(out, "%-24s %12s different names, %s bytes\n", "all", grouped(compiled.content.names).c_str(),
        grouped(compiled.file.size()).c_str());
}

void print_dropped(std::string& out, const CompiledSet& compiled) {
  ReadList all;
  for (const auto& list : compiled.lists) {
    all.public_suffixes += list.public_suffixes;
    all.released += list.released;
    all.report.addresses += list.report.addresses;
    all.report.with_path += list.report.with_path;
    all.report.other_rules += list.report.other_rules;
  }
  if (dropped_lines(all) == 0) return;
  print(out, "\nDropped: %s public suffixes (such as co.uk), %s released by you, %s addresses, %s single pages, %s other rules.\n",
        grouped(all.public_suffixes).c_str(), grouped(all.released).c_str(), grouped(all.report.addresses).c_str(),
        grouped(all.report.with_path).c_str(), grouped(all.report.other_rules).c_str());
}

// What foreign text holds must not reach the terminal as it is.
std::string harmless(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

void print_bad_lines(std::string& out, const CompiledSet& compiled) {
  for (const auto& list : compiled.lists) {
    if (list.report.bad == 0) continue;
    print(out, "\n%s: %s bad lines, for example\n", list.source.place.c_str(), grouped(list.report.bad).c_str());
    for (const auto& bad : list.report.examples) {
      print(out, "  line %s: %s (%s)\n", grouped(bad.number).c_str(), harmless(bad.text).c_str(), harmless(bad.why).c_str());
    }
  }
}

void print_findings(std::string& out, const CompiledSet& compiled) {
  const auto& findings = compiled.undecided;
  if (findings.empty()) return;
  print(out, "\nLook before you sign: %s rules block popular names, and nobody has said whether they should. They are in the set.\n",
        grouped(findings.size()).c_str());
  print(out, "%8s  %-32s %-32s %s\n", "rank", "popular name", "rule", "categories");
  for (std::size_t i = 0; i < std::min(findings.size(), kShownFindings); ++i) {
    const auto& finding = findings[i];
    print(out, "%8u  %-32s %-32s %s\n", finding.rank, policy::display_name(finding.popular).c_str(),
          policy::display_name(finding.rule).c_str(), categories_text(compiled, finding.categories).c_str());
  }
  print(out, "All of them are in lists.findings.txt. Put the wrong rules into a file for --release (they leave the set), the right\n"
             "ones into a file for --keep, and build again.\n");
}

void print_missing(std::string& out, const CompiledSet& compiled, const std::set<std::string>& blocked) {
  std::set<std::string> missing = blocked;
  bool has_locked = false;
  for (const auto& category : compiled.categories) {
    if (category.names > 0) missing.erase(category.name);
    has_locked = has_locked || (category.locked && category.names > 0);
  }
  if (!missing.empty()) print(out, "\nThe policy blocks categories that no list has names for: %s.\n", join(missing).c_str());
  if (!has_locked) print(out, "\nNo list of illegal content is among these: a device that has had one refuses a set without it.\n");
}

}  // namespace

sync::ListsManifest make_manifest(const CompiledSet& compiled) {
  sync::ListsManifest manifest;
  manifest.content = compiled.content.all;
  manifest.locked_content = compiled.content.locked;
  manifest.names = compiled.content.names;
  manifest.locked_names = compiled.content.locked_names;
  manifest.file = hash(compiled.file);
  manifest.file_size = compiled.file.size();
  for (const auto& category : compiled.categories) manifest.categories[category.name] = {category.names, category.locked};
  return manifest;
}

Json make_sources_json(const CompiledSet& compiled) {
  std::map<std::string, Json::Array> by_category;
  for (const auto& list : compiled.lists) {
    by_category[list.source.category].push_back(
        Json::Object{{"place", list.source.place}, {"names", list.report.names}});
  }
  Json::Object all;
  for (auto& [category, places] : by_category) all[category] = std::move(places);
  return all;
}

std::string make_findings_text(const CompiledSet& compiled) {
  std::string out =
      "# Rules that block popular names and that nobody has decided about. Give the wrong ones to --release, the right ones to\n"
      "# --keep, as files like this one: what stands behind a # is not read.\n";
  for (const auto& finding : compiled.undecided) {
    print(out, "%s  # %s; blocks %s popular names, among them %s (rank %u)\n", finding.rule.c_str(),
          categories_text(compiled, finding.categories).c_str(), grouped(finding.names).c_str(), finding.popular.c_str(),
          finding.rank);
  }
  return out;
}

std::string make_build_summary(const CompiledSet& compiled, const BuildNotes& notes) {
  std::string out;
  print_categories(out, compiled);
  print_dropped(out, compiled);
  for (const auto& note : notes.skipped) print(out, "\nNot taken: %s\n", harmless(note).c_str());
  print_bad_lines(out, compiled);
  if (!notes.idle_decisions.empty()) {
    print(out, "\n%s names of --release and --keep stand in no list.\n", grouped(notes.idle_decisions.size()).c_str());
  }
  for (const auto& name : notes.locked_anyway) {
    print(out, "\n%s stays blocked although you allow or release it: it is listed as illegal.\n", name.c_str());
  }
  print_missing(out, compiled, notes.blocked);
  print_findings(out, compiled);
  return out;
}

}  // namespace caretaker::agent
