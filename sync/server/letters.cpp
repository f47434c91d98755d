#include "sync/server/letters.h"

#include "sync/checks.h"

namespace caretaker::server {
namespace {

Result<sync::LetterId> parse_name(std::string_view name) {
  TRY(bytes, parse_hex(name));
  return to_array<16>(bytes);
}

}  // namespace

Status note_trust_event(FleetStore& store, const sync::DeviceId& device, ByteView bytes, UnixSeconds now) {
  const std::string_view text = as_text(bytes);
  if (text.find(".refused\"") == std::string_view::npos && text.find(".applied\"") == std::string_view::npos) return ok();
  const auto body = sync::parse_event_body(bytes);
  if (!body) return ok();
  for (const std::string_view kind : {"root", "policy", "lists"}) {
    if (body->kind == std::string(kind) + ".applied") return store.forget_refused(device, kind);
    if (body->kind == std::string(kind) + ".refused") return store.note_refused(device, kind, body->rule, now);
  }
  return ok();
}

Status note_letter_event(FleetStore& store, const sync::DeviceId& device, ByteView bytes, UnixSeconds now) {
  if (as_text(bytes).find("\"letter.") == std::string_view::npos) return ok();  // most are none, and are not parsed for it
  const auto body = sync::parse_event_body(bytes);
  if (!body) return ok();
  const std::size_t colon = body->rule.find(':');
  const bool refused = body->kind == "letter.refused" && colon != std::string::npos;
  if (!refused && body->kind != "letter.taken") return ok();
  const auto id = parse_name(std::string_view(body->rule).substr(refused ? colon + 1 : 0));
  if (!id) return ok();
  const std::string check = refused ? body->rule.substr(0, colon) : "";
  const bool is_taken = !refused || check == sync::check_number(sync::Check::kLetterUsed);
  return store.answer_letter(*id, device, is_taken ? "taken" : check, now);
}

}  // namespace caretaker::server
