#include "agent/cli/server_events.h"

#include <cstdio>

#include "agent/cli/passphrase.h"
#include "agent/cli/staff_client.h"
#include "agent/cli/table.h"
#include "sync/event.h"

namespace caretaker::agent {
namespace {

constexpr int kPage = 500;

// Why a row shows no details, in words.
std::string why_closed(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return "sealed, not to this key";
  return "cannot be opened: " + error.message;
}

void add_details(Json::Object& out, const Json& row, const sync::EventBody& body, const BoxKey& key) {
  if (!body.sealed) return;
  if (row["sealed"].is_null()) {
    out["sealed"] = "the details are gone (retention or erasure)";
    return;
  }
  const auto sealed = sync::parse_sealed(row["sealed"]);
  const auto details = sealed ? sync::open_details(*sealed, body, key) : Result<sync::Details>(sealed.error());
  if (!details) {
    out["sealed"] = why_closed(details.error());
    return;
  }
  out["details"] = Json::Object(details->fields.begin(), details->fields.end());
}

Status add_body(Json::Object& out, const Json& row, const BoxKey& key) {
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
  for (const auto& [key, value] : *details) out += (out.empty() ? "" : " ") + key + "=" + text_of(value);
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

Result<Json::Array> fetch_all(StaffClient& client, const BoxKey& key, const Clock& clock) {
  Json::Array rows;
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRY(answer, client.ask("events.list", Json::Object{{"after", after}, {"limit", kPage}}, clock));
    TRY(page, answer.array_at("events"));
    TRY(server_has_more, answer.bool_at("more"));
    for (const Json& row : *page) {
      TRY(opened, open_row(row, key));
      TRY(id, row.int_at("id"));
      if (id <= after) return make_error(ErrorCode::kInvalidInput, "the server's rows are not in order");
      after = id;
      rows.push_back(std::move(opened));
    }
    more = server_has_more && !page->empty();
  }
  return rows;
}

std::string show(const Json::Array& rows) {
  if (rows.empty()) return "The server has no events yet.\n";
  Table table({"TIME", "DEVICE", "SEQ", "SEVERITY", "KIND", "COUNT", "DETAILS"});
  for (const Json& row : rows) table.add(columns(row));
  return table.text();
}

}  // namespace

Result<Json> open_row(const Json& row, const BoxKey& key) {
  TRY(from, row.int_at("from"));
  TRY(to, row.int_at("to"));
  Json::Object out;
  for (const char* member : {"id", "device", "label", "epoch", "received"}) out[member] = row[member];
  out["seq"] = to;
  if (row["body"].is_null()) {
    out["dropped"] = to - from + 1;
    return Json(std::move(out));
  }
  TRY_DONE(add_body(out, row, key));
  return Json(std::move(out));
}

Status run_server_events(const ServerEventsOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(key, open_person(options.key, options.passphrase_file));
  const BoxKey box = key.box;
  TRY(client, StaffClient::connect(school, std::move(key)));
  TRY(rows, fetch_all(client, box, clock));
  const std::string text = options.json ? Json(std::move(rows)).dump(2) + "\n" : show(rows);
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
