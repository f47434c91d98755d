#include "agent/guard/letters.h"

#include <algorithm>

#include "agent/guard/kept_twice.h"
#include "agent/guard/signer_room.h"
#include "agent/guard/trust_updates.h"
#include "platform/base/log.h"
#include "sync/checks.h"
#include "sync/order.h"

namespace caretaker::agent {
namespace {

constexpr SignerRoom kRoom{8192, 256};
constexpr std::size_t kMaxFile = 4u << 20;

// Also a disk that has no room now, which no check says: the server would take "refused" for the last word.
bool is_for_later(const Error& error) {
  return error.code == ErrorCode::kUnavailable || (error.code == ErrorCode::kFull && rule_of(error) == error_code_name(error.code));
}

Subject refused(const sync::LetterId& id, const Error& error) {
  log_debug("letters", "refused: " + error.message);
  return {"letter.refused", rule_of(error) + ":" + sync::letter_name(id), sync::Severity::kMedium};
}

}  // namespace

std::string signers_name(const std::set<sync::KeyId>& signers) {
  std::string out;
  for (const sync::KeyId& id : signers) out += (out.empty() ? "" : "+") + id;
  return out;
}

Letters::Letters(std::filesystem::path file, const PolicyStore& trust, const Clock& clock) : file_(std::move(file)), trust_(trust), clock_(clock) { load(); }

std::set<std::string> Letters::health() const {
  return is_damaged_ ? std::set<std::string>{"letters-damaged"} : std::set<std::string>{};
}

void Letters::load() {
  const auto read = read_twice(with_copy(file_), kMaxFile, [this](ByteView bytes) { return parse(bytes); });
  if (read || read.error().code == ErrorCode::kNotFound) return;
  log_error("letters", read.error().message);
  is_damaged_ = true;
}

Status Letters::parse(ByteView bytes) {
  TRY(json, parse_json(as_text(bytes), {kMaxFile, 8}));
  TRY_DONE(check_sum(json));
  TRY(used, json.object_at("used"));
  used_.clear();
  for (const auto& [name, until] : *used) {
    const auto id = parse_hex(name);
    const auto fixed = id ? to_array<16>(*id) : Result<sync::LetterId>(id.error());
    if (!fixed) continue;
    const std::int64_t* end = until["until"].as_int();
    const std::string* by = until["by"].as_string();
    const bool* again = until["again"].as_bool();
    if (end != nullptr) used_[*fixed] = {*end, by == nullptr ? "" : *by, again != nullptr && *again};
  }
  return ok();
}

void Letters::forget_old() {
  const UnixSeconds past = trust_.surely_past(clock_.now());
  std::erase_if(used_, [past](const auto& used) { return used.second.until <= past; });
}

Status Letters::room_for(const std::string& by) {
  const UnixSeconds now = clock_.now();
  const bool is_all_full = used_.size() >= kRoom.in_all;
  auto oldest = used_.end();
  for (auto it = used_.begin(); it != used_.end(); ++it) {
    const bool is_over = it->second.until <= now && (is_all_full || it->second.by == by);
    if (is_over && (oldest == used_.end() || it->second.until < oldest->second.until)) oldest = it;
  }
  const bool is_true = sync::is_clock_plausible({now, trust_.judged_time(0)});
  if (!has_room(used_, by, kRoom) && oldest != used_.end() && is_true) used_.erase(oldest);
  if (has_room(used_, by, kRoom)) return ok();
  return used_.size() >= kRoom.in_all ? sync::refuse(sync::Check::kLetterRoom) : sync::refuse(sync::Check::kLetterRoom, "of this signer's");
}

Status Letters::write() const {
  Json::Object used;
  for (const auto& [id, kept] : used_) used[sync::letter_name(id)] = Json::Object{{"until", kept.until}, {"by", kept.by}, {"again", kept.may_come_again}};
  return write_twice(with_copy(file_), as_bytes(with_sum({{"v", 1}, {"used", std::move(used)}}).dump()));
}

Status Letters::forget_lost() {
  std::erase_if(used_, [](const auto& used) { return used.second.may_come_again; });
  return write();
}

Status Letters::remember(const sync::LetterId& id, Used what) {
  used_[id] = std::move(what);
  auto written = write();
  if (!written) used_.erase(id);
  return written;
}

Result<std::vector<Subject>> Letters::take_one(const sync::RawBlob& blob, const sync::LetterLabel& label) {
  const auto part = parts_.find(label.type);
  if (part == parts_.end()) return sync::refuse(sync::Check::kLetterType);
  forget_old();
  TRY(taken, part->second(blob, label.id, [this](const std::string& by) { return room_for(by); }));
  std::vector<Subject> findings{{"letter.taken", sync::letter_name(label.id)}};
  for (Subject& finding : taken.findings) findings.push_back(std::move(finding));
  if (!room_for(taken.by)) return findings;  // it does nothing the second time
  if (auto written = remember(label.id, {taken.until, std::move(taken.by), taken.may_come_again}); !written) {
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
    if (!taken && is_for_later(taken.error())) {  // it comes again
      log_debug("letters", "not yet: " + taken.error().message);
      continue;
    }
    if (!taken) findings.push_back(refused(label->id, taken.error()));
    else findings.insert(findings.end(), taken->begin(), taken->end());
  }
  return findings;
}

}  // namespace caretaker::agent
