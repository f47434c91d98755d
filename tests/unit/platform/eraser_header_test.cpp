// What LUKS headers by cryptsetup say of a volume that is to be destroyed.
#include "platform/eraser.h"

#include <catch2/catch.hpp>

#include "platform/files.h"
#include "tests/unit/platform/temporary_folder.h"
#include "tests/unit/platform/volume_images.h"

using namespace caretaker;
using namespace caretaker::platform;

TEST_CASE("a volume counts as encrypted where its header protects the data, and not by having one", "[R21][R25]") {
  const TemporaryFolder folder;
  const auto node = folder / "volume";
  tests::make_image(node, 24u << 20);
  const auto made = tests::run_tool({"cryptsetup", "-q", "luksFormat", "--type", "luks2", "--cipher", "aes-xts-plain64", "--pbkdf", "pbkdf2",
                                     "--pbkdf-force-iterations", "1000", "--disable-locks", "--key-file", "-", node.string()},
                                    "a passphrase");
  if (!made) {
    WARN("cryptsetup does not make a volume: skipped: " << made.error().message);
    return;
  }
  EraseTarget target;
  target.node = node.string();
  const auto sound = with_luks_header(target);
  CHECK(sound.is_encrypted);
  CHECK(sound.header_size == 16u << 20);
  CHECK(sound.key_slots == 1);
  CHECK_FALSE(sound.luks_uuid.empty());
  tests::edit_luks2(node, "aes-xts-plain64", "cipher_null-ecb", tests::Which::kLast);
  const auto null_cipher = with_luks_header(target);
  CHECK_FALSE(null_cipher.is_encrypted);
  CHECK(null_cipher.header_size == sound.header_size);
  CHECK(null_cipher.luks_uuid == sound.luks_uuid);
  tests::make_image(node, 24u << 20);
  CHECK(with_luks_header(target) == target);
}
