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
};

// The certificate for people, to be printed. Pure.
[[nodiscard]] std::string certificate_text(const sync::VerifiedWipe& wipe);

[[nodiscard]] Status run_verify(const VerifyOptions& options);

}  // namespace caretaker::agent
