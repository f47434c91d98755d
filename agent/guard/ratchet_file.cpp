#include "agent/guard/ratchet_file.h"

#include <algorithm>
#include <optional>

#include "platform/files.h"

namespace caretaker::agent {
namespace {

// Each place is a block of its own, so that one torn write cannot damage both:
//   magic 8 | epoch 16 | seq u64 little-endian | link 32 | key 32 | BLAKE2b-256 of all before
constexpr std::size_t kPlaces = 2;
constexpr std::size_t kBlock = 4096;
constexpr std::string_view kMagic = "ctrkey01";
constexpr std::size_t kSummed = 96;
using Place = Secret<128>;

Place pack(const RatchetState& state) {
  Place place;
  std::uint8_t* out = place.data();
  const auto put = [&out](ByteView bytes) { out = std::copy(bytes.begin(), bytes.end(), out); };
  put(as_bytes(kMagic));
  put(state.epoch);
  for (int i = 0; i < 8; ++i) *out++ = static_cast<std::uint8_t>(state.next.seq >> (8 * i));
  put(state.link);
  put(state.next.key.view());
  put(hash(place.view().first(kSummed)));
  return place;
}

std::optional<RatchetState> unpack(const Place& place) {
  ByteReader in(place.view());
  if (as_text(in.raw(kMagic.size())) != kMagic) return std::nullopt;
  RatchetState state;
  const auto get = [&in](auto* out, std::size_t size) {
    const ByteView bytes = in.raw(size);
    std::copy(bytes.begin(), bytes.end(), out);
  };
  get(state.epoch.data(), state.epoch.size());
  state.next.seq = in.u64();
  get(state.link.data(), state.link.size());
  get(state.next.key.data(), 32);
  const bool is_whole = equal_constant_time(in.raw(32), hash(place.view().first(kSummed)));
  if (!is_whole || state.next.seq == 0) return std::nullopt;
  return state;
}

}  // namespace

std::vector<RatchetState> RatchetFile::read() const {
  std::vector<RatchetState> found;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    Place place;
    if (!platform::read_part(path_, i * kBlock, {place.data(), place.view().size()})) continue;
    if (auto state = unpack(place)) found.push_back(std::move(*state));
  }
  return found;
}

Status RatchetFile::make() const {
  const auto size = platform::file_size(path_);
  if (size && *size == kPlaces * kBlock) return ok();
  if (!size && size.error().code != ErrorCode::kNotFound) return size.error();  // what is in it is not lost yet
  return platform::replace_file(path_, Bytes(kPlaces * kBlock), 0600);
}

Status RatchetFile::write(std::size_t place, const RatchetState& state) const {
  return platform::overwrite_file(path_, place * kBlock, pack(state).view());
}

Status RatchetFile::prepare(const RatchetState& state, const sync::EpochId& current) const {
  TRY_DONE(make());
  std::size_t newest = 0;
  std::uint64_t newest_seq = 0;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    Place place;
    TRY_DONE(platform::read_part(path_, i * kBlock, {place.data(), place.view().size()}));
    const auto held = unpack(place);
    if (held && held->epoch == current && held->next.seq > newest_seq) {
      newest = i;
      newest_seq = held->next.seq;
    }
  }
  return write(1 - newest, state);
}

Status RatchetFile::sync(const RatchetState& state) const {
  TRY_DONE(make());
  for (std::size_t i = 0; i < kPlaces; ++i) TRY_DONE(write(i, state));
  return ok();
}

}  // namespace caretaker::agent
