#include "platform/inspection_gate.h"

#include <cstdio>

#include "platform/base/gate_rules.h"
#include "platform/packet_queue.h"

namespace caretaker::platform {
namespace {

std::string hex(std::uint32_t value) {
  char out[16];
  std::snprintf(out, sizeof out, "0x%08x", value);
  return out;
}

// TCP without content: 5, 8 or 10 words of header, and nothing else. As single rules, since nft 1.0.6 cannot list a set of such pairs.
std::string without_content() {
  std::string out;
  for (const int words : {5, 8, 10}) {
    const std::string doff = " tcp doff " + std::to_string(words) + " accept\n";
    out += "    ip hdrlength 5 meta length " + std::to_string(20 + 4 * words) + doff;
    out += "    meta nfproto ipv6 meta length " + std::to_string(40 + 4 * words) + doff;
  }
  return out;
}

}  // namespace

// Only connections that begin while the table is there (their first packet has no mark of a connection yet) are ever looked at: what was
// open before goes on. Packets of TCP without content never go to the queue: of the lengths that a header can have, those that are exactly header.
std::string make_inspection_text(const InspectionGate& gate) {
  const std::string mask = hex(kMarkAccepted | kMarkRefused);
  const std::string answer = hex(kMarkAccepted | kMarkRefused | kGateMark);  // a question that carries a uid in its mark has no answer of ours
  std::string exempt = "0";
  for (const std::uint32_t uid : gate.exempt_uids) exempt += ", " + std::to_string(uid);
  const std::string queue = "queue num " + std::to_string(gate.queue) + (gate.pass_when_down ? " bypass" : "");
  // Said of what is refused, not of what may pass: neighbour discovery belongs to no connection, and no rule about connections is true of it.
  const std::string refused = "    ct direction original ct mark and " + hex(kMarkRefused) + " != 0 ";
  return "table inet caretaker_inspect {}\n"
         "delete table inet caretaker_inspect\n"
         "table inet caretaker_inspect {\n"
         "  chain begins {\n"
         "    type filter hook output priority -152; policy accept;\n"
         "    oifname \"lo\" accept\n"
         "    meta skuid { " + exempt + " } accept\n"
         "    ct direction reply accept\n"
         "    ct state new ct mark set ct mark or 0x10000000\n"
         "  }\n"
         "  chain ask {\n"
         "    type filter hook output priority -151; policy accept;\n"
         "    ct mark and 0x10000000 == 0 accept\n"
         "    ct direction reply accept\n"
         "    ct mark and " + mask + " != 0 accept\n"
         + without_content() +
         "    udp dport 53 accept\n"
         "    meta l4proto { tcp, udp } " + queue + "\n"
         "  }\n"
         "  chain act {\n"
         "    type filter hook output priority 10; policy accept;\n"
         "    meta mark and " + answer + " == " + hex(kMarkAccepted) + " ct mark set ct mark or " + hex(kMarkAccepted) + "\n"
         "    meta mark and " + answer + " == " + hex(kMarkRefused) + " ct mark set ct mark or " + hex(kMarkRefused) + "\n"
         + refused + "meta l4proto tcp reject with tcp reset\n"
         + refused + "reject with icmpx admin-prohibited\n"
         "  }\n"
         "}\n";
}

}  // namespace caretaker::platform
