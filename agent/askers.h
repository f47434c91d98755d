// By whose rules a question is answered. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/filter.h"
#include "platform/dns_host.h"

namespace caretaker::agent {

// A person with their group, or nobody known with every group that it could be.
struct Asker {
  FilterPtr filter;                  // that `groups` points into
  std::optional<std::uint32_t> uid;  // of a person; nullopt: unknown, or an account of the system ("the device")
  std::vector<const policy::Group*> groups;  // never empty
  std::vector<std::vector<policy::Lesson>> lessons = {};  // open for each of them; where there are fewer, none
  std::string portal = {};  // of the network at hand, open for all of them; empty: none
};
using AskerPtr = std::shared_ptr<const Asker>;

// Of what the asker's groups say the strictest: about a name that was asked for, and about one that the answer leads to.
[[nodiscard]] policy::DnsDecision decide(const Asker& asker, std::string_view name);
[[nodiscard]] policy::DnsDecision decide_target(const Asker& asker, const policy::DnsDecision& asked,
                                                std::string_view target);

class Askers {
 public:
  // For a question from a socket of `owner`. A person is looked up again after a minute. Nobody known, or no person: the
  // groups of those who are logged in, and when that is nobody, all groups.
  [[nodiscard]] const AskerPtr& find(const FilterPtr& filter, platform::SocketOwners::Owner owner, MonotonicMs now);

 private:
  struct Known {
    AskerPtr asker;
    MonotonicMs until = 0;
  };
  std::unordered_map<std::uint32_t, Known> people_;
  Known nobody_;
};

}  // namespace caretaker::agent
