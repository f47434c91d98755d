// Posture, put together from its probes.
#include "platform/posture.h"

#include <algorithm>

#include "platform/linux/firewall_report.h"
#include "platform/linux/lock_settings.h"
#include "platform/linux/posture_disk.h"
#include "platform/linux/posture_programs.h"
#include "platform/linux/posture_updates.h"

namespace caretaker::platform {

PostureFacts find_posture(const PostureSources& sources) {
  PostureFacts facts;
  facts.disk = std::min({keeping_of_disk(sources, "/"), keeping_of_disk(sources, sources.state), keeping_of_places(sources)});
  facts.scanner = has_scanner(sources.root);
  facts.signatures = newest_signatures(sources.root);
  facts.firewall = read_firewall_report(sources.root / sources.firewall.relative_path(), sources.now);
  facts.locker = has_locker(sources.root);
  facts.locking_switched_off = is_locking_switched_off(sources.root);
  facts.updates_asked = updates_asked(sources.root);
  facts.restart_since = restart_due_since(sources.root);
  return facts;
}

}  // namespace caretaker::platform
