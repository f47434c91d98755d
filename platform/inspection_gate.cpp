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
const std::string kNotAsked = [] {
  std::string out = "    udp dport 53 accept\n";
  for (const int words : {5, 8, 10}) {
    const std::string doff = " tcp doff " + std::to_string(words) + " accept\n";
    out += "    ip hdrlength 5 meta length " + std::to_string(20 + 4 * words) + doff;
    out += "    meta nfproto ipv6 meta length " + std::to_string(40 + 4 * words) + doff;
  }
  return out;
}();

}  // namespace

// Only connections that begin while the table is there (their first packet has no mark of a connection yet) are ever looked at: what was
// open before goes on. A first packet of TCP on a connection that is known is another connection between the same ends, or the same packet once more:
// no answer to the one before is one to it, and who answers is to know. Packets of TCP without content never go to the queue: of the lengths that a header can have, those that are exactly header.
std::string make_inspection_text(const InspectionGate& gate) {
  const std::string mask = hex(kMarkAccepted | kMarkRefused);
  const std::string answer = hex(kMarkAccepted | kMarkRefused | kMarkBegun | kGateMark);  // a question that carries a uid in its mark has no answer of ours
  std::string answers;
  for (const std::uint32_t mark : {kMarkAccepted, kMarkRefused, kMarkBegun}) {
    answers += "    meta mark and " + answer + " == " + hex(mark) + " ct mark set ct mark or " + hex(mark) + "\n";
  }
  // The rest of what went by while nobody looked would tell nobody anything.
  const std::string unanswered = "    ct mark and 0x10000000 != 0 ct direction original meta mark and " + answer + " == 0 meta l4proto { tcp, udp } jump went_by\n";
  const std::string went_by = "  chain went_by {\n" + kNotAsked + "    ct mark set ct mark or " + hex(kMarkAccepted) + "\n  }\n";
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
         "    tcp flags & (syn | ack) == syn ct mark and 0x10000000 != 0 ct mark set ct mark and 0xf1ffffff " + queue + "\n"
         "    ct state new ct mark set ct mark or 0x10000000\n"
         "  }\n"
         "  chain ask {\n"
         "    type filter hook output priority -151; policy accept;\n"
         "    ct mark and 0x10000000 == 0 accept\n"
         "    ct direction reply accept\n"
         "    ct mark and " + mask + " != 0 accept\n"
         + kNotAsked +
         "    ct mark and " + hex(kMarkBegun) + " != 0 meta mark set meta mark or " + hex(kMarkBegun) + "\n"
         "    meta l4proto { tcp, udp } " + queue + "\n"
         "  }\n"
         "  chain act {\n"
         "    type filter hook output priority 10; policy accept;\n"
         + answers + refused + "meta l4proto tcp reject with tcp reset\n"
         + refused + "reject with icmpx admin-prohibited\n"
         + (gate.pass_when_down ? unanswered + "  }\n" + went_by : "  }\n") +
         "}\n";
}

}  // namespace caretaker::platform
