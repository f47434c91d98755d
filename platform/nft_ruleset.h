// What the kernel's packet filter (nftables, and iptables on top of it) does with what comes in, from its own answers over netlink.
// Source: linux/netfilter/nf_tables.h. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "platform/base/bytes.h"
#include "platform/base/posture_facts.h"

namespace caretaker::platform {

class NftRuleset {
 public:
  // One message of an answer to GETCHAIN or GETRULE, without its netlink header. kInvalidInput: not in the kernel's form. Of a chain's
  // rules the order counts.
  [[nodiscard]] Status add_chain(ByteView message);
  [[nodiscard]] Status add_rule(ByteView message);
  // Shut is a chain on input where what meets no condition is dropped or rejected: by a rule, in a chain that it is sent to, by policy.
  [[nodiscard]] Firewall judge() const;

 private:
  enum class Effect { kNone, kCondition, kDrop, kPass, kJump, kGoto, kReturn };
  struct Step {  // a rule without a condition
    Effect effect = Effect::kNone;
    std::string target;  // of a jump
  };
  struct Chain {
    bool on_input = false;
    bool drops = false;  // by policy
    std::vector<Step> steps;
  };
  using ChainId = std::tuple<std::uint8_t, std::string, std::string>;  // family, table, name

  static Result<Step> parse_immediate(ByteView data);
  static Result<Step> parse_expression(ByteView bytes);
  static Result<Step> parse_rule(ByteView expressions);
  [[nodiscard]] Effect follow(const ChainId& id, int depth) const;

  std::map<ChainId, Chain> chains_;
};

}  // namespace caretaker::platform
