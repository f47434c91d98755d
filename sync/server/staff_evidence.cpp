// evidence.*, hold.*: what a safeguarding lead takes out as evidence, and what is kept from deletion for it. PROTOCOL.md, "Evidence".
#include "sync/fields.h"
#include "sync/server/desk.h"
#include "sync/server/enrol.h"

namespace caretaker::server {
namespace {

constexpr std::size_t kBatchesAtOnce = 64;
constexpr std::size_t kBytesAtOnce = 2u << 20;  // of batches; base64 makes it a third longer
constexpr std::size_t kRecordsAtOnce = 64;

struct Place {
  sync::DeviceId device{};
  sync::EpochId epoch{};
};

Result<Place> place_in(const Json& arguments) {
  TRY(device, arguments.hex_array_at<32>("device"));
  TRY(epoch, arguments.hex_array_at<16>("epoch"));
  return Place{device, epoch};
}

Result<BookRange> range_in(const Json& arguments) {
  TRY(place, place_in(arguments));
  TRY(from, sync::number_at(arguments, "from", sync::kMaxSeq, 1));
  TRY(to, sync::number_at(arguments, "to", sync::kMaxSeq, from));
  return BookRange{place.device, place.epoch, static_cast<std::uint64_t>(from), static_cast<std::uint64_t>(to)};
}

std::string words(const BookRange& range) {
  if (!range.epoch) return " " + to_hex(range.device) + " all";
  return " " + to_hex(range.device) + " " + to_hex(*range.epoch) + " " + std::to_string(range.from) + "-" + std::to_string(range.to);
}

// For a batch that came before receipts were kept: it is here now, and that is all that can be said of it.
Bytes receipt_of(const Desk& desk, const BookRange& range, const KeptBatch& batch, const Hash& link) {
  if (!batch.receipt.empty()) return batch.receipt;
  const sync::Receipt receipt{desk.school.id(), range.device, *range.epoch, {batch.seq_to, link}, "", desk.now, ""};
  return desk.school.sign(sync::PayloadType::kReceipt, sync::make_receipt_payload(receipt));
}

Result<std::string> reason_in(const Json& arguments) {
  TRY(reason, sync::text_at(arguments, "reason"));
  return reason.empty() ? Result<std::string>(make_error(ErrorCode::kInvalidInput, "\"reason\": expected a text")) : std::move(reason);
}

Json hold_json(const LegalHold& hold, const std::string& label) {
  return Json::Object{{"hold", hold.id}, {"device", to_hex(hold.range.device)}, {"label", label},
                      {"epoch", hold.range.epoch ? to_hex(*hold.range.epoch) : ""}, {"from", hold.range.from}, {"to", hold.range.to},
                      {"made", hold.made}, {"by", hold.made_by}, {"reason", hold.reason},
                      {"lifted", hold.released.value_or(0)}, {"lifted_by", hold.released_by}, {"lifted_why", hold.release_reason}};
}

}  // namespace

Result<Json> evidence_batches(Desk& desk) {
  TRY(range, range_in(desk.arguments));
  desk.about = words(range);
  TRY(device, desk.store.device(range.device));
  TRY(kept, desk.store.batches_of(range, kBatchesAtOnce + 1));
  if (!device || kept.empty()) return make_error(ErrorCode::kNotFound, "there are no such records");
  Json::Array batches, receipts;
  std::size_t bytes = 0;
  std::uint64_t last = 0;
  for (const KeptBatch& batch : kept) {
    bytes += batch.envelope.size() + batch.receipt.size();
    if (batches.size() == kBatchesAtOnce || (bytes > kBytesAtOnce && !batches.empty())) break;
    TRY(links, desk.store.links(range.device, *range.epoch, batch.seq_to, batch.seq_to));
    if (!links.contains(batch.seq_to)) return make_error(ErrorCode::kDamaged, "record " + std::to_string(batch.seq_to) + " is missing in the store");
    batches.push_back(to_base64(batch.envelope));
    receipts.push_back(to_base64(receipt_of(desk, range, batch, links.at(batch.seq_to))));
    last = batch.seq_to;
  }
  const bool more = batches.size() < kept.size();
  return Json(Json::Object{{"certificate", to_base64(make_certificate(desk.school, *device))}, {"label", device->label},
                           {"batches", std::move(batches)}, {"receipts", std::move(receipts)}, {"last", last}, {"more", more}});
}

// Each sealed part that is handed out stands in the audit by its number.
Result<Json> evidence_open(Desk& desk) {
  TRY(place, place_in(desk.arguments));
  TRY(records, desk.arguments.array_at("records"));
  if (records->empty() || records->size() > kRecordsAtOnce) return make_error(ErrorCode::kInvalidInput, "\"records\": expected 1 to 64 numbers");
  desk.about = " " + to_hex(place.device) + " " + to_hex(place.epoch);
  Json::Object sealed;
  for (const Json& record : *records) {
    const std::int64_t* seq = record.as_int();
    if (seq == nullptr || *seq < 1 || *seq > sync::kMaxSeq) return make_error(ErrorCode::kInvalidInput, "\"records\": expected numbers of records");
    desk.about += " " + std::to_string(*seq);
    TRY(details, desk.store.sealed_at(place.device, place.epoch, static_cast<std::uint64_t>(*seq)));
    if (!details) continue;
    sealed[std::to_string(*seq)] = sealed_json(*details, std::to_string(*seq) + " of " + to_hex(place.device));
  }
  return Json(Json::Object{{"sealed", std::move(sealed)}});
}

Result<Json> add_hold(Desk& desk) {
  TRY(reason, reason_in(desk.arguments));
  TRY(id, desk.arguments.hex_array_at<32>("device"));
  TRY(device, desk.store.device(id));
  if (!device) return make_error(ErrorCode::kNotFound, "no such device has enrolled here");
  BookRange range{id, std::nullopt, 1, static_cast<std::uint64_t>(sync::kMaxSeq)};
  if (!desk.arguments["epoch"].is_null()) {
    TRY(chosen, range_in(desk.arguments));
    TRY(epoch, desk.store.epoch(id, *chosen.epoch));
    if (!epoch) return make_error(ErrorCode::kNotFound, "the device has no such book");
    range = chosen;
  }
  TRY(number, desk.store.add_legal_hold(range, desk.holder, reason, desk.now));
  desk.about = words(range) + " hold " + std::to_string(number);
  return Json(Json::Object{{"hold", number}});
}

Result<Json> lift_hold(Desk& desk) {
  TRY(number, sync::number_at(desk.arguments, "hold"));
  TRY(reason, reason_in(desk.arguments));
  desk.about = " hold " + std::to_string(number);
  TRY_DONE(desk.store.release_legal_hold(number, desk.holder, reason, desk.now));
  return Json(Json::Object{});
}

Result<Json> list_holds(Desk& desk) {
  TRY(holds, desk.store.legal_holds());
  Json::Array rows;
  for (const LegalHold& hold : holds) {
    TRY(device, desk.store.device(hold.range.device));
    rows.push_back(hold_json(hold, device ? device->label : ""));
  }
  return Json(Json::Object{{"holds", std::move(rows)}});
}

}  // namespace caretaker::server
