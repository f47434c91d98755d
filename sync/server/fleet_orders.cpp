// FleetStore: what became of orders, and certificates of wipes.
#include "sync/server/fleet_store.h"

namespace caretaker::server {

// Only of an order that we have, to that device: its book may say anything. What it says again, as after its disk was put back, is the newest.
Status FleetStore::note_order_state(const sync::LetterId& order, const sync::DeviceId& device, std::string_view state, UnixSeconds time) {
  TRY(insert, database_.prepare("INSERT OR REPLACE INTO order_states (letter, state, time) SELECT ?1, ?3, ?4 WHERE EXISTS "
                                "(SELECT 1 FROM letters WHERE id = ?1 AND device = ?2)"));
  return insert.bind(1, ByteView(order)).bind(2, ByteView(device)).bind(3, state).bind(4, time).run();
}

Result<std::vector<std::pair<std::string, UnixSeconds>>> FleetStore::order_states(const sync::LetterId& order) {
  TRY(query, database_.prepare("SELECT state, time FROM order_states WHERE letter = ? ORDER BY number"));
  query.bind(1, ByteView(order));
  return platform::read_rows(query, [](const platform::Statement& row) -> Result<std::pair<std::string, UnixSeconds>> {
    return std::pair(row.text(0), UnixSeconds{row.integer(1)});
  });
}

Status FleetStore::keep_wipe_certificate(const sync::DeviceId& device, const sync::LetterId& order, ByteView envelope, UnixSeconds now) {
  TRY(insert, database_.prepare("INSERT INTO wipe_certificates (device, letter, envelope, received) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"));
  return insert.bind(1, ByteView(device)).bind(2, ByteView(order)).bind(3, envelope).bind(4, now).run();
}

Result<std::optional<KeptCertificate>> FleetStore::wipe_certificate(const sync::DeviceId& device) {
  TRY(query, database_.prepare("SELECT letter, envelope FROM wipe_certificates WHERE device = ? ORDER BY received DESC LIMIT 1"));
  query.bind(1, ByteView(device));
  TRY(found, query.step());
  if (!found) return std::optional<KeptCertificate>();
  TRY(order, to_array<16>(query.blob(0)));
  return std::optional<KeptCertificate>({order, query.blob(1)});
}

}  // namespace caretaker::server
