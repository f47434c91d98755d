#include "agent/cli/order_list.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/check_words.h"
#include "agent/cli/school_roots.h"
#include "agent/cli/table.h"
#include "sync/order.h"

namespace caretaker::agent {
namespace {

std::string at(const std::string& state, const Json& time) {
  const std::int64_t* when = time.as_int();
  return printable(state) + (when == nullptr || *when == 0 ? "" : " " + to_rfc3339(*when));
}

// In the order in which they were reached: "queued ..., given ..., delivered, grace ..., started ...".
std::string states_of(const Json& row, const WipeProofs& proofs) {
  const std::string device = row["device"].as_string() == nullptr ? "" : *row["device"].as_string();
  const std::string order = row["order"].as_string() == nullptr ? "" : *row["order"].as_string();
  std::string out = at("queued", row["published"]);
  const std::string answer = row["answer"].as_string() == nullptr ? "" : *row["answer"].as_string();
  const Json::Array* states = row["states"].as_array();
  if (answer == "no-signer") return out + ", not given: who signed it is in the school no more";
  if (row["given"].as_int() != nullptr && *row["given"].as_int() != 0) out += ", " + at("given", row["given"]);
  const bool is_uncertain = answer == "uncertain" || (answer.empty() && states != nullptr && !states->empty());
  if (answer == "taken" || is_uncertain) out += ", delivered";
  if (!answer.empty() && answer != "taken" && !is_uncertain) out += ", refused: " + printable(in_words(answer));
  for (const Json& step : states == nullptr ? Json::Array() : *states) {
    if (step["state"].as_string() != nullptr && *step["state"].as_string() != "delivered") out += ", " + at(shown_state(*step["state"].as_string(), device, order, proofs), step["time"]);
  }
  if (is_uncertain) out += ", then its disk was put back or damaged: not known whether it still holds";
  return out;
}

std::string joined(const std::set<std::string>& holders) {
  std::string out;
  for (const std::string& holder : holders) out += (out.empty() ? "" : ", ") + printable(holder);
  return out;
}

// Whose data is gone, by the server's word.
Result<std::set<std::string>> said_to_be_wiped(const Json& answer) {
  TRY(rows, answer.array_at("orders"));
  std::set<std::string> out;
  for (const Json& row : *rows) {
    const std::string* device = row["device"].as_string();
    const Json::Array* states = row["states"].as_array();
    const bool is_wiped = states != nullptr && std::ranges::any_of(*states, [](const Json& step) {
      return step["state"].as_string() != nullptr && is_end_of_wipe(*step["state"].as_string());
    });
    if (is_wiped && device != nullptr) out.insert(*device);
  }
  return out;
}

}  // namespace

Result<std::string> show_orders(const Json& answer, std::span<const sync::VerifiedRoot> roots, const std::map<std::string, std::string>& labels,
                                const WipeProofs& proofs) {
  TRY(rows, answer.array_at("orders"));
  if (rows->empty()) return std::string("Nothing was ordered about any machine.\n");
  Table table({"ORDER", "DEVICE", "KIND", "SIGNED", "BY", "VOID AFTER"});
  for (const Json& row : *rows) {
    TRY(id, row.string_at("order"));
    TRY(device, row.string_at("device"));
    TRY(envelope, row.base64_at("envelope"));
    const auto past = sync::read_past_order({envelope}, roots);
    const bool is_verified = past && sync::letter_name(past->order.id) == id;
    table.add({printable(id.substr(0, 12)), shown_device(device, labels), is_verified ? std::string(sync::order_kind_name(past->order.kind)) : "(does not verify)",
               is_verified ? to_rfc3339(past->order.issued) : "-", is_verified ? joined(past->holders) : "-",
               is_verified ? to_rfc3339(past->order.until) : "-"});
    table.add_text(states_of(row, proofs));
  }
  return table.text();
}

Result<Json> orders_with_proofs(const Json& answer, const WipeProofs& proofs) {
  TRY(rows, answer.array_at("orders"));
  Json::Array orders;
  for (const Json& row : *rows) {
    TRY(device, row.string_at("device"));
    orders.push_back(mark_proven(row, device, proofs));
  }
  Json::Object out = *answer.as_object();
  out["orders"] = std::move(orders);
  return Json(std::move(out));
}

Status run_device_orders(const OrderListOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(devices, desk.client.ask("devices.list", Json::Object{}, clock));
  Json::Object arguments;
  if (!options.name.empty()) {
    TRY(device, find_device(devices, options.name));
    arguments["device"] = device["device"];
  }
  TRY(answer, desk.client.ask("orders.list", std::move(arguments), clock));
  TRY(roots, open_roots(desk.school));
  TRY(wiped, said_to_be_wiped(answer));
  TRY(proofs, ask_proofs(desk, wiped, clock));
  TRY(marked, orders_with_proofs(answer, proofs));
  TRY(text, options.json ? Result<std::string>(marked.dump(2) + "\n") : show_orders(answer, roots, labels_in(devices), proofs));
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
