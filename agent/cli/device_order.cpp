#include "agent/cli/device_order.h"

#include <cstdio>

#include "agent/cli/order_targets.h"
#include "agent/cli/school_roots.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "platform/terminal.h"
#include "sync/unlock_code.h"

namespace caretaker::agent {
namespace {

using sync::Order;
using sync::OrderKind;
using sync::PayloadType;

constexpr UnixSeconds kDay = 86'400;

// Everything that a command about one device needs.
struct OrderDesk : Desk {
  NamedDevice device;
};

Result<OrderDesk> sit_down(const DeviceOrderOptions& options, const Clock& clock) {
  TRY(desk, agent::sit_down(options));
  TRY(device, name_device(desk, options.name, clock));
  return OrderDesk{std::move(desk), std::move(device)};
}

Status confirm(const DeviceOrderOptions& options, const Order& order, const NamedDevice& device) {
  std::fputs(explain(order, device).c_str(), stdout);
  std::fflush(stdout);
  std::string typed = options.confirm;
  if (typed.empty()) {
    TRY(line, platform::ask_line(device.label.empty() ? "Type the device's whole id to sign this: " : "Type the device's name to sign this: "));
    typed = std::move(line);
  }
  if (typed == device.said()) return ok();
  return make_error(ErrorCode::kInvalidInput, "that is not its name: nothing was signed");
}

// Beside what `policy export` puts there. The server has it too, and first: what nobody knows of cannot be ended.
Status put_on_stick(const std::filesystem::path& stick, const std::string& name, ByteView envelope) {
  TRY_DONE(platform::make_folder(stick / "letters", 0755));
  const auto file = stick / "letters" / (name + ".json");
  TRY_DONE(platform::replace_file(file, envelope, 0644));
  std::printf("Written: %s. On the machine: caretaker import FOLDER\n", file.c_str());
  return ok();
}

Status publish(const DeviceOrderOptions& options, OrderDesk& desk, const Bytes& envelope, const Clock& clock) {
  TRY(answer, desk.client.ask("order.publish", Json::Object{{"envelope", to_base64(envelope)}}, clock));
  TRY(id, answer.string_at("order"));
  std::printf("The server has the order (%s). `caretaker device list` shows what the device says to it.\n", printable(id).c_str());
  if (options.stick.empty()) return ok();
  TRY(payload, sync::unverified_payload(envelope, PayloadType::kOrder));
  return put_on_stick(options.stick, sync::letter_name(sync::letter_id(payload)), envelope);
}

Bytes sign_order(const Order& order, const SigningKey& key) {
  const SigningKey* signer = &key;
  return sync::make_envelope(PayloadType::kOrder, sync::make_order_payload(order), {&signer, 1});
}

Status run_order(const DeviceOrderOptions& options, OrderKind kind, const Clock& clock) {
  TRY(desk, sit_down(options, clock));
  const Order order = make_order(options, kind, desk.device, desk.school.id, clock.now());
  TRY_DONE(confirm(options, order, desk.device));
  return publish(options, desk, sign_order(order, desk.key.signing), clock);
}

// An order for each that it ends: one name typed, one passphrase.
Status run_end(const DeviceOrderOptions& options, OrderKind kind, OrderKind ended, const Clock& clock) {
  TRY(desk, sit_down(options, clock));
  TRY(answer, desk.client.ask("orders.list", Json::Object{{"device", desk.device.id_text}}, clock));
  TRY(roots, open_roots(desk.school));
  TRY(targets, decide_targets(answer, roots, desk.device, ended, clock.now()));
  Order order = make_order(options, kind, desk.device, desk.school.id, clock.now());
  if (targets.size() > 1) std::printf("%zu orders to %s this device are not ended: each gets an order of its own.\n", targets.size(), sync::order_kind_name(ended).data());
  TRY_DONE(confirm(options, order, desk.device));
  for (const sync::OrderId& target : targets) {
    order.target = target;
    order.nonce = random_array<16>();
    TRY_DONE(publish(options, desk, sign_order(order, desk.key.signing), clock));
  }
  if (answer["more"].as_bool() != nullptr && *answer["more"].as_bool()) std::puts("The server has still older ones: once these have arrived, do the same again.");
  return ok();
}

// The first person: a draft that carries one signature goes to the second.
Status draft_wipe(const DeviceOrderOptions& options, OrderDesk& desk, const Clock& clock) {
  if (options.out.empty()) return make_error(ErrorCode::kInvalidInput, "a wipe is signed by two people: say with --out where the first signature goes");
  const Order order = make_order(options, OrderKind::kWipe, desk.device, desk.school.id, clock.now());
  TRY_DONE(confirm(options, order, desk.device));
  TRY_DONE(platform::replace_file(options.out, sign_order(order, desk.key.signing), 0644));
  std::printf("Written: %s. Nothing happens yet: the second person signs and sends it with\n  caretaker device wipe %s --also %s --key THEIR.key\n",
              options.out.c_str(), printable(options.name).c_str(), options.out.c_str());
  return ok();
}

// The second person sees the same order that the first one signed.
Status sign_wipe(const DeviceOrderOptions& options, OrderDesk& desk, const Clock& clock) {
  TRY(envelope, platform::read_file(options.also, sync::kMaxOrderBytes));
  TRY(payload, sync::unverified_payload(envelope, PayloadType::kOrder));
  TRY(order, sync::parse_order(payload));
  const sync::Hardware& hardware = desk.device.hardware;
  const bool is_same = order.device == desk.device.id && order.hardware.dmi_uuid == hardware.dmi_uuid && order.hardware.board_serial == hardware.board_serial;
  if (!is_same || order.kind != OrderKind::kWipe) {
    return make_error(ErrorCode::kInvalidInput, options.also.string() + " is not a wipe of " + options.name);
  }
  TRY(before, sync::order_holders({envelope}, desk.school.root));
  for (const std::string& holder : before) std::printf("Signed already by: %s\n", printable(holder).c_str());
  TRY_DONE(confirm(options, order, desk.device));
  TRY(both, sync::add_signature(envelope, PayloadType::kOrder, desk.key.signing));
  TRY_DONE(sync::read_order({both}, desk.school.root));  // two different people, both of the role
  return publish(options, desk, both, clock);
}

}  // namespace

Order make_order(const DeviceOrderOptions& options, OrderKind kind, const NamedDevice& device, const sync::SchoolId& school, UnixSeconds now) {
  Order order;
  order.school = school;
  order.device = device.id;
  order.hardware = device.hardware;
  order.nonce = random_array<16>();
  order.kind = kind;
  order.issued = now;
  order.until = now + options.days * kDay;
  order.grace_s = kind == OrderKind::kWipe ? options.grace_minutes * 60 : 0;
  order.message = options.message;
  order.telephone = options.telephone;
  order.asset = options.asset;
  order.reason = options.reason;
  return order;
}

std::string explain(const Order& order, const NamedDevice& named) {
  const std::string device = printable(named.said());
  const std::string until = describe(named) + "If it is not reached by " + to_rfc3339(order.until) + ", the order is void.\n";
  switch (order.kind) {
    case OrderKind::kLock:
      return "LOCK " + device + ": whoever is logged in is locked out, nobody can log in, and the screen shows\n  " +
             (order.message.empty() ? "the policy's message, if [lost] has one" : printable(order.message)) + "  " +
             (order.telephone.empty() ? "the policy's number, if [lost] has one" : printable(order.telephone)) + "\n" + until;
    case OrderKind::kUnlock: return "UNLOCK " + device + ": people can log in again.\n" + until;
    case OrderKind::kWipe:
      return "WIPE " + device + ": it is locked at once, and after " + std::to_string(order.grace_s / 60) +
             " minutes switched on everything on it is destroyed. Nothing brings that back.\nUntil then one person can stop it: caretaker device cancel.\n" + until;
    case OrderKind::kCancel: return "CANCEL the wipe of " + device + ", if it has not begun.\n" + until;
  }
  return "";
}

Status run_device_lock(const DeviceOrderOptions& options, const Clock& clock) { return run_order(options, OrderKind::kLock, clock); }

Status run_device_unlock(const DeviceOrderOptions& options, const Clock& clock) {
  return run_end(options, OrderKind::kUnlock, OrderKind::kLock, clock);
}

Status run_device_cancel(const DeviceOrderOptions& options, const Clock& clock) {
  return run_end(options, OrderKind::kCancel, OrderKind::kWipe, clock);
}

Status run_device_wipe(const DeviceOrderOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options, clock));
  return options.also.empty() ? draft_wipe(options, desk, clock) : sign_wipe(options, desk, clock);
}

Status run_device_code(const DeviceOrderOptions& options, const Clock& clock) {
  TRY(challenge, sync::parse_digits(options.challenge));
  TRY(desk, sit_down(options, clock));
  TRY(secret, sync::open_unlock_secret(desk.device.row["state"]["unlock"], desk.key.box));
  const std::string code = sync::unlock_code(secret, desk.device.id, challenge);
  std::printf("The code for %s, good once:  %s %s\n", printable(desk.device.said()).c_str(), code.substr(0, 4).c_str(), code.substr(4).c_str());
  return ok();
}

}  // namespace caretaker::agent
