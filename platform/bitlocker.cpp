#include "platform/bitlocker.h"

#include <algorithm>
#include <string_view>

namespace caretaker::platform {
namespace {

constexpr std::string_view kSignature = "-FVE-FS-";
constexpr std::string_view kToGoSignature = "MSWIN4.1";
// 4967d63b-2e29-4ad8-8399-f6a339e3d001 and 92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8, as they lie on the disk.
constexpr std::array<std::uint8_t, 16> kWhole = {0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a,
                                                 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01};
constexpr std::array<std::uint8_t, 16> kOnWrite = {0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d,
                                                   0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8};
constexpr std::size_t kGuidAt = 160;
constexpr std::size_t kToGoGuidAt = 424;
constexpr std::size_t kDatasetAt = 64;  // the entries' header, behind the block's
constexpr std::size_t kDatasetHeader = 48;
constexpr std::uint16_t kStateDecrypted = 1;
constexpr std::uint16_t kStateEncrypted = 4;
constexpr std::uint16_t kEntryMasterKey = 2;
constexpr std::uint16_t kEntryVolumeKey = 3;
constexpr std::uint16_t kValueWrappedKey = 5;
constexpr std::uint16_t kValueMasterKey = 8;
constexpr std::uint16_t kProtectedByNothing = 0;
constexpr std::uint16_t kFirstMethod = 0x8000;  // AES-CBC with diffuser ... AES-XTS-256
constexpr std::uint16_t kLastMethod = 0x8005;
// A volume may end a little before its partition does; what a conversion has still to do is far more.
constexpr std::uint64_t kSlack = 4u << 20;

std::uint32_t crc32(ByteView bytes) {  // ISO-HDLC, as in zip
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
  }
  return ~crc;
}

std::array<std::uint64_t, 3> read_offsets(ByteView bytes, std::size_t at) {
  ByteReader reader(bytes.subspan(at));
  return {reader.u64(), reader.u64(), reader.u64()};
}

// Windows shows the first three parts as numbers, so they stand back to front.
std::string guid_text(ByteView guid) {
  std::string out;
  for (const int i : {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15}) {
    out += i < 0 ? "-" : to_hex(guid.subspan(static_cast<std::size_t>(i), 1));
  }
  return out;
}

void read_entry(ByteView entry, BitLockerMetadata& out) {
  ByteReader reader(entry);
  const std::uint16_t type = reader.u16();
  const std::uint16_t value = reader.u16();
  if (type == kEntryVolumeKey && value == kValueWrappedKey) out.has_wrapped_key = true;
  if (type != kEntryMasterKey || value != kValueMasterKey) return;
  (void)reader.raw(2 + 16 + 8 + 2);  // version, identifier, time, unknown
  const std::uint16_t protection = reader.u16();
  out.protectors.push_back(reader.ok() ? protection : kProtectedByNothing);
}

Status read_entries(ByteView entries, BitLockerMetadata& out) {
  while (!entries.empty()) {
    const std::size_t size = ByteReader(entries).u16();
    if (size < 8 || size > entries.size()) return make_error(ErrorCode::kInvalidInput, "an entry that is cut short");
    read_entry(entries.subspan(2, size - 2), out);
    entries = entries.subspan(size);
  }
  return ok();
}

// What the checksum behind it covers; the rest of a block is padding.
Result<ByteView> covered_part(ByteView block, std::size_t size) {
  if (size < kDatasetAt + kDatasetHeader || block.size() < size + 8) {
    return make_error(ErrorCode::kInvalidInput, "a block that is cut short");
  }
  ByteReader validation(block.subspan(size + 4));
  if (validation.u32() != crc32(block.first(size))) return make_error(ErrorCode::kInvalidInput, "the checksum does not match");
  return block.first(size);
}

VolumeContent judge(Encryption encryption, std::string reason, const BitLockerHeader& header, std::string id = {}) {
  return {encryption, header.to_go ? "bitlocker-to-go" : "bitlocker", std::move(reason), std::move(id)};
}

bool is_converting(const BitLockerMetadata& copy, std::uint64_t volume_size) {
  if (copy.state != kStateEncrypted || copy.next_state != kStateEncrypted) return true;
  const bool tells = copy.version >= 2;
  return tells && (copy.encrypted_size > volume_size || volume_size - copy.encrypted_size > kSlack);
}

VolumeContent decide_copy(const BitLockerHeader& header, const BitLockerMetadata& copy, std::uint64_t volume_size) {
  const auto says = [&](Encryption encryption, const char* reason) { return judge(encryption, reason, header, copy.identifier); };
  if (copy.state == kStateDecrypted) return says(Encryption::kNotEncrypted, "decrypted");
  if (header.converting || is_converting(copy, volume_size)) return says(Encryption::kPartly, "being-converted");
  if (copy.method < kFirstMethod || copy.method > kLastMethod) return says(Encryption::kNotEncrypted, "null-cipher");
  if (!copy.has_wrapped_key) return says(Encryption::kNotEncrypted, "key-in-clear");
  if (copy.protectors.empty()) return says(Encryption::kUnknown, "no-protector");
  if (std::ranges::find(copy.protectors, kProtectedByNothing) != copy.protectors.end()) {
    return says(Encryption::kSuspended, "clear-key");
  }
  return says(Encryption::kEncrypted, "encrypted");
}

}  // namespace

