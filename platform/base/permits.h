// What only a signed order can give: the right to lock this machine, and the right to wipe it. Neither can be made but by
// sync::open_order() (sync/order.h), which checks signatures, machine and time first; whoever locks or erases takes one, and so
// cannot be called without. Plain values; any thread.
#pragma once

#include <string>
#include <utility>

namespace caretaker::sync {
class OrderDoor;
}

namespace caretaker {

class LockPermit {
 public:
  [[nodiscard]] const std::string& order() const { return order_; }  // id, in hex
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& telephone() const { return telephone_; }

 private:
  friend class sync::OrderDoor;
  LockPermit(std::string order, std::string message, std::string telephone)
      : order_(std::move(order)), message_(std::move(message)), telephone_(std::move(telephone)) {}
  std::string order_;
  std::string message_;
  std::string telephone_;
};

class WipePermit {
 public:
  [[nodiscard]] const std::string& order() const { return order_; }  // id, in hex

 private:
  friend class sync::OrderDoor;
  explicit WipePermit(std::string order) : order_(std::move(order)) {}
  std::string order_;
};

}  // namespace caretaker
