#include "sync/key_backup.h"

#include <algorithm>
#include <map>

#include "sync/checks.h"

namespace caretaker::sync {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's: no I, L, O, U
constexpr std::string_view kWholeLabel = "caretaker key backup v1";
constexpr std::string_view kLineLabel = "caretaker key backup line v1";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kLineCharacters = 16;
constexpr std::size_t kCheckBytes = 5;
constexpr std::size_t kSecretBytes = 1 + 32 + 32;
constexpr std::size_t kAllBytes = kSecretBytes + kCheckBytes;
constexpr std::size_t kMaxLine = 128;
static_assert(kAllBytes * 8 == kBackupLines * kLineCharacters * 5);

Hash label_hash(std::string_view label, ByteView bytes) {
  Hasher hasher;
  hasher.add(as_bytes(label));
  hasher.add(bytes);
  return hasher.finish();
}

// Five bits a character, the first bit first. A whole number of characters.
std::string to_base32(ByteView bytes) {
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8 | byte) & 0xFFFFu;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(kAlphabet[held >> (bits - 5) & 31u]);
  }
  return out;
}

Bytes from_base32(std::string_view characters) {
  Bytes out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : characters) {
    held = (held << 5 | static_cast<std::uint32_t>(kAlphabet.find(c))) & 0xFFFFu;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<std::uint8_t>(held >> bits));
  }
  return out;
}

std::string line_check(std::size_t number, std::string_view characters) {
  const Hash sum = label_hash(kLineLabel, as_bytes(std::to_string(number) + std::string(characters)));
  return {kAlphabet[sum[0] & 31u], kAlphabet[sum[1] & 31u]};
}

// '\0' for what stands between characters; npos of the alphabet is told by the caller.
char plain(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') return '0';
  if (c == 'I' || c == 'L') return '1';
  return c == ' ' || c == '\t' || c == '-' || c == '.' || c == ':' || c == '\r' ? '\0' : c;
}

Error wrong_line(const std::string& which, const std::string& why) { return refuse(Check::kBackupForm, which + ": " + why); }

}  // namespace

std::vector<std::string> make_backup_lines(const PersonKey& key) {
  Bytes all{kVersion};
  all.insert(all.end(), key.signing.seed.view().begin(), key.signing.seed.view().end());
  all.insert(all.end(), key.box.seed.view().begin(), key.box.seed.view().end());
  const Hash sum = label_hash(kWholeLabel, all);
  all.insert(all.end(), sum.begin(), sum.begin() + kCheckBytes);
  const std::string characters = to_base32(all);
  wipe(all);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < kBackupLines; ++i) {
    const std::string line = characters.substr(i * kLineCharacters, kLineCharacters);
    std::string shown = std::to_string(i + 1) + " ";
    for (std::size_t group = 0; group < kLineCharacters; group += 4) shown += " " + line.substr(group, 4);
    lines.push_back(shown + "  " + line_check(i + 1, line));
  }
  return lines;
}

Result<BackupLine> parse_backup_line(std::string_view line) {
  if (line.size() > kMaxLine) return wrong_line("a line", "too long");
  std::string characters;
  for (const char c : line) {
    const char value = plain(c);
    if (value == '\0') continue;
    if (kAlphabet.find(value) == std::string_view::npos) return wrong_line("a line", "a character that no line has");
    characters.push_back(value);
  }
  if (characters.size() != 1 + kLineCharacters + 2) {
    return wrong_line("a line", "expected its number, four groups of four characters and two more, got " + std::to_string(characters.size()) + " characters");
  }
  const auto number = static_cast<std::size_t>(characters.front() - '0');
  if (number < 1 || number > kBackupLines) return wrong_line("a line", "its number is not 1 to 7");
  BackupLine out{number, characters.substr(1, kLineCharacters)};
  if (characters.substr(1 + kLineCharacters) == line_check(number, out.characters)) return out;
  return wrong_line("line " + std::to_string(number), "something in it was not copied as it stands on the paper");
}

Result<PersonKey> open_backup(std::string_view text, std::string holder) {
  std::map<std::size_t, std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (std::all_of(line.begin(), line.end(), [](char c) { return plain(c) == '\0'; })) continue;
    TRY(parsed, parse_backup_line(line));
    if (!lines.emplace(parsed.number, parsed.characters).second) return wrong_line("line " + std::to_string(parsed.number), "it is there twice");
  }
  std::string all;
  for (std::size_t number = 1; number <= kBackupLines; ++number) {
    if (!lines.contains(number)) return wrong_line("line " + std::to_string(number), "it is missing");
    all += lines[number];
  }
  Bytes bytes = from_base32(all);
  const ByteView secret = ByteView(bytes).first(kSecretBytes);
  const Hash sum = label_hash(kWholeLabel, secret);
  if (!std::equal(sum.begin(), sum.begin() + kCheckBytes, bytes.begin() + kSecretBytes)) return refuse(Check::kBackupMatch);
  if (bytes.front() != kVersion) return make_error(ErrorCode::kUnsupported, "a paper of another version");
  TRY(signing, to_array<32>(secret.subspan(1, 32)));
  TRY(box, to_array<32>(secret.subspan(33, 32)));
  PersonKey key{std::move(holder), make_signing_key(SecretKey(signing)), make_box_key(SecretKey(box))};
  wipe(bytes);
  return key;
}

}  // namespace caretaker::sync