std::optional<BitLockerHeader> parse_bitlocker_header(ByteView sector) {
  if (sector.size() < kBitLockerSector) return std::nullopt;
  const std::string_view signature = as_text(sector.subspan(3, 8));
  const bool to_go = signature == kToGoSignature;
  if (signature != kSignature && !to_go) return std::nullopt;
  const std::size_t at = to_go ? kToGoGuidAt : kGuidAt;
  const ByteView guid = sector.subspan(at, kWhole.size());
  BitLockerHeader header;
  header.to_go = to_go;
  header.converting = std::ranges::equal(guid, kOnWrite);
  if (header.converting || std::ranges::equal(guid, kWhole)) {
    header.blocks = read_offsets(sector, at + guid.size());
  } else if (to_go) {
    return std::nullopt;  // an ordinary FAT volume made by an old Windows
  } else if (sector[1] == 0x52) {
    header.vista = true;
    const std::uint64_t cluster = std::uint64_t{ByteReader(sector.subspan(11)).u16()} * sector[13];
    header.blocks[0] = ByteReader(sector.subspan(56)).u64() * cluster;
  }
  return header;
}

Result<BitLockerMetadata> parse_bitlocker_metadata(ByteView block) {
  if (block.size() < kDatasetAt + kDatasetHeader || as_text(block.first(8)) != kSignature) {
    return make_error(ErrorCode::kInvalidInput, "no metadata");
  }
  ByteReader reader(block.subspan(8));
  const std::size_t units = reader.u16();
  BitLockerMetadata out;
  out.version = reader.u16();
  if (out.version != 1 && out.version != 2) return make_error(ErrorCode::kInvalidInput, "an unknown version");
  TRY(covered, covered_part(block, units * (out.version == 1 ? 1 : 16)));
  out.state = reader.u16();
  out.next_state = reader.u16();
  out.encrypted_size = reader.u64();
  out.blocks = read_offsets(covered, 32);
  ByteReader dataset(covered.subspan(kDatasetAt));
  const std::size_t size = dataset.u32();
  (void)dataset.u32();
  const std::size_t header_size = dataset.u32();
  const std::size_t copy_of_size = dataset.u32();
  if (header_size != kDatasetHeader || size < header_size || size != copy_of_size || size > covered.size() - kDatasetAt) {
    return make_error(ErrorCode::kInvalidInput, "the entries' header is not of its form");
  }
  out.identifier = guid_text(dataset.raw(16));
  (void)dataset.u32();
  out.method = dataset.u16();
  TRY_DONE(read_entries(covered.subspan(kDatasetAt + header_size, size - header_size), out));
  return out;
}

VolumeContent decide_bitlocker(const BitLockerHeader& header, std::span<const BitLockerMetadata> copies,
                               std::uint64_t volume_size) {
  std::optional<VolumeContent> worst;
  for (const BitLockerMetadata& copy : copies) {
    const bool belongs = header.vista ? copy.version == 1 && copy.blocks[0] == header.blocks[0]
                                      : copy.version == 2 && copy.blocks == header.blocks;
    if (!belongs) continue;
    VolumeContent found = decide_copy(header, copy, volume_size);
    worst = worst ? worse_of(*worst, found) : std::move(found);
  }
  if (worst) return *worst;
  return header.converting ? judge(Encryption::kPartly, "being-converted", header)
                           : judge(Encryption::kNotEncrypted, "damaged-header", header);
}

}  // namespace caretaker::platform
