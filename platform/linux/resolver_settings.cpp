#include "platform/resolver_settings.h"

#include "platform/linux/resolver_mechanisms.h"

namespace caretaker::platform {
namespace {

// All are tried; the first that did not work is told.
Status first_failure(std::initializer_list<Status> all) {
  for (const Status& one : all) {
    if (!one) return one;
  }
  return ok();
}

}  // namespace

Status take_resolver_settings(const std::filesystem::path& root, const std::filesystem::path& kept) {
  return first_failure({take_nsswitch(root, kept), take_resolved(root), take_network_manager(root)});
}

Status restore_resolver_settings(const std::filesystem::path& root, const std::filesystem::path& kept) {
  return first_failure({restore_nsswitch(root, kept), restore_resolved(root), restore_network_manager(root)});
}

}  // namespace caretaker::platform
