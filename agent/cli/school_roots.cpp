#include "agent/cli/school_roots.h"

namespace caretaker::agent {

Result<std::vector<sync::VerifiedRoot>> open_roots(const School& school) {
  TRY(envelopes, read_roots(school));
  std::vector<sync::VerifiedRoot> roots;
  for (Bytes& envelope : envelopes) {
    const sync::RawBlob blob{std::move(envelope)};
    TRY(next, roots.empty() ? sync::VerifiedRoot::open_first(blob, school.id) : roots.back().open_next(blob));
    roots.push_back(std::move(next));
  }
  return roots;
}

}  // namespace caretaker::agent
