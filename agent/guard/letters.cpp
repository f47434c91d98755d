#include "agent/guard/letters.h"

#include "agent/guard/trust_updates.h"
#include "platform/base/log.h"
#include "sync/checks.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxUsed = 4096;
constexpr std::size_t kMaxFile = 512u << 10;

Subject refused(const sync::LetterId& id, const Error& error) {
  log_debug("letters", "refused: " + error.message);
  return {"letter.refused", rule_of(error) + ":" + sync::letter_name(id), sync::Severity::kMedium};
}

}  // namespace

Letters::Letters(std::filesystem::path file, const PolicyStore& trust) : file_(std::move(file)), trust_(trust) { load(); }

void Letters::load() {
  const auto bytes = platform::read_file(file_, kMaxFile);
  if (!bytes) {
    if (bytes.error().code != ErrorCode::kNotFound) log_error("letters", bytes.error().message);
    return;
  }
  const auto json = parse_json(as_text(*bytes));
  const auto used = json ? json->object_at("used") : Result<const Json::Object*>(json.error());
  if (!used) {
    log_error("letters", "damaged: " + used.error().message);
    return;
  }
  for (const auto& [name, until] : **used) {
    const auto id = parse_hex(name);
    const auto fixed = id ? to_array<16>(*id) : Result<sync::LetterId>(id.error());
    if (fixed && until.as_int() != nullptr) used_[*fixed] = *until.as_int();
  }
}

void Letters::forget_old() {
  const UnixSeconds floor = trust_.judged_time(0);
  std::erase_if(used_, [floor](const auto& used) { return used.second <= floor; });
}

Status Letters::remember(const sync::LetterId& id, UnixSeconds until) {
  used_[id] = until;
  Json::Object used;
  for (const auto& [other, end] : used_) used[sync::letter_name(other)] = end;
  auto written = platform::replace_file(file_, as_bytes(Json(Json::Object{{"v", 1}, {"used", std::move(used)}}).dump()), 0600);
  if (!written) used_.erase(id);
  return written;
}

Result<std::vector<Subject>> Letters::take_one(const sync::RawBlob& blob, const sync::LetterLabel& label) {
  const auto part = parts_.find(label.type);
  if (part == parts_.end()) return sync::refuse(sync::Check::kLetterType);
  forget_old();
  if (used_.size() >= kMaxUsed) return sync::refuse(sync::Check::kLetterRoom);
  TRY(taken, part->second(blob, label.id));
  std::vector<Subject> findings{{"letter.taken", sync::letter_name(label.id)}};
  for (Subject& finding : taken.findings) findings.push_back(std::move(finding));
  if (auto written = remember(label.id, taken.until); !written) {
    log_error("letters", "not remembered, and to be taken again: " + written.error().message);
    return std::vector<Subject>();
  }
  return findings;
}

std::vector<Subject> Letters::take(const std::vector<Bytes>& letters, bool has_our_word) {
  std::vector<Subject> findings;
  if (trust_.root() == nullptr) return findings;
  for (const Bytes& bytes : letters) {
    const sync::RawBlob blob{bytes};
    const auto label = sync::read_letter_label(blob);
    if (!label) {
      findings.push_back(refused(sync::letter_id(bytes), label.error()));
      continue;
    }
    if (used_.contains(label->id)) {
      if (has_our_word) findings.push_back(refused(label->id, sync::refuse(sync::Check::kLetterUsed)));
      continue;
    }
    auto taken = take_one(blob, *label);
    if (!taken && taken.error().code == ErrorCode::kUnavailable) continue;  // not yet: it comes again
    if (!taken) findings.push_back(refused(label->id, taken.error()));
    else findings.insert(findings.end(), taken->begin(), taken->end());
  }
  return findings;
}

}  // namespace caretaker::agent
