#include "agent/net/set_download.h"

#include <fstream>

#include "platform/base/log.h"
#include "policy/set_delta.h"

namespace caretaker::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxDelta = 64u << 20;
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

fs::path SetDownload::delta_part(const WantedSet& wanted) const {
  return work_ / ("delta." + to_hex(ByteView(wanted.file).first(16)) + ".part");
}

void SetDownload::remove_others(const WantedSet& wanted) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(work_, ignored)) {
    if (entry.path() != part(wanted) && entry.path() != delta_part(wanted) && entry.path().extension() == ".part") fs::remove(entry.path(), ignored);
  }
}

Status SetDownload::forget(const WantedSet& wanted) {
  TRY_DONE(platform::remove_file(delta_part(wanted)));
  return platform::remove_file(part(wanted));
}

// All of it, or what has come stays for the next time.
Status SetDownload::bring_delta(platform::HttpTransport& server, const WantedSet& wanted, const std::function<bool()>& go_on) const {
  const fs::path path = delta_part(wanted);
  std::error_code none;
  const std::uintmax_t size = fs::file_size(path, none);
  const std::uint64_t have = none ? 0 : size;
  const std::uint64_t most = std::min(kMaxDelta, wanted.size / 2);  // beyond that the whole is no worse
  if (have > most) return make_error(ErrorCode::kNotFound, "the delta is as large as the lists");
  std::ofstream out(path, std::ios::binary | std::ios::app);
  const platform::HttpRequest request{"GET", "/v1/delta/" + to_hex(*wanted.base) + "-" + to_hex(wanted.file), "", {}, have};
  const auto sink = [&](ByteView piece) -> Status {
    if (!go_on()) return make_error(ErrorCode::kUnavailable, "stopped");
    return append_piece(out, piece);
  };
  TRY(response, server.send(request, {kTimeout, static_cast<std::size_t>(most - have + 1)}, sink));
  out.close();
  if (response.status == (have > 0 ? 206 : 200)) return ok();
  if (have > 0 && response.status == 416) return ok();  // nothing was left to bring
  if (response.status == 404) return make_error(ErrorCode::kNotFound, "no delta from the lists in force");
  if (response.status / 100 == 2) return make_error(ErrorCode::kInvalidInput, "the delta was begun anew behind what was there");
  return make_error(ErrorCode::kUnavailable, "the delta: status " + std::to_string(response.status));
}

// The new file beside the old one, which goes on serving; renamed only when it is the one that the manifest names.
Status SetDownload::apply_delta(const WantedSet& wanted, platform::OpenFile base, const std::function<bool()>& go_on) const {
  TRY(delta_file, platform::open_read_only(delta_part(wanted)));
  TRY(delta_bytes, platform::MappedFile::map(delta_file));
  TRY(delta, policy::SetDelta::parse(delta_bytes.bytes()));
  TRY(base_bytes, platform::MappedFile::map(base));
  TRY(view, policy::SetView::open(base_bytes.bytes(), platform::make_file_reader(std::move(base))));
  TRY_DONE(view.compare_all());  // the walk over the mapping would end with the process at a sector that cannot be read
  const fs::path made = work_ / "made.part";
  std::ofstream out(made, std::ios::binary | std::ios::trunc);
  Hasher hasher;
  std::uint64_t size = 0;
  TRY_DONE(delta.apply(view, [&](ByteView piece) -> Status {
    if (!go_on()) return make_error(ErrorCode::kUnavailable, "stopped");
    size += piece.size();
    if (size > wanted.size) return make_error(ErrorCode::kInvalidInput, "more than the manifest says");
    hasher.add(piece);
    return append_piece(out, piece);
  }));
  out.close();
  if (hasher.finish() != wanted.file) return make_error(ErrorCode::kInvalidInput, "not the file that the manifest names");
  return platform::rename_file(made, part(wanted));
}

Result<platform::OpenFile> SetDownload::fetch_delta(platform::HttpTransport& server, const WantedSet& wanted, platform::OpenFile base,
                                                    const std::function<bool()>& go_on) {
  const auto none = make_error(ErrorCode::kNotFound, "no usable delta");
  std::error_code ignored;
  // What has come of the whole is not given up for it.
  if (!wanted.base || without_delta_ == wanted.file || fs::exists(part(wanted), ignored)) return none;
  remove_others(wanted);
  Status done = bring_delta(server, wanted, go_on);
  if (done) done = apply_delta(wanted, std::move(base), go_on);
  if (done) {
    log_info("net", "new lists by a delta");
    return platform::open_read_only(part(wanted));
  }
  if (done.error().code == ErrorCode::kUnavailable || done.error().code == ErrorCode::kFull) return done.error();
  log_warning("net", "lists delta: " + done.error().message);
  without_delta_ = wanted.file;
  TRY_DONE(platform::remove_file(delta_part(wanted)));
  return none;
}

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
