#include "sync/server/ingest.h"

#include <algorithm>

#include "platform/base/log.h"
#include "sync/bundle.h"
#include "sync/server/decide_batch.h"
#include "sync/server/enrol.h"
#include "sync/server/letters.h"
#include "sync/server/mark.h"
#include "sync/server/orders.h"

namespace caretaker::server {
namespace {

constexpr std::size_t kMaxState = 192u << 10;  // with a certificate of a wipe in it
constexpr std::string_view kNoSigner = "no-signer";  // where the device's answer to a letter would stand

struct Checkin {
  sync::CheckinRequest request;
  sync::DeviceCertificate certificate;
  sync::Batch batch;
  std::optional<sync::Receipt> proof;
};

Result<Checkin> open_checkin(const SchoolState& school, ByteView body) {
  TRY(request, sync::parse_checkin_request(body, sync::kMaxCheckinBytes));
  TRY(certificate, sync::open_certificate({request.certificate}, school.root()));
  TRY(batch, sync::open_batch({request.batch}, certificate));
  if (batch.state.dump().size() > kMaxState) return make_error(ErrorCode::kTooLarge, "the device's state is too long");
  Checkin checkin{std::move(request), std::move(certificate), std::move(batch), {}};
  if (checkin.request.last_receipt.empty()) return checkin;
  // A receipt that does not verify proves nothing, and is no reason to refuse the rest.
  auto proof = sync::open_receipt({checkin.request.last_receipt}, school.root(), checkin.certificate.device);
  if (proof && proof->epoch == checkin.batch.epoch) checkin.proof = *std::move(proof);
  return checkin;
}

// The sealed part as it is kept; empty: none. What the guard sent beside an event must have come with it, whole: the relay on
// the device is not trusted, and a receipt tells the device that it may forget. Where the guard itself has no sealed part any
// more, the event comes alone.
Result<Bytes> sealed_for(const Checkin& checkin, const sync::ChainEntry& entry) {
  if (!entry.sealed) return Bytes{};
  auto body = sync::parse_event_body(entry.body);
  const auto found = checkin.request.sealed.find(entry.from);
  if (body && found != checkin.request.sealed.end() && body->sealed == hash(found->second.ciphertext)) {
    Bytes json = sync::make_sealed_json(found->second);
    if (hash(json) == *entry.sealed) return json;
  }
  return make_error(ErrorCode::kInvalidInput, "the sealed part of event " + std::to_string(entry.from) + " is missing or not its own");
}

// Where we stand in the batch's epoch. A new one begins at its own first link with the key that the device sealed to us; a
// batch that begins it later comes from a device that we have asked for it. nullopt: new to us, and the batch does not say
// how it began.
Result<std::optional<HeldEpoch>> held_epoch(FleetStore& store, const SchoolState& school, const sync::Batch& batch, bool& is_new) {
  TRY(held, store.epoch(batch.device, batch.epoch));
  is_new = !held;
  if (held || !batch.epoch_start) return held;
  TRY(opened, box_open(school.keys().box, batch.epoch_start->sealed_key));
  TRY(key, to_array<32>(opened));
  return std::optional<HeldEpoch>(HeldEpoch{sync::first_head(batch.school, batch.device, batch.epoch), {1, SecretKey(key)}, batch.seq_from > 1});
}

std::string_view problem_of(BatchFit fit) {
  switch (fit) {
    case BatchFit::kTake:
    case BatchFit::kKnown: return "";
    case BatchFit::kGap: return "gap";
    case BatchFit::kFork: return "fork";
    case BatchFit::kOvertaken: return "overtaken";
    case BatchFit::kChain: return "chain";
  }
  return "";
}

// What is wrong with the device itself, apart from this batch. Hardware that differs from the certificate's means a copied
// disk: it must enrol anew, and nothing is ever wiped because of it.
std::string_view device_problem(const Checkin& checkin, const std::optional<DeviceRow>& row) {
  if (row && row->replaced_by) return "replaced";
  const Json& hardware = checkin.batch.state["hardware"];
  const auto differs = [&hardware](std::string_view key, const std::string& certified) {
    const auto* reported = hardware[key].as_string();
    return reported && *reported != certified;
  };
  const auto& certified = checkin.certificate.hardware;
  return differs("dmi_uuid", certified.dmi_uuid) || differs("board_serial", certified.board_serial) ? "clone" : "";
}

// A new epoch tells how far the one before it went. What we lack there is lost until it comes.
Status note_epoch(FleetStore& store, const sync::Batch& batch, const HeldEpoch& first, UnixSeconds now) {
  TRY_DONE(store.add_epoch(batch, first, now));
  const sync::EpochStart& start = *batch.epoch_start;
  if (!start.previous) return ok();
  TRY(before, store.epoch(batch.device, *start.previous));
  const std::uint64_t last = before ? before->head.seq : 0;
  if (last >= start.previous_head.seq) return ok();
  return store.add_hole(batch.device, *start.previous, last + 1, start.previous_head.seq, "device", now);
}

Status store_entries(FleetStore& store, const Checkin& checkin, const BatchDecision& decision, ByteView receipt, UnixSeconds now) {
  const auto& batch = checkin.batch;
  TRY(row, store.add_batch(batch, checkin.request.batch, receipt, now));
  sync::ChainHead at = decision.from;
  for (const auto& entry : decision.entries) {
    at = entry.is_stub() ? sync::ChainHead{entry.to, entry.link} : sync::next_head(at, entry.body);
    TRY(sealed, sealed_for(checkin, entry));
    TRY_DONE(store.add_event(batch, row, entry, at.link, sealed, now));
    TRY_DONE(note_forgetting(store, batch.device, entry.body, now));
    TRY_DONE(note_letter_event(store, batch.device, entry.body, now));
    TRY_DONE(note_trust_event(store, batch.device, entry.body, now));
    TRY_DONE(note_order_event(store, batch.device, entry.body));
  }
  TRY_DONE(store.close_holes(batch.device, batch.epoch, batch.seq_to));
  if (decision.hole) {
    TRY_DONE(store.add_hole(batch.device, batch.epoch, decision.hole->first, decision.hole->second, "server", now));
  }
  return ok();
}

// Everything that this check-in changes; runs inside one transaction.
Status write(FleetStore& store, const SchoolState& school, const Checkin& checkin, const HeldEpoch* held, bool is_new, const BatchDecision& decision,
             std::string_view problem, ByteView receipt, UnixSeconds now) {
  const auto& batch = checkin.batch;
  const auto& certificate = checkin.certificate;
  // A server restored from an older copy meets devices that it has certified and forgotten.
  TRY_DONE(store.add_device({certificate.device, certificate.device_key, "", certificate.hardware, certificate.issued, {}, "", "", {}}, {}));
  TRY_DONE(store.note_seen(batch.device, now, batch.state.dump(), problem));
  TRY_DONE(keep_wipe_certificate(store, school, certificate, batch.state, now));
  const bool fits = decision.fit == BatchFit::kTake || decision.fit == BatchFit::kKnown;
  if (held && is_new && fits) TRY_DONE(note_epoch(store, batch, *held, now));
  switch (decision.fit) {
    case BatchFit::kKnown:
    case BatchFit::kOvertaken: return ok();
    case BatchFit::kGap: return is_new ? ok() : store.mark_asked(batch.device, batch.epoch);
    case BatchFit::kFork:
    case BatchFit::kChain: return store.add_quarantine(batch.device, problem_of(decision.fit), checkin.request.batch, now);
    case BatchFit::kTake: break;
  }
  TRY_DONE(store_entries(store, checkin, decision, receipt, now));
  return store.advance_epoch(batch.device, batch.epoch, held->head, *decision.taken);
}

Bytes make_receipt(const SchoolState& school, const sync::Batch& batch, const sync::ChainHead& head, std::string_view refused,
                   UnixSeconds now) {
  const auto* nonce = batch.state["nonce"].as_string();
  const sync::Receipt receipt{school.id(), batch.device, batch.epoch, head, nonce ? *nonce : "", now, std::string(refused)};
  return school.sign(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt));
}

// Lists that a technician signed too come before newer ones: what those changed is measured from there. Unless the device would refuse
// them, since the root has changed or their time is over, or has done so.
Result<std::optional<Published>> lists_for(FleetStore& store, const SchoolState& school, const sync::DeviceId& device, std::int64_t has, UnixSeconds now) {
  TRY(newest, store.newest_lists(true));
  if (!newest || newest->version <= has) return newest;
  TRY(twice, store.countersigned_lists());
  if (!twice || twice->version <= has) return newest;
  if (!sync::open_lists({twice->envelope}, school.root(), std::nullopt, now)) return newest;
  TRY(refusals, store.refused_by(device));
  const bool was_refused = std::ranges::any_of(refusals, [&](const Refused& each) { return each.kind == "lists" && each.version >= twice->version; });
  return was_refused ? newest : twice;
}

// Newer signed material than the device says it has; what it cannot name, it gets.
Status add_material(FleetStore& store, const SchoolState& school, const sync::Batch& batch, UnixSeconds now, sync::CheckinAnswer& answer) {
  const Json& state = batch.state;
  const auto has = [&state](std::string_view key) { return state[key].as_int() ? *state[key].as_int() : 0; };
  const auto& roots = school.envelopes();
  const auto first = static_cast<std::size_t>(std::clamp<std::int64_t>(has("root"), 0, static_cast<std::int64_t>(roots.size())));
  answer.roots = page_of_roots(roots, first);
  TRY(policy, store.newest_policy());
  if (policy && policy->version > has("policy")) {
    answer.policy = std::move(policy->envelope);
    TRY_DONE(store.note_given(batch.device, "policy", policy->version, now));
  }
  TRY(lists, lists_for(store, school, batch.device, has("lists"), now));
  if (lists && lists->version > has("lists")) {
    answer.lists = std::move(lists->envelope);
    TRY_DONE(store.note_given(batch.device, "lists", lists->version, now));
  }
  if (!answer.roots.empty()) TRY_DONE(store.note_given(batch.device, "root", static_cast<std::int64_t>(first + answer.roots.size()), now));
  return ok();
}

// Who alone signed a letter and has left the school since has nothing more to say to its devices: they would refuse it, one by one. By the keys' names alone:
// the signatures were verified when it was published, and the device judges them again.
bool has_signer(const sync::Root& root, ByteView envelope) {
  const auto json = parse_json(as_text(envelope));
  const Json::Array* signatures = json ? (*json)["signatures"].as_array() : nullptr;
  return signatures != nullptr && std::ranges::any_of(*signatures, [&](const Json& each) {
    const std::string* id = each["keyid"].as_string();
    return id != nullptr && root.keys.contains(*id);
  });
}

// What nobody of the newest root signed takes no place; that it was not given stands where the device's answer would, which a later "taken" overrides.
Result<std::vector<Bytes>> letters_for(FleetStore& store, const SchoolState& school, const sync::DeviceId& device, UnixSeconds now) {
  for (std::vector<Bytes> before;;) {
    TRY(letters, store.give_letters(device, now, sync::kMaxLetters));
    std::vector<Bytes> out;
    for (const Bytes& envelope : letters) {
      const auto label = sync::read_letter_label({envelope});
      if (!label || has_signer(school.root().root(), envelope)) out.push_back(envelope);
      else TRY_DONE(store.answer_letter(label->id, device, kNoSigner, now));
    }
    // The same again: the disk has spoilt what it is found by, and no answer can be noted.
    if (out.size() == letters.size() || letters == before) return out;
    before = std::move(letters);
  }
}

void tell(const Checkin& checkin, const BatchDecision& decision, std::string_view problem) {
  const std::string device = to_hex(checkin.batch.device).substr(0, 12);
  if (!problem.empty()) log_warning("ingest", "device " + device + ": " + std::string(problem));
  if (decision.fit == BatchFit::kTake) {
    log_info("ingest", "device " + device + ": events " + std::to_string(decision.from.seq + 1) + " to " + std::to_string(checkin.batch.seq_to));
  }
}

}  // namespace

