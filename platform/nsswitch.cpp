#include "platform/nsswitch.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace caretaker::platform {
namespace {

constexpr std::string_view kSpaces = " \t";

// What stands on a line: a service or an action in brackets, each with the space in front of it.
struct Word {
  std::string_view space;
  std::string_view text;
};

std::vector<Word> words_of(std::string_view rest) {
  std::vector<Word> out;
  while (!rest.empty()) {
    const auto begin = std::min(rest.find_first_not_of(kSpaces), rest.size());
    auto end = rest.size();
    if (begin < rest.size() && rest[begin] == '[') {
      end = rest.find(']', begin);
      end = end == std::string_view::npos ? rest.size() : end + 1;
    } else if (begin < rest.size()) {
      end = std::min(rest.find_first_of(" \t[", begin), rest.size());
    }
    out.push_back({rest.substr(0, begin), rest.substr(begin, end - begin)});
    rest.remove_prefix(end);
  }
  return out;
}

std::string hosts_line(std::string_view rest) {
  const auto words = words_of(rest);
  bool has_dns = std::ranges::find(words, "dns", &Word::text) != words.end();
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].text != "resolve") {
      out.append(words[i].space).append(words[i].text);
      continue;
    }
    if (!std::exchange(has_dns, true)) out.append(words[i].space).append("dns");
    if (i + 1 < words.size() && words[i + 1].text.starts_with('[')) ++i;  // what follows when it fails goes with it
  }
  return out;
}

}  // namespace

std::string without_nss_resolve(std::string_view nsswitch) {
  std::string out;
  while (!nsswitch.empty()) {
    const auto size = std::min(nsswitch.find('\n'), nsswitch.size());
    const std::string_view line = nsswitch.substr(0, size);
    const auto remark = std::min(line.find('#'), line.size());
    const auto key = line.find_first_not_of(kSpaces);
    constexpr std::string_view kHosts = "hosts:";
    if (key != std::string_view::npos && line.substr(key).starts_with(kHosts) && remark >= key + kHosts.size()) {
      const auto from = key + kHosts.size();
      out.append(line.substr(0, from)).append(hosts_line(line.substr(from, remark - from))).append(line.substr(remark));
    } else {
      out.append(line);
    }
    if (size < nsswitch.size()) out.push_back('\n');
    nsswitch.remove_prefix(std::min(size + 1, nsswitch.size()));
  }
  return out;
}

}  // namespace caretaker::platform
