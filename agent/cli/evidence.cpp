#include "agent/cli/evidence.h"

#include <cstdio>
#include <set>

#include "agent/cli/table.h"
#include "platform/files.h"
#include "sync/batch.h"
#include "sync/limits.h"
#include "sync/sealed_key.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxRecords = 100'000;
constexpr std::size_t kMaxOpened = 10'000;
constexpr std::size_t kOpenedAtOnce = 64;

// Every key that has ever been the server's: a receipt of two years ago is by the one of then.
Result<sync::KeyRing> server_keys(const std::vector<Bytes>& roots, const sync::SchoolId& school) {
  if (roots.empty()) return make_error(ErrorCode::kInvalidInput, "no root");
  TRY(root, sync::VerifiedRoot::open_first({roots.front()}, school));
  sync::KeyRing ring = sync::role_ring(root.root(), sync::Role::kReceipts);
  for (std::size_t i = 1; i < roots.size(); ++i) {
    TRY(next, root.open_next({roots[i]}));
    root = std::move(next);
    ring.merge(sync::role_ring(root.root(), sync::Role::kReceipts));
  }
  return ring;
}

struct Walked {
  std::map<std::uint64_t, Hash> links;
  std::map<std::uint64_t, Bytes> bodies;
  std::map<std::uint64_t, std::uint64_t> stubs;  // first and last record that one stands for
};

// False: another link is there already.
bool note_link(Walked& walked, const sync::ChainHead& at, bool& joins) {
  const auto [place, is_new] = walked.links.emplace(at.seq, at.link);
  joins = joins || !is_new;
  return place->second == at.link;
}

Status walk_batch(const sync::Batch& batch, Walked& walked) {
  const auto broken = [](std::uint64_t seq) { return make_error(ErrorCode::kUnauthentic, "the chain does not hold at record " + std::to_string(seq)); };
  sync::ChainHead at{batch.seq_from - 1, batch.prev};
  bool joins = walked.links.empty();
  if (at.seq == 0 && at != sync::first_head(batch.school, batch.device, batch.epoch)) return broken(1);
  if (!note_link(walked, at, joins)) return broken(at.seq);
  for (const sync::ChainEntry& entry : batch.entries) {
    if (entry.is_stub()) walked.stubs[entry.from] = entry.to;
    else walked.bodies[entry.to] = entry.body;
    at = entry.is_stub() ? sync::ChainHead{entry.to, entry.link} : sync::next_head(at, entry.body);
    if (!note_link(walked, at, joins)) return broken(at.seq);
  }
  if (at.link != batch.head) return broken(at.seq);
  return joins ? ok() : make_error(ErrorCode::kNotFound, "records before number " + std::to_string(batch.seq_from) + " are missing on the server: choose a range without them");
}

Status check_whole(const BookParts& book, const Walked& walked) {
  for (std::uint64_t seq = book.from; seq <= book.to; ++seq) {
    const auto stub = walked.stubs.upper_bound(seq);
    const bool in_stub = stub != walked.stubs.begin() && std::prev(stub)->second >= seq;
    if (!in_stub && !walked.bodies.contains(seq)) return make_error(ErrorCode::kNotFound, "the server has no record " + std::to_string(seq));
  }
  return ok();
}

Status check_receipt(const Bytes& envelope, const BookParts& book, const sync::SchoolId& school, const sync::KeyRing& server, const Walked& walked) {
  TRY(opened, sync::open_envelope(envelope, sync::PayloadType::kReceipt, server));
  TRY(receipt, sync::parse_receipt(opened.payload));
  const auto link = walked.links.find(receipt.head.seq);
  const bool is_own = receipt.school == school && receipt.device == book.device && receipt.epoch == book.epoch && receipt.problem.empty();
  if (is_own && link != walked.links.end() && link->second == receipt.head.link) return ok();
  return make_error(ErrorCode::kUnauthentic, "a receipt of the server is not for this book");
}

