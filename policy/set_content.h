// The walk over a whole set that a signature is compared with, in parts that a loop can do between other things. One thread.
#pragma once

#include <memory>
#include <optional>

#include "policy/set_file.h"

namespace caretaker::policy {

struct SetChange;

class ContentWalk {
 public:
  // Two of them side by side (policy/set_change.h).
  [[nodiscard]] static SetChange compare(const SetView& before, const SetView& after);

  explicit ContentWalk(const SetView& set);
  ContentWalk(ContentWalk&&) noexcept;
  ContentWalk& operator=(ContentWalk&&) noexcept;
  ~ContentWalk();
  // The next 256th of the same set; its content when that was the last. kDamaged where the file is not the one that its
  // content gives: then there is no next.
  [[nodiscard]] Result<std::optional<SetView::Content>> next(const SetView& set);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace caretaker::policy
