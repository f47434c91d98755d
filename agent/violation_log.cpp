#include "agent/violation_log.h"

#include "policy/domain_name.h"

namespace caretaker::agent {
namespace {

constexpr MonotonicMs kBurstMs = 5'000;

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ull + (hash << 6) + (hash >> 2);
  return hash * 0xff51afd7ed558ccdull;
}

// The longest end of it that is a name.
std::string reportable(std::string name) {
  while (!policy::normalise_name(name)) {
    const auto dot = name.find('.');
    if (dot == std::string::npos) return "invalid";
    name.erase(0, dot + 1);
  }
  return name;
}

}  // namespace

bool ViolationLog::is_first(const Asker& asker, const policy::DnsDecision& decision, std::string_view name,
                            MonotonicMs now) {
  const std::hash<std::string_view> text_hash;
  auto hash = mixed(text_hash(name), text_hash(decision.category));
  hash = mixed(hash, static_cast<std::uint64_t>(decision.reason));
  hash = mixed(hash, asker.uid ? *asker.uid : ~0ull);
  auto& seen = seen_[hash >> 54];
  if (seen.hash == hash && seen.until > now) return false;
  seen = {hash, now + kBurstMs};
  return true;
}

void ViolationLog::note(const Asker& asker, const policy::DnsDecision& decision, std::string_view name, UnixSeconds time,
                        MonotonicMs now) {
  if (!decision.is_violation || !is_first(asker, decision, name, now)) return;
  // An address that stands in a name's place is whole or nothing.
  auto registrable = reportable(decision.reason == policy::Reason::kNoReadableName ? std::string(name) : policy::registrable_name(name));
  if (registrable != name && !is_first(asker, decision, registrable, now)) return;
  sink_({asker.uid, decision.reason, decision.category, std::move(registrable), time, 1});
}

}  // namespace caretaker::agent