Result<sync::CheckinAnswer> ingest(FleetStore& store, const SchoolState& school, ByteView body, UnixSeconds now) {
  TRY(checkin, open_checkin(school, body));
  const auto& batch = checkin.batch;
  bool is_new = false;
  TRY(held, held_epoch(store, school, batch, is_new));
  std::map<std::uint64_t, Hash> known;
  if (held && batch.seq_from <= held->head.seq) {
    TRY(links, store.links(batch.device, batch.epoch, batch.seq_from - 1, batch.seq_to));
    known = std::move(links);
  }
  TRY(row, store.device(batch.device));
  const BatchDecision decision = held ? decide_batch(*held, batch, known, checkin.proof)
                                      : BatchDecision{.fit = BatchFit::kGap, .entries = {}, .from = {}, .taken = {}, .hole = {}, .agreed = {}};
  const bool fits = decision.fit == BatchFit::kTake || decision.fit == BatchFit::kKnown;
  std::string_view problem = held ? problem_of(decision.fit) : "unknown-epoch";
  // A copied disk is one also while something of its book is missing.
  if (const auto own = device_problem(checkin, row); !own.empty() && (problem.empty() || !held || decision.fit == BatchFit::kGap)) problem = own;

  // Made now, so that it is kept with what it confirms, and given once that is committed.
  const Bytes receipt = fits ? make_receipt(school, batch, decision.taken ? decision.taken->head : held->head, {}, now) : Bytes();
  TRY_DONE(store.transaction([&] { return write(store, school, checkin, held ? &*held : nullptr, is_new, decision, problem, receipt, now); }));
  tell(checkin, decision, problem);

  sync::CheckinAnswer answer{.receipt = {}, .roots = {}, .policy = {}, .lists = {}, .letters = {}, .interval_s = 0,
                             .more = decision.fit == BatchFit::kTake, .expected = {}, .missing = {},
                             .problem = std::string(problem), .mark = {}};
  if (fits) {
    answer.receipt = receipt;
  } else if (decision.fit != BatchFit::kGap) {  // what of it is here all the same: the device writes down only the rest anew
    const sync::ChainHead nothing = sync::first_head(batch.school, batch.device, batch.epoch);
    answer.receipt = make_receipt(school, batch, decision.agreed.value_or(nothing), problem_of(decision.fit), now);
  }
  if (decision.fit == BatchFit::kGap) {
    answer.expected = held ? held->head : sync::first_head(batch.school, batch.device, batch.epoch);
  }
  TRY(missing, store.unfinished(batch.device, sync::kMaxMissing));
  for (const auto& [epoch, head] : missing) {
    answer.missing.push_back({epoch, head ? *head : sync::first_head(batch.school, batch.device, epoch)});
  }
  TRY_DONE(add_material(store, school, batch, now, answer));
  TRY(letters, letters_for(store, school, batch.device, now));
  TRY(mark, mark_for(store, school, batch.device));
  answer.letters = std::move(letters);
  answer.mark = std::move(mark);
  return answer;
}

}  // namespace caretaker::server
