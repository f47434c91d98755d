#include "agent/cli/wipe_proof.h"

#include <algorithm>
#include <array>

#include "sync/letter.h"
#include "sync/wipe_certificate.h"

namespace caretaker::agent {
namespace {

constexpr std::array<std::string_view, 3> kEnds = {"keys-destroyed", "verified", "best-effort"};

bool is_proven(const std::string& device, const std::string& order, const WipeProofs& proofs) {
  const auto proof = proofs.find(device);
  return proof != proofs.end() && proof->second.order == order;
}

}  // namespace

bool is_end_of_wipe(std::string_view state) { return std::ranges::find(kEnds, state) != kEnds.end(); }

std::string shown_state(const std::string& state, const std::string& device, const std::string& order, const WipeProofs& proofs) {
  if (!is_end_of_wipe(state)) return state;
  if (!is_proven(device, order, proofs)) return state + " (the server says)";
  const std::string& proven = proofs.at(device).state;
  return state == "verified" ? proven : state;  // a certificate of its best effort is no more than that
}

Result<Bytes> complete_record(ByteView given, std::vector<Bytes> roots) {
  TRY(parts, sync::parse_wipe_record(given));
  if (roots.size() > parts.roots.size()) parts.roots = std::move(roots);
  return sync::make_wipe_record(parts);
}

Result<WipeProof> prove_wipe(ByteView given, std::vector<Bytes> roots, const sync::SchoolId& school, const std::string& device) {
  TRY(record, complete_record(given, std::move(roots)));
  TRY(wipe, sync::open_wipe_record(record, school));
  if (to_hex(wipe.certificate.device) != device) return make_error(ErrorCode::kUnauthentic, "this is the certificate of another machine");
  const bool is_best_effort = wipe.certificate.method == sync::Sanitization::kClearBestEffort;
  return WipeProof{sync::letter_name(wipe.certificate.order), is_best_effort ? "best-effort" : "verified"};
}

Json mark_proven(const Json& order, const std::string& device, const WipeProofs& proofs) {
  const std::string* id = order["order"].as_string();
  if (order.as_object() == nullptr || id == nullptr) return order;
  Json::Object out = *order.as_object();
  out["proven"] = is_proven(device, *id, proofs);
  return Json(std::move(out));
}

Result<WipeProofs> ask_proofs(Desk& desk, const std::set<std::string>& devices, const Clock& clock) {
  WipeProofs out;
  if (devices.empty()) return out;
  TRY(roots, read_roots(desk.school));
  for (const std::string& device : devices) {
    const auto answer = desk.client.ask("wipe.record", Json::Object{{"device", device}}, clock);
    const auto given = answer ? answer->base64_at("record") : Result<Bytes>(answer.error());
    const auto proof = given ? prove_wipe(*given, roots, desk.school.id, device) : Result<WipeProof>(given.error());
    if (proof) out.emplace(device, *proof);
  }
  return out;
}

}  // namespace caretaker::agent
