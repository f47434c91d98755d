// Shows that a form was fetched from this program, by this user, not long ago: no other page can make one or read one. Its nonce names
// what is sent, so that a form that is sent twice is stored once. Pure but for randomness; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/base/clock.h"
#include "platform/base/crypto.h"

namespace caretaker::agent {

class PageTokens {
 public:
  using Nonce = std::array<std::uint8_t, 16>;
  PageTokens() : key_(random_key()) {}  // of this run of the program

  [[nodiscard]] std::string make(const std::optional<std::uint32_t>& uid, MonotonicMs now) const;
  // nullopt: not ours, another user's, or of more than half a day ago.
  [[nodiscard]] std::optional<Nonce> check(std::string_view token, const std::optional<std::uint32_t>& uid, MonotonicMs now) const;

 private:
  [[nodiscard]] Hash tag(ByteView nonce_and_time, const std::optional<std::uint32_t>& uid) const;
  SecretKey key_;
};

}  // namespace caretaker::agent
