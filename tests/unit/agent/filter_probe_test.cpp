#include "agent/gate/filter_probe.h"

#include "tests/unit/agent/running_dns.h"

using namespace caretaker;
using namespace caretaker::agent;
using namespace caretaker::agent::test;

TEST_CASE("the filter works when it answers by a policy, and not when it is there without one, or is not there", "[R10]") {
  std::optional<platform::Endpoint> left;
  {
    RunningDns dns;
    left = dns.at();
    FilterProbe probe(dns.at(), system_clock());
    CHECK_FALSE(probe.works(2000));
    dns.server().set_filter(make_filter(small_policy({})));
    CHECK(probe.works(5000));
    CHECK(probe.works(5000));
  }
  CHECK_FALSE(FilterProbe(*left, system_clock()).works(500));
}
