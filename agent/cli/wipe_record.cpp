#include "agent/cli/wipe_record.h"

#include <cstdio>
#include <memory>

#include "agent/cli/commands.h"
#include "agent/cli/device_order.h"
#include "agent/cli/html_text.h"
#include "agent/cli/school_folder.h"
#include "agent/cli/table.h"
#include "agent/cli/wipe_proof.h"
#include "platform/files.h"
#include "sync/root_pages.h"

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

std::string medium_text(const sync::WipedMedium& medium) {
  std::string text = medium.node + ", " + std::to_string(medium.size / 1'000'000) + " MB";
  if (!medium.model.empty()) text += ", " + medium.model;
  if (!medium.serial.empty()) text += ", serial " + medium.serial;
  text += medium.is_flash ? ", flash" : ", no flash";
  if (!medium.kept_for.empty()) return text + ", kept: it starts the machine (" + medium.kept_for + ")";
  text += medium.is_encrypted ? ", LUKS, " + std::to_string(medium.key_slots) + " key slots in use" : ", not encrypted";
  return text + (medium.is_verified ? ", destroyed and read back" : ", not verified");
}

constexpr const char* kTitle = "Certificate of sanitization (NIST SP 800-88)";
constexpr const char* kLimits = "What it does not prove: that no copy of the disk, or of its header with a known password, was made before.";
constexpr std::size_t kNameWidth = 16;
constexpr std::string_view kPageHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Certificate of sanitization</title>
<style>
body { font: 12pt/1.45 serif; max-width: 45em; margin: 2em auto; }
th { text-align: left; vertical-align: top; padding-right: 1.5em; white-space: nowrap; } td { overflow-wrap: anywhere; }
p.sign { margin-top: 4em; border-top: 1px solid; width: 20em; }
</style></head><body>
)";

using Rows = std::vector<std::pair<std::string, std::string>>;

Rows rows_of(const sync::VerifiedWipe& wipe) {
  const sync::WipeCertificate& certificate = wipe.certificate;
  Rows rows{{"School", wipe.school_name}, {"Make", certificate.make}, {"Model", certificate.model}, {"Serial", certificate.serial},
            {"Asset number", certificate.asset}, {"Device", to_hex(certificate.device)},
            {"Hardware", wipe.hardware.dmi_uuid + " " + wipe.hardware.board_serial}};
  for (const sync::WipedMedium& medium : certificate.media) rows.emplace_back("Medium", medium_text(medium));
  rows.insert(rows.end(), {{"Method", method_words(certificate.method)}, {"Technique", certificate.technique}, {"Tool", certificate.tool},
                           {"Verification", certificate.verification}});
  for (const std::string& holder : certificate.who) rows.emplace_back("Ordered by", holder);
  rows.insert(rows.end(), {{"Reason", wipe.order.reason}, {"When", to_rfc3339(certificate.when) + " by the device's clock"}, {"Where", certificate.where},
                           {"Order", to_hex(certificate.order)},
                           {"Signed by", std::string("the device") +
                                             (wipe.is_countersigned ? ", and the school's server, which received it" : "; nobody has countersigned")}});
  return rows;
}

}  // namespace

std::string certificate_text(const sync::VerifiedWipe& wipe) {
  std::string text = std::string(kTitle) + "\n\n";
  for (const auto& [name, value] : rows_of(wipe)) text += name + std::string(kNameWidth - name.size(), ' ') + (value.empty() ? "-" : printable(value)) + "\n";
  return text + "\n" + kLimits + "\n";
}

std::string certificate_page(const sync::VerifiedWipe& wipe) {
  std::string page = std::string(kPageHead) + "<h1>" + kTitle + "</h1>\n<table>\n";
  for (const auto& [name, value] : rows_of(wipe)) page += "<tr><th>" + name + "</th><td>" + (value.empty() ? "-" : html_text(value)) + "</td></tr>\n";
  return page + "</table>\n<p>" + kLimits + "</p>\n<p>Every signature up to the school's root held when this page was made. The page itself proves nothing: "
                "<code>caretaker verify</code> checks the record that lies beside it.</p>\n<p class=\"sign\">Checked by, date</p>\n</body></html>\n";
}

Status run_verify(const VerifyOptions& options) {
  TRY(school, open_school(options.school));
  TRY(file, platform::read_file(options.file, sync::kMaxKeptRootsBytes));
  auto wipe = sync::open_wipe_record(file, school.id);
  if (!wipe) return wipe.error().with_context(options.file.string() + " does not verify");
  std::fputs(certificate_text(*wipe).c_str(), stdout);
  if (!options.html.empty()) TRY_DONE(platform::replace_file(options.html, as_bytes(certificate_page(*wipe)), 0644));
  std::puts("\nVerified: every signature holds, up to the school's root.");
  return ok();
}

Status run_device_certificate(const DeviceOrderOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(device, ask_device(desk, options.name, clock));
  TRY(answer, desk.client.ask("wipe.record", Json::Object{{"device", device["device"]}}, clock));
  TRY(given, answer.base64_at("record"));
  TRY(roots, read_roots(desk.school));  // all that we know, of which an answer has room for the first
  TRY(record, complete_record(given, std::move(roots)));
  TRY_DONE(sync::open_wipe_record(record, desk.school.id));  // the server's word does not count
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
  command.option("--html", options->html, "Also write a page to print");
  command.does([options] { return run_verify(*options); });
}

}  // namespace caretaker::agent
