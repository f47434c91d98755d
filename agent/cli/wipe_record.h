// `caretaker verify FILE`: a wipe's record checked against the school's root, with no network; and how it reads on paper.
#pragma once

#include <filesystem>
#include <string>

#include "platform/base/clock.h"
#include "sync/wipe_certificate.h"

namespace caretaker::agent {

struct VerifyOptions {
  std::filesystem::path school;
  std::filesystem::path file;
  std::filesystem::path html;  // a page to print is written there; empty: none
};

// The certificate for people, at a terminal and on a page to print. Pure.
[[nodiscard]] std::string certificate_text(const sync::VerifiedWipe& wipe);
[[nodiscard]] std::string certificate_page(const sync::VerifiedWipe& wipe);

[[nodiscard]] Status run_verify(const VerifyOptions& options);

}  // namespace caretaker::agent
