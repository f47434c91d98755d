#include "agent/net/set_download.h"

#include <fstream>

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kTimeout{600};  // for one attempt; the next one goes on from there

Status append_piece(std::ofstream& out, ByteView piece) {
  out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
  if (out) return ok();
  return make_error(ErrorCode::kFull, "the set file cannot be written: is the disk full?");
}

}  // namespace

fs::path SetDownload::part(const WantedSet& wanted) const {
  return work_ / ("set." + to_hex(ByteView(wanted.file).first(16)) + ".part");
}

void SetDownload::remove_others(const WantedSet& wanted) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(work_, ignored)) {
    if (entry.path() != part(wanted) && entry.path().extension() == ".part") fs::remove(entry.path(), ignored);
  }
}

Status SetDownload::forget(const WantedSet& wanted) { return platform::remove_file(part(wanted)); }

Result<platform::OpenFile> SetDownload::fetch(platform::HttpTransport& server, const WantedSet& wanted,
                                              const std::function<bool()>& go_on) {
  remove_others(wanted);
  const fs::path path = part(wanted);
  std::error_code none;
  const std::uintmax_t size = fs::file_size(path, none);
  std::uint64_t have = none ? 0 : size;
  if (have > wanted.size) {
    TRY_DONE(forget(wanted));
    have = 0;
  }
  if (have == wanted.size) return platform::open_read_only(path);

  std::ofstream out(path, std::ios::binary | std::ios::app);
  const platform::HttpRequest request{"GET", "/v1/set/" + to_hex(wanted.file), "", {}, have};
  const auto sink = [&](ByteView piece) -> Status {
    if (!go_on()) return make_error(ErrorCode::kUnavailable, "stopped");
    return append_piece(out, piece);
  };
  const auto response = server.send(request, {kTimeout, wanted.size - have + 1}, sink);
  out.close();
  if (!response) {
    // Too much: another file, or the whole one behind what was there.
    if (response.error().code == ErrorCode::kTooLarge) TRY_DONE(forget(wanted));
    return response.error();
  }
  const std::uintmax_t now = fs::file_size(path, none);
  const bool expected = response->status == (have > 0 ? 206 : 200);
  if (expected && now == wanted.size) return platform::open_read_only(path);
  if (expected && now < wanted.size) return make_error(ErrorCode::kUnavailable, "the set file was cut off");
  // A server that does not know ranges has begun anew behind what was there; one that refuses has written nothing.
  if (expected || response->status / 100 == 2 || response->status == 416) TRY_DONE(forget(wanted));
  return make_error(ErrorCode::kUnavailable, "the set file: status " + std::to_string(response->status));
}

}  // namespace caretaker::agent
