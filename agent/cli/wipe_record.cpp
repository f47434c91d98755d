#include "agent/cli/wipe_record.h"

#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/device_order.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/staff_client.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "sync/limits.h"

namespace caretaker::agent {
namespace {

using sync::Sanitization;

const char* method_words(Sanitization method) {
  switch (method) {
    case Sanitization::kPurge: return "Purge, by cryptographic erase";
    case Sanitization::kClear: return "Clear, by cryptographic erase (flash may keep old copies of a key slot in spare blocks)";
    case Sanitization::kClearBestEffort: return "Clear, best effort (not everything was encrypted, or could be verified)";
  }
  return "";
}

std::string line(const char* name, const std::string& value) {
  return std::string(name) + std::string(16 - std::string_view(name).size(), ' ') + (value.empty() ? "-" : printable(value)) + "\n";
}

std::string medium_text(const sync::WipedMedium& medium) {
  std::string text = medium.node + ", " + std::to_string(medium.size / 1'000'000) + " MB";
  if (!medium.model.empty()) text += ", " + medium.model;
  if (!medium.serial.empty()) text += ", serial " + medium.serial;
  text += medium.is_flash ? ", flash" : ", no flash";
  text += medium.is_encrypted ? ", LUKS, " + std::to_string(medium.key_slots) + " key slots in use" : ", not encrypted";
  return text + (medium.is_verified ? ", destroyed and read back" : ", not verified");
}

}  // namespace

std::string certificate_text(const sync::VerifiedWipe& wipe) {
  const sync::WipeCertificate& certificate = wipe.certificate;
  std::string text = "CERTIFICATE OF SANITIZATION (NIST SP 800-88)\n\n";
  text += line("School", wipe.school_name) + line("Make", certificate.make) + line("Model", certificate.model) + line("Serial", certificate.serial) +
          line("Asset number", certificate.asset) + line("Device", to_hex(certificate.device)) +
          line("Hardware", wipe.hardware.dmi_uuid + " " + wipe.hardware.board_serial);
  for (const sync::WipedMedium& medium : certificate.media) text += line("Medium", medium_text(medium));
  text += line("Method", method_words(certificate.method)) + line("Technique", certificate.technique) + line("Tool", certificate.tool) +
          line("Verification", certificate.verification);
  for (const std::string& holder : certificate.who) text += line("Ordered by", holder);
  text += line("Reason", wipe.order.reason) + line("When", to_rfc3339(certificate.when) + " by the device's clock") +
          line("Where", certificate.where) + line("Order", to_hex(certificate.order));
  text += line("Signed by", std::string("the device") + (wipe.is_countersigned ? ", and the school's server, which received it" : "; nobody has countersigned"));
  return text + "\nWhat it does not prove: that no copy of the disk, or of its header with a known password, was made before.\n";
}

Status run_verify(const VerifyOptions& options) {
  TRY(school, open_school(options.school));
  TRY(file, platform::read_file(options.file, sync::kMaxAnswerBytes));
  auto wipe = sync::open_wipe_record(file, school.id);
  if (!wipe) return wipe.error().with_context(options.file.string() + " does not verify");
  std::fputs(certificate_text(*wipe).c_str(), stdout);
  std::puts("\nVerified: every signature holds, up to the school's root.");
  return ok();
}

Status run_device_certificate(const DeviceOrderOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(client, StaffClient::connect(school, std::move(key)));
  TRY(devices, client.ask("devices.list", Json::Object{}, clock));
  TRY(device, find_device(devices, options.name));
  TRY(answer, client.ask("wipe.record", Json::Object{{"device", device["device"]}}, clock));
  TRY(record, answer.base64_at("record"));
  TRY_DONE(sync::open_wipe_record(record, school.id));  // the server's word does not count
  TRY_DONE(platform::replace_file(options.out, record, 0644));
  std::printf("Written: %s (caretaker verify shows it)\n", options.out.c_str());
  return ok();
}

void add_verify(Command& program) {
  auto command = program.command("verify", "Check the record of a wipe against the school's root, with no network, and show it");
  const auto options = std::make_shared<VerifyOptions>();
  options->school = ".";
  command.option("--school", options->school, "Folder of the school").from_environment("CARETAKER_SCHOOL");
  command.option("FILE", options->file, "The record").required();
  command.does([options] { return run_verify(*options); });
}

}  // namespace caretaker::agent