// Everything but the sealed parts, a few batches at a time.
Result<BookParts> fetch_book(StaffClient& client, const Json& device, const sync::EpochId& epoch, const RecordRange& range, const Clock& clock) {
  TRY(id, device.hex_array_at<32>("device"));
  BookParts book{id, epoch, range.from, range.to, {}, {}, {}, {}};
  std::uint64_t next = range.from;
  for (bool more = true; more;) {
    TRY(answer, client.ask("evidence.batches", Json::Object{{"device", to_hex(id)}, {"epoch", to_hex(epoch)}, {"from", next}, {"to", range.to}}, clock));
    TRY(label, answer.string_at("label"));
    TRY(certificate, answer.base64_at("certificate"));
    TRY(batches, answer.array_at("batches"));
    TRY(receipts, answer.array_at("receipts"));
    TRY(last, answer.int_at("last"));
    TRY(has_more, answer.bool_at("more"));
    book.label = std::move(label);
    book.certificate = std::move(certificate);
    for (const auto& [list, out] : {std::pair{batches, &book.batches}, std::pair{receipts, &book.receipts}}) {
      for (const Json& text : *list) {
        TRY(envelope, parse_base64(text.as_string() == nullptr ? "" : *text.as_string()));
        out->push_back(std::move(envelope));
      }
    }
    if (static_cast<std::uint64_t>(last) < next) return make_error(ErrorCode::kInvalidInput, "the server's batches are not in order");
    next = static_cast<std::uint64_t>(last) + 1;
    more = has_more && next <= range.to;
  }
  return book;
}

// Those of `numbers` that lie in this stretch, each by a key of its own.
Status open_records(Desk& desk, BookParts& book, const std::map<std::uint64_t, Bytes>& bodies, const std::set<std::uint64_t>& numbers, const Clock& clock) {
  const auto end = numbers.upper_bound(book.to);
  for (auto next = numbers.lower_bound(book.from); next != end;) {
    Json::Array records;
    std::vector<std::uint64_t> asked;
    for (; next != end && asked.size() < kOpenedAtOnce; ++next) {
      asked.push_back(*next);
      records.push_back(*next);
    }
    const Json::Object arguments{{"device", to_hex(book.device)}, {"epoch", to_hex(book.epoch)}, {"records", std::move(records)}};
    TRY(answer, desk.client.ask("evidence.open", arguments, clock));
    for (const std::uint64_t seq : asked) {
      TRY(one, open_record(seq, bodies, answer["sealed"][std::to_string(seq)], desk.key.box));
      book.opened.push_back(std::move(one));
    }
  }
  return ok();
}

// Which records are packed, and which of them are opened.
struct Chosen {
  RecordRanges records;
  std::set<std::uint64_t> to_open;
};
Result<Chosen> choose(const EvidenceOptions& options) {
  TRY(records, parse_records(options.records, kMaxRecords));
  Chosen chosen{std::move(records), {}};
  if (options.open.empty()) return chosen;
  TRY(to_open, parse_records(options.open, kMaxOpened));
  for (const RecordRange& range : to_open) {
    if (!holds(chosen.records, range)) return make_error(ErrorCode::kInvalidInput, "--open " + words_of(range) + ": not all among --records " + words_of(chosen.records));
    for (std::uint64_t seq = range.from; seq <= range.to; ++seq) chosen.to_open.insert(seq);
  }
  return chosen;
}

Json::Array base64_list(const std::vector<Bytes>& envelopes) {
  Json::Array out;
  for (const Bytes& envelope : envelopes) out.push_back(to_base64(envelope));
  return out;
}

Json book_json(const BookParts& book) {
  return Json::Object{{"device", to_hex(book.device)}, {"epoch", to_hex(book.epoch)}, {"from", book.from}, {"to", book.to}, {"label", book.label},
                      {"certificate", to_base64(book.certificate)}, {"batches", base64_list(book.batches)}, {"receipts", base64_list(book.receipts)},
                      {"opened", book.opened}};
}

void tell(const EvidenceOptions& options, const Chosen& chosen, const std::string& label, const School& school) {
  const std::string out = printable(options.out.string());
  std::printf("%s has records %s of %s, %zu of them opened. On any computer with Python and openssl, without a network:\n"
              "  python3 verify-evidence.py %s --school %s\n"
              "The script lies in /usr/share/caretaker/evidence. Tell the police the school's id, the number behind --school, by another way than the file.\n",
              out.c_str(), words_of(chosen.records).c_str(), printable(label).c_str(), chosen.to_open.size(), out.c_str(), to_hex(school.id).c_str());
}

}  // namespace

