// The next root on its way from hand to hand: a file that people change, read and sign on their own machines. An envelope as
// devices will get it, except that it may have no signature yet. Pure; any thread.
#pragma once

#include <optional>

#include "sync/root.h"

namespace caretaker::agent {

struct RootDraft {
  sync::Root root;
  Bytes payload;
  std::set<sync::KeyId> signers;  // of the root before or of this one, and their signatures verify
};

[[nodiscard]] Bytes make_draft(const sync::Root& root);
// kStale: it does not follow `current`; kUnauthentic: a signature in it is wrong.
[[nodiscard]] Result<RootDraft> open_draft(ByteView file, const sync::VerifiedRoot& current);
[[nodiscard]] Result<Bytes> sign_draft(ByteView file, const SigningKey& key);

// Who still has to sign, as a sentence; empty: every device would take it now.
[[nodiscard]] std::string missing_signatures(const RootDraft& draft, const sync::VerifiedRoot& current);

}  // namespace caretaker::agent
