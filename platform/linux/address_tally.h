// How many of a server's places each address has taken, so that one cannot take them all. One thread.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>

namespace caretaker::platform {

class AddressTally {
 public:
  explicit AddressTally(unsigned most) : most_(most) {}
  [[nodiscard]] bool has_room(const std::string& address) const {
    const auto found = taken_.find(address);
    return found == taken_.end() || found->second < most_;
  }

  // One place; given back when this goes, or earlier.
  class Place {
   public:
    Place(AddressTally& tally, std::string address) : tally_(tally), address_(std::move(address)) { take(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }
    [[nodiscard]] const std::string& address() const { return address_; }
    void leave() {
      if (std::exchange(is_taken_, false)) tally_.remove(address_);
    }
    void take() {
      if (!std::exchange(is_taken_, true)) ++tally_.taken_[address_];
    }

   private:
    AddressTally& tally_;
    const std::string address_;
    bool is_taken_ = false;
  };

 private:
  void remove(const std::string& address) {
    const auto found = taken_.find(address);
    if (--found->second == 0) taken_.erase(found);
  }
  const unsigned most_;
  std::unordered_map<std::string, unsigned> taken_;
};

}  // namespace caretaker::platform