Result<sync::EpochId> epoch_of(const Json& device, const std::string& book) {
  const std::string wanted = book.empty() ? device["epoch"].as_string() == nullptr ? "" : *device["epoch"].as_string() : book;
  TRY(bytes, parse_hex(wanted));
  auto epoch = to_array<16>(bytes);
  return epoch ? epoch : make_error(ErrorCode::kInvalidInput, "--book: expected the 32 digits of \"epoch\" (caretaker events --server --json)");
}

Result<std::map<std::uint64_t, Bytes>> check_book(const BookParts& book, const School& school, const std::vector<Bytes>& roots) {
  TRY(server, server_keys(roots, school.id));
  TRY(certificate, sync::open_certificate({book.certificate}, school.root));
  if (certificate.device != book.device) return make_error(ErrorCode::kUnauthentic, "the certificate is another device's");
  Walked walked;
  for (const Bytes& envelope : book.batches) {
    TRY(batch, sync::open_batch({envelope}, certificate));
    if (batch.epoch != book.epoch) return make_error(ErrorCode::kUnauthentic, "a batch is another book's");
    TRY_DONE(walk_batch(batch, walked));
  }
  TRY_DONE(check_whole(book, walked));
  for (const Bytes& receipt : book.receipts) TRY_DONE(check_receipt(receipt, book, school.id, server, walked));
  return std::move(walked.bodies);
}

Result<Json> open_record(std::uint64_t seq, const std::map<std::uint64_t, Bytes>& bodies, const Json& sealed, const BoxKey& key) {
  const std::string name = "record " + std::to_string(seq);
  const auto bytes = bodies.find(seq);
  if (bytes == bodies.end()) return make_error(ErrorCode::kNotFound, name + " is not among the records that were chosen");
  TRY(body, sync::parse_event_body(bytes->second));
  if (!body.sealed) return make_error(ErrorCode::kNotFound, name + " has nothing that is sealed");
  if (sealed.is_null()) return make_error(ErrorCode::kNotFound, name + ": its details are gone (retention or erasure)");
  TRY(parts, sync::parse_sealed(sealed));
  const auto content = sync::open_sealed_key(parts, body, key);
  if (!content) return content.error().with_context(name);
  TRY_DONE(sync::open_details(parts, body, key));
  return Json(Json::Object{{"seq", seq}, {"ciphertext", to_base64(parts.ciphertext)}, {"key", to_hex(content->view())}});
}

Bytes make_evidence(const EvidenceHead& head, const std::vector<Bytes>& roots, const std::vector<BookParts>& books, const SigningKey& key) {
  Json::Array parts;
  for (const BookParts& book : books) parts.push_back(book_json(book));
  const Json payload = Json::Object{{"v", 1}, {"school", to_hex(head.school)}, {"made", head.made}, {"by", head.by}, {"reason", head.reason},
                                    {"roots", base64_list(roots)}, {"books", std::move(parts)}};
  const SigningKey* signer = &key;
  return sync::make_envelope(sync::PayloadType::kEvidence, to_bytes(payload.dump()), {&signer, 1});
}

Status run_evidence_export(const EvidenceOptions& options, const Clock& clock) {
  TRY(chosen, choose(options));
  TRY(desk, sit_down(options));
  TRY(roots, read_roots(desk.school));
  TRY(device, ask_device(desk, options.name, clock));
  TRY(epoch, epoch_of(device, options.book));
  std::vector<BookParts> books;
  for (const RecordRange& range : chosen.records) {
    TRY(book, fetch_book(desk.client, device, epoch, range, clock));
    TRY(bodies, check_book(book, desk.school, roots));
    TRY_DONE(open_records(desk, book, bodies, chosen.to_open, clock));
    books.push_back(std::move(book));
  }
  const EvidenceHead head{desk.school.id, clock.now(), desk.key.holder, options.reason};
  TRY_DONE(platform::replace_file(options.out, make_evidence(head, roots, books, desk.key.signing), 0600));
  tell(options, chosen, label_of(device), desk.school);
  return ok();
}

}  // namespace caretaker::agent
