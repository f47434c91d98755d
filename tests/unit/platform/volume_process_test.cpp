// The program that looks at a volume: here this one once more, which does what its volume says.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "platform/base/clock.h"
#include "platform/volume_inspector.h"
#include "tests/unit/platform/temporary_folder.h"

using namespace caretaker;
using namespace caretaker::platform;

namespace {

const VolumeContent kEncrypted = {Encryption::kEncrypted, "luks2", "encrypted", "12a3"};

constexpr const char* kThisProgram = "/proc/self/exe";

// Before Catch2 reads its arguments.
__attribute__((constructor)) void be_the_child(int count, char** arguments, char** /*environment*/) {
  if (count != 1 || arguments[0] != std::string_view(kThisProgram)) return;
  std::array<char, 16> volume{};
  const ssize_t size = ::read(STDIN_FILENO, volume.data(), volume.size());
  const std::string_view what(volume.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  const std::string answer = make_content_text(kEncrypted);
  if (what != "silent") (void)!::write(STDOUT_FILENO, answer.data(), answer.size());
  if (what == "stays") {
    ::close(STDOUT_FILENO);
    ::poll(nullptr, 0, 20'000);
  }
  ::_exit(what == "fails" ? 1 : 0);
}

struct Looked {
  VolumeContent content;
  MonotonicMs took_ms;
};

Looked look_at(const char* what) {
  TemporaryFolder folder;
  REQUIRE(replace_file(folder / "volume", as_bytes(std::string(what)), 0600));
  const MonotonicMs began = system_clock().monotonic_ms();
  const VolumeContent content = inspect_apart(kThisProgram, folder / "volume", 2000);
  return {content, system_clock().monotonic_ms() - began};
}

}  // namespace

TEST_CASE("what a process of its own says of a volume counts when it has ended well", "[R2]") {
  CHECK(look_at("answers").content == kEncrypted);
  CHECK(look_at("fails").content.reason == "gave-up");
  CHECK(look_at("silent").content.reason == "gave-up");
}

TEST_CASE("a volume that no program can look at is unknown", "[R2]") {
  TemporaryFolder folder;
  REQUIRE(replace_file(folder / "volume", as_bytes("answers"), 0600));
  CHECK(inspect_apart(folder / "nobody", folder / "volume", 2000).reason == "gave-up");
}

TEST_CASE("one that gives its answer and stays is ended, and is not believed", "[R2]") {
  const Looked looked = look_at("stays");
  CHECK(looked.content.reason == "gave-up");
  CHECK(looked.took_ms < 10'000);
}
