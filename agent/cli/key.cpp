#include "agent/cli/key.h"

#include <cstdio>

#include "agent/cli/new_file.h"
#include "agent/cli/passphrase.h"
#include "agent/cli/root_edit.h"
#include "agent/cli/table.h"
#include "platform/terminal.h"
#include "sync/key_backup.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxFile = 64u << 10;

std::filesystem::path public_file(std::filesystem::path key) { return key.replace_extension(".public"); }

std::string short_id(const PublicKey& key) { return sync::key_id(key).substr(0, 8); }

// Both halves, where nothing is yet.
Status write_new(const sync::PersonKey& key, const std::filesystem::path& out, const std::filesystem::path& passphrase_file, const PasswordCost& cost) {
  TRY(passphrase, choose_passphrase(passphrase_file, key.holder));
  TRY(file, sync::make_key_file(key, passphrase, cost));
  TRY_DONE(platform::replace_file(out, file, 0600));
  const Bytes open = sync::make_public_person({key.holder, key.signing.public_key, key.box.public_key});
  TRY_DONE(platform::replace_file(public_file(out), open, 0644));
  std::printf("Written: %s, which you keep, and %s, which says whose key it is and may be sent to anybody.\n"
              "Key %s: read these eight characters to who adds you to the school.\n",
              out.c_str(), public_file(out).c_str(), short_id(key.signing.public_key).c_str());
  return ok();
}

Status check_free(const std::filesystem::path& out) {
  if (out.extension() == ".public") return make_error(ErrorCode::kInvalidInput, "name the key file otherwise: .public is its other half");
  TRY_DONE(check_new_file(out));
  return check_new_file(public_file(out));
}

Status write_page(const sync::PersonKey& key, const std::filesystem::path& out, UnixSeconds now) {
  TRY_DONE(platform::replace_file(out, as_bytes(make_key_page(key, "", "", now)), 0600));
  std::printf("Written: %s. Print it, lock the paper away, delete the file.\n", out.c_str());
  return ok();
}

// One line after the other, each until it is right.
Result<std::string> ask_lines() {
  std::string text;
  std::printf("Type the seven lines as they stand on the paper; capitals and spaces do not matter.\n");
  std::fflush(stdout);
  for (std::size_t number = 1; number <= sync::kBackupLines;) {
    TRY(line, platform::ask_line("line " + std::to_string(number) + ": "));
    auto parsed = sync::parse_backup_line(line);
    if (!parsed) {  // typed without its number
      line.insert(0, std::to_string(number) + " ");
      parsed = sync::parse_backup_line(line);
    }
    if (parsed && parsed->number == number) {
      text += line + "\n";
      ++number;
      continue;
    }
    std::fprintf(stderr, "%s\n", parsed ? "that is another line" : parsed.error().message.c_str());
  }
  return text;
}

}  // namespace

Status run_key_new(const KeyNewOptions& options, const Clock& clock) {
  TRY_DONE(check_name("the holder's name", options.holder));
  TRY_DONE(check_free(options.out));
  if (!options.backup.empty()) TRY_DONE(check_new_file(options.backup));
  const sync::PersonKey key = sync::make_person_key(options.holder);
  TRY_DONE(write_new(key, options.out, options.passphrase_file, options.cost));
  if (options.backup.empty()) return ok();
  return write_page(key, options.backup, clock.now());
}

Status run_key_show(const KeyShowOptions& options, const Clock&) {
  TRY(file, platform::read_file(options.key, kMaxFile));
  const auto person = sync::parse_public_person(file);
  if (!person) return person.error().with_context(options.key.string());
  std::printf("holder       %s\nsigning key  %s\nbox key      %s\n", printable(person->holder).c_str(), sync::key_id(person->sign_public).c_str(),
              sync::key_id(person->box_public).c_str());
  return ok();
}

Status run_key_backup(const KeyBackupOptions& options, const Clock& clock) {
  TRY_DONE(check_new_file(options.out));
  TRY(key, open_person(options.key, options.passphrase_file));
  return write_page(key, options.out, clock.now());
}

Status run_key_restore(const KeyRestoreOptions& options, const Clock&) {
  TRY_DONE(check_name("the holder's name", options.holder));
  TRY_DONE(check_free(options.out));
  std::string text;
  if (options.from.empty()) {
    TRY(typed, ask_lines());
    text = std::move(typed);
  } else {
    TRY(read, platform::read_file(options.from, kMaxFile));
    text = std::string(as_text(read));
  }
  TRY(key, sync::open_backup(text, options.holder));
  return write_new(key, options.out, options.passphrase_file, options.cost);
}

Status run_key_passphrase(const KeyPassphraseOptions& options, const Clock&) {
  TRY(key, open_person(options.key, options.passphrase_file));
  TRY(passphrase, choose_passphrase(options.new_passphrase_file, key.holder));
  TRY(file, sync::make_key_file(key, passphrase, options.cost));
  TRY_DONE(platform::replace_file(options.key, file, 0600));
  std::printf("%s is under the new passphrase now. Copies of the file from before still open with the old one.\n", options.key.c_str());
  return ok();
}

}  // namespace caretaker::agent
