#include "platform/nft_ruleset.h"

#include <algorithm>
#include <optional>

namespace caretaker::platform {
namespace {

constexpr std::uint8_t kInet = 1, kIpv4 = 2, kIpv6 = 10;  // NFPROTO_
constexpr std::uint32_t kLocalIn = 1;  // NF_INET_LOCAL_IN
constexpr std::uint32_t kDrop = 0, kAccept = 1, kJump = 0xfffffffd, kGoto = 0xfffffffc, kReturn = 0xfffffffb;  // NF_, NFT_
constexpr int kMaxJumps = 16;  // NFT_JUMP_STACK_SIZE
constexpr std::uint16_t kChainTable = 1, kChainName = 3, kChainHook = 4, kChainPolicy = 5, kHookNumber = 1;
constexpr std::uint16_t kRuleTable = 1, kRuleChain = 2, kRuleExpressions = 4;
constexpr std::uint16_t kListElement = 1, kExpressionName = 1, kExpressionData = 2;
constexpr std::uint16_t kImmediateRegister = 1, kImmediateData = 2, kDataVerdict = 2, kVerdictCode = 1, kVerdictChain = 2, kTargetName = 1;
constexpr std::uint16_t kTypeMask = 0x3fff;  // NLA_TYPE_MASK
constexpr std::size_t kAttributeHeader = 4, kGenericHeader = 4;

struct Attribute {
  std::uint16_t type = 0;
  ByteView value;
};

// Attributes in a row: u16 length with its header, u16 type, the value, padding to four bytes (linux/netlink.h, this machine's order).
Result<std::vector<Attribute>> parse_attributes(ByteView bytes) {
  std::vector<Attribute> out;
  while (!bytes.empty()) {
    if (bytes.size() < kAttributeHeader) return make_error(ErrorCode::kInvalidInput, "an attribute that is cut short");
    const std::size_t length = bytes[0] | bytes[1] << 8;
    const auto type = static_cast<std::uint16_t>((bytes[2] | bytes[3] << 8) & kTypeMask);
    if (length < kAttributeHeader || length > bytes.size()) return make_error(ErrorCode::kInvalidInput, "an attribute that is cut short");
    out.push_back({type, bytes.subspan(kAttributeHeader, length - kAttributeHeader)});
    bytes = bytes.subspan(std::min((length + 3) & ~std::size_t{3}, bytes.size()));
  }
  return out;
}

ByteView find(const std::vector<Attribute>& attributes, std::uint16_t type) {
  const auto found = std::ranges::find(attributes, type, &Attribute::type);
  return found == attributes.end() ? ByteView() : found->value;
}

std::string text(ByteView bytes) {
  const std::string_view all = as_text(bytes);
  return std::string(all.substr(0, all.find('\0')));
}

std::optional<std::uint32_t> number(ByteView bytes) {  // big-endian, as nf_tables has them
  if (bytes.size() != 4) return std::nullopt;
  return static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

Result<std::vector<Attribute>> parse_message(ByteView message) {
  if (message.size() < kGenericHeader) return make_error(ErrorCode::kInvalidInput, "a message that is cut short");
  return parse_attributes(message.subspan(kGenericHeader));
}

}  // namespace

// A verdict, or a value that something later looks at.
Result<NftRuleset::Step> NftRuleset::parse_immediate(ByteView data) {
  TRY(parts, parse_attributes(data));
  if (number(find(parts, kImmediateRegister)) != 0) return Step{Effect::kCondition, {}};
  TRY(value, parse_attributes(find(parts, kImmediateData)));
  TRY(verdict, parse_attributes(find(value, kDataVerdict)));
  switch (number(find(verdict, kVerdictCode)).value_or(kReturn)) {
    case kDrop: return Step{Effect::kDrop, {}};
    case kAccept: return Step{Effect::kPass, {}};
    case kJump: return Step{Effect::kJump, text(find(verdict, kVerdictChain))};
    case kGoto: return Step{Effect::kGoto, text(find(verdict, kVerdictChain))};
    default: return Step{Effect::kReturn, {}};
  }
}

Result<NftRuleset::Step> NftRuleset::parse_expression(ByteView bytes) {
  TRY(parts, parse_attributes(bytes));
  const std::string name = text(find(parts, kExpressionName));
  const ByteView data = find(parts, kExpressionData);
  if (name == "counter" || name == "log") return Step{Effect::kNone, {}};
  if (name == "reject") return Step{Effect::kDrop, {}};
  if (name == "immediate") return parse_immediate(data);
  if (name != "target") return Step{Effect::kCondition, {}};
  TRY(target, parse_attributes(data));  // iptables' own
  return Step{text(find(target, kTargetName)) == "REJECT" ? Effect::kDrop : Effect::kCondition, {}};
}

// What the rule does with everything; kCondition where it depends.
Result<NftRuleset::Step> NftRuleset::parse_rule(ByteView expressions) {
  TRY(list, parse_attributes(expressions));
  for (const Attribute& element : list) {
    if (element.type != kListElement) continue;
    TRY(step, parse_expression(element.value));
    if (step.effect != Effect::kNone) return step;
  }
  return Step{};
}

Status NftRuleset::add_chain(ByteView message) {
  TRY(parts, parse_message(message));
  TRY(hook, parse_attributes(find(parts, kChainHook)));
  Chain& chain = chains_[{message[0], text(find(parts, kChainTable)), text(find(parts, kChainName))}];
  chain.on_input = number(find(hook, kHookNumber)) == kLocalIn;
  chain.drops = number(find(parts, kChainPolicy)) == kDrop;
  return ok();
}

Status NftRuleset::add_rule(ByteView message) {
  TRY(parts, parse_message(message));
  const auto chain = chains_.find({message[0], text(find(parts, kRuleTable)), text(find(parts, kRuleChain))});
  if (chain == chains_.end()) return ok();
  TRY(step, parse_rule(find(parts, kRuleExpressions)));
  if (step.effect != Effect::kNone && step.effect != Effect::kCondition) chain->second.steps.push_back(std::move(step));
  return ok();
}

// What becomes of something that meets no condition: kDrop, kPass, or kReturn when the chain leaves it open.
NftRuleset::Effect NftRuleset::follow(const ChainId& id, int depth) const {
  const auto chain = chains_.find(id);
  if (chain == chains_.end() || depth == 0) return Effect::kReturn;
  for (const Step& step : chain->second.steps) {
    if (step.effect != Effect::kJump && step.effect != Effect::kGoto) return step.effect;
    const Effect there = follow({std::get<0>(id), std::get<1>(id), step.target}, depth - 1);
    if (there != Effect::kReturn || step.effect == Effect::kGoto) return there;
  }
  return Effect::kReturn;
}

Firewall NftRuleset::judge() const {
  const auto is_shut = [this](std::uint8_t family) {
    return std::ranges::any_of(chains_, [&](const auto& entry) {
      const auto& [id, chain] = entry;
      if ((std::get<0>(id) != family && std::get<0>(id) != kInet) || !chain.on_input) return false;
      const Effect effect = follow(id, kMaxJumps);
      return effect == Effect::kDrop || (effect == Effect::kReturn && chain.drops);
    });
  };
  const bool v4 = is_shut(kIpv4), v6 = is_shut(kIpv6);
  return v4 && v6 ? Firewall::kOn : v4 || v6 ? Firewall::kHalf : Firewall::kOff;
}

}  // namespace caretaker::platform
