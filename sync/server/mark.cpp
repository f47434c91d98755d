#include "sync/server/mark.h"

namespace caretaker::server {
namespace {

std::string common_part(const PublishedNumbers& numbers, const SchoolState& school) {
  return std::to_string(school.envelopes().size()) + "." + std::to_string(numbers.policy) + "." + std::to_string(numbers.lists) + "." +
         std::to_string(numbers.letters_to_all) + ".";
}

}  // namespace

Result<std::string> mark_for(FleetStore& store, const SchoolState& school, const sync::DeviceId& device) {
  TRY(numbers, store.published_numbers());
  TRY(own, store.letters_to(device));
  return common_part(numbers, school) + std::to_string(own);
}

Result<Marks> Marks::now(FleetStore& store, const SchoolState& school) {
  Marks marks;
  TRY(numbers, store.published_numbers());
  TRY(own, store.letters_to_each());
  marks.common_ = common_part(numbers, school);
  marks.own_ = std::move(own);
  return marks;
}

std::string Marks::of(const sync::DeviceId& device) const {
  const auto own = own_.find(device);
  return common_ + std::to_string(own == own_.end() ? 0 : own->second);
}

}  // namespace caretaker::server
