// The JSON of policy bundles and lists manifests; what they must fulfil is checked in sync/bundle.cpp.
#pragma once

#include "sync/bundle.h"

namespace caretaker::sync {

struct PolicyForm {
  SchoolId school{};
  PolicyBundle bundle;
};
[[nodiscard]] Result<PolicyForm> parse_policy_form(ByteView payload);

struct ListsForm {
  SchoolId school{};
  ListsManifest manifest;
};
[[nodiscard]] Result<ListsForm> parse_lists_form(ByteView payload);

}  // namespace caretaker::sync
