#include "agent/cli/passphrase.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/passphrase_strength.h"
#include "platform/files.h"
#include "platform/terminal.h"

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxPassphrase = 1024;
constexpr int kTries = 5;

Result<std::string> not_empty(std::string passphrase) {
  if (!passphrase.empty()) return passphrase;
  return make_error(ErrorCode::kInvalidInput, "the passphrase is empty");
}

Result<std::string> first_line(const std::filesystem::path& file) {
  TRY(bytes, platform::read_file(file, kMaxPassphrase));
  std::string text(as_text(bytes));
  text.resize(std::min(text.find_first_of("\r\n"), text.size()));
  auto passphrase = not_empty(std::move(text));
  return passphrase ? std::move(passphrase) : Result<std::string>(passphrase.error().with_context(file.string()));
}

// Until one is good and typed the same way twice.
Result<std::string> ask_new(const std::string& holder) {
  for (int left = kTries; left > 0; --left) {
    TRY(typed, platform::ask_secret("New passphrase for " + holder + ": "));
    if (const auto weak = why_weak(typed, holder)) {
      std::fprintf(stderr, "This passphrase is too weak: %s.\n", weak->c_str());
      continue;
    }
    TRY(again, platform::ask_secret("The same again: "));
    if (typed == again) return typed;
    std::fprintf(stderr, "The two were not the same.\n");
  }
  return make_error(ErrorCode::kInvalidInput, "no passphrase was chosen");
}

}  // namespace

Result<std::string> read_passphrase(const std::filesystem::path& file, const std::string& holder) {
  if (!file.empty()) return first_line(file);
  TRY(typed, platform::ask_secret("Passphrase of " + holder + ": "));
  return not_empty(std::move(typed));
}

Result<std::string> choose_passphrase(const std::filesystem::path& file, const std::string& holder) {
  if (file.empty()) return ask_new(holder);
  TRY(passphrase, first_line(file));
  if (const auto weak = why_weak(passphrase, holder)) {
    return make_error(ErrorCode::kInvalidInput, file.string() + ": this passphrase is too weak: " + *weak);
  }
  return passphrase;
}

Result<sync::PersonKey> open_person(const std::filesystem::path& key_file, const std::filesystem::path& passphrase_file) {
  TRY(file, platform::read_file(key_file, 64u << 10));
  const auto person = sync::parse_public_person(file);
  if (!person) return person.error().with_context(key_file.string());
  TRY(passphrase, read_passphrase(passphrase_file, person->holder));
  auto key = sync::open_key_file(file, passphrase);
  return key ? std::move(key) : Result<sync::PersonKey>(key.error().with_context(key_file.string()));
}

}  // namespace caretaker::agent
