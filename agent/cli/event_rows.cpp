#include "agent/cli/event_rows.h"

#include "agent/cli/table.h"

namespace caretaker::agent {
namespace {

constexpr const char* kWords = "words";  // what a person wrote: shown in lines of its own

// Why a row shows no details, in words.
std::string why_closed(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return "sealed, not to this key";
  return "cannot be opened: " + error.message;
}

void add_details(Json::Object& out, const Json& row, const sync::EventBody& body, const BoxKey* key) {
  if (!body.sealed) return;
  if (row["sealed"].is_null()) {
    out["sealed"] = "the details are gone (retention or erasure)";
    return;
  }
  if (key == nullptr) {
    out["sealed"] = "sealed";
    return;
  }
  const auto sealed = sync::parse_sealed(row["sealed"]);
  const auto details = sealed ? sync::open_details(*sealed, body, *key) : Result<sync::Details>(sealed.error());
  if (!details) {
    out["sealed"] = why_closed(details.error());
    return;
  }
  out["details"] = Json::Object(details->fields.begin(), details->fields.end());
}

Status add_body(Json::Object& out, const Json& row, const BoxKey* key) {
  TRY(bytes, row.base64_at("body"));
  const auto body = sync::parse_event_body(bytes);
  if (!body) {
    out["kind"] = "unreadable";
    out["sealed"] = body.error().message;
    return ok();
  }
  out["kind"] = body->kind;
  out["time"] = body->time;
  out["severity"] = sync::severity_name(body->severity);
  out["rule"] = body->rule;
  out["count"] = body->count;
  add_details(out, row, *body, key);
  return ok();
}

std::string text_of(const Json& value) {
  if (const auto* text = value.as_string()) return *text;
  if (const auto* number = value.as_int()) return std::to_string(*number);
  return "";
}

std::string details_text(const Json& row) {
  const Json::Object* details = row["details"].as_object();
  if (details == nullptr) return row["sealed"].is_null() ? "" : "(" + text_of(row["sealed"]) + ")";
  std::string out;
  for (const auto& [key, value] : *details) {
    if (key != kWords) out += (out.empty() ? "" : " ") + key + "=" + text_of(value);
  }
  return out;
}

std::vector<std::string> columns(const Json& row) {
  if (!row["dropped"].is_null()) {
    return {"", text_of(row["label"]), text_of(row["seq"]), "", "dropped", text_of(row["dropped"]), "(the device's quota was full)"};
  }
  const auto* time = row["time"].as_int();
  return {time == nullptr ? "" : to_rfc3339(*time), text_of(row["label"]), text_of(row["seq"]), text_of(row["severity"]),
          text_of(row["kind"]), text_of(row["count"]), details_text(row)};
}

}  // namespace

Result<Json> open_row(const Json& row, const BoxKey* key) {
  TRY(from, row.int_at("from"));
  TRY(to, row.int_at("to"));
  if (from < 1 || to < from) return make_error(ErrorCode::kInvalidInput, "a row whose numbers make no sense");
  Json::Object out;
  for (const char* member : {"id", "device", "label", "epoch", "received", "acknowledged"}) {
    if (!row[member].is_null()) out[member] = row[member];
  }
  out["seq"] = to;
  if (row["body"].is_null()) {
    out["dropped"] = to - from + 1;
    return Json(std::move(out));
  }
  TRY_DONE(add_body(out, row, key));
  return Json(std::move(out));
}

std::string show_rows(const Json::Array& opened) {
  Table table({"TIME", "DEVICE", "SEQ", "SEVERITY", "KIND", "COUNT", "DETAILS"});
  for (const Json& row : opened) {
    table.add(columns(row));
    if (const std::string words = text_of(row["details"][kWords]); !words.empty()) table.add_text(words);
  }
  return table.text();
}

}  // namespace caretaker::agent
