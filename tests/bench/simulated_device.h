// A device that exists only to send: it is certified with the server's own key and signs, chains and seals as a real one.
#pragma once

#include "sync/batch.h"
#include "sync/server/server_keys.h"

namespace caretaker::bench {

struct SimulatedSchool {
  sync::SchoolId id{};
  server::ServerKeys keys;
  std::vector<sync::Sealing> sealings;  // some, used in turn: sealing anew for each event would take minutes
};
// What a server's folder and its school's root 1 say.
[[nodiscard]] SimulatedSchool read_school(const std::filesystem::path& data, const std::filesystem::path& root);

class SimulatedDevice {
 public:
  SimulatedDevice(const SimulatedSchool& school, std::size_t number);
  // Body of a check-in with this many new events, each with its sealed part.
  [[nodiscard]] Bytes next_checkin(std::size_t events);
  // Body of a request to be held until there is something else than `mark` says.
  [[nodiscard]] Bytes hold(const std::string& mark) const;

 private:
  const SimulatedSchool& school_;
  std::size_t number_;
  SigningKey key_ = make_signing_key(random_key());
  Bytes certificate_;
  sync::EpochId epoch_ = random_array<16>();
  sync::ChainHead head_;
  sync::RatchetKey ratchet_;
  sync::EpochStart start_;
};

}  // namespace caretaker::bench
