#include "agent/net/dns_filter.h"

#include "agent/net/portal_questions.h"
#include "agent/notice.h"
#include "platform/base/clock.h"
#include "policy/portal.h"

namespace caretaker::agent {
namespace {

using policy::Reason;
using policy::Verdict;

constexpr std::size_t kCacheBytes = 4u << 20;
constexpr std::size_t kMaxWaiting = 1024;  // about a kilobyte each
constexpr MonotonicMs kSetLookMs = 60'000;

bool is_address(std::uint16_t type) { return type == dns_type::kA || type == dns_type::kAaaa; }

ExtendedError error_for(Reason reason) {
  if (reason == Reason::kLockedClass) return ExtendedError::kCensored;
  if (reason == Reason::kCanary) return ExtendedError::kFiltered;
  if (reason == Reason::kListsDamaged) return ExtendedError::kNotReady;
  return ExtendedError::kBlocked;
}

// The address of the school's own page, in network order; empty when there is none for this type.
ByteView block_address(const policy::Policy& policy, std::uint16_t type, platform::Endpoint& room) {
  const auto& text = type == dns_type::kA ? policy.block_address_v4 : policy.block_address_v6;
  const auto parsed = platform::parse_endpoint(text, 0);
  if (!is_address(type) || !parsed || parsed->is_v6 != (type == dns_type::kAaaa)) return {};
  room = *parsed;
  return ByteView(room.address).first(room.is_v6 ? 16 : 4);
}

}  // namespace

std::optional<policy::DnsDecision> blocked_on_the_way(const Asker& asker, const policy::DnsDecision& asked,
                                                      const DnsName& asked_name, ByteView clean) {
  const auto header = read_header(clean);
  DnsQuestion question;
  auto at = header ? read_question(clean, kDnsHeader, question) : std::nullopt;
  DnsName last = asked_name;
  NameText buffer;
  const auto forbids = [&](const DnsName& name) -> std::optional<policy::DnsDecision> {
    if (same_name(name, last) || same_name(name, asked_name)) return std::nullopt;
    last = name;
    auto decision = decide_target(asker, asked, to_rule_text(name, buffer));
    if (decision.verdict != Verdict::kBlock) return std::nullopt;
    return decision;
  };
  DnsRecord record;
  for (int i = 0; at && i < header->answers; ++i) {
    at = read_record(clean, *at, record);
    if (!at) break;
    const bool is_far = is_address(record.type) && !policy::is_near_address(clean.subspan(record.rdata_at, record.rdata_size));
    if (is_far && policy::is_near_only(asked)) return policy::without_portal(asked);
    if (auto decision = forbids(record.name)) return decision;
    if (const auto next = next_name(clean, record)) {
      if (auto decision = forbids(*next)) return decision;
    }
  }
  return std::nullopt;
}

DnsFilter::DnsFilter(platform::Poller& poller, std::vector<platform::Endpoint> own, ViolationSink sink,
                     DnsCounters& counters)
    : counters_(counters), routes_(std::move(own)), upstream_(poller), cache_(kCacheBytes), violations_(std::move(sink)) {}

void DnsFilter::use(FilterPtr filter) {
  filter_ = std::move(filter);
  ++generation_;
  cache_.clear();  // other upstreams may say other things
  askers_ = Askers();  // or one who asks no more would hold on to the old set, and it to its space on the disk
  if (filter_) routes_.use(filter_->policy);
}

DnsFilter::Outcome DnsFilter::on_query(ByteView message, const DnsClient& client, MonotonicMs now, DnsWriter& out) {
  count(counters_.queries);
  DnsQuery query;
  std::uint16_t refusal = rcode::kFormErr;
  switch (parse_query(message, query, refusal)) {
    case Parsed::kQuery: break;
    case Parsed::kRefused:
      count(counters_.malformed);
      write_empty_answer(query, refusal, std::nullopt, answer_limit(query, client.transport), out);
      return Outcome::kAnswered;
    case Parsed::kIgnored: count(counters_.malformed); return Outcome::kIgnored;
  }
  if (is_for_page(query)) {
    write_page(query, answer_limit(query, client.transport), out);
    return Outcome::kAnswered;
  }
  if (filter_) {
    look_again_in_time(now);
    return decide_and_answer(client, query, now, out);
  }
  count(counters_.not_ready);
  write_empty_answer(query, rcode::kServFail, Explanation{ExtendedError::kNotReady, "no-policy"},
                     answer_limit(query, client.transport), out);
  return Outcome::kAnswered;
}

bool DnsFilter::is_for_page(const DnsQuery& query) const {
  NameText buffer;
  return page_ && to_rule_text(query.question.name, buffer) == kPageHost;
}

void DnsFilter::write_page(const DnsQuery& query, std::size_t limit, DnsWriter& out) const {
  const auto wanted = page_->is_v6 ? dns_type::kAaaa : dns_type::kA;
  if (query.question.type != wanted) return write_empty_answer(query, rcode::kNoError, std::nullopt, limit, out);
  write_address_answer(query, ByteView(page_->address).first(page_->is_v6 ? 16 : 4), std::nullopt, limit, out);
}

// Memory is given back and read anew from the disk without anybody being told; so nothing that was compared is taken for good for ever.
void DnsFilter::look_again_in_time(MonotonicMs now) {
  if (now < next_set_look_) return;
  next_set_look_ = now + kSetLookMs;
  filter_->set.look_again();
}

DnsFilter::Outcome DnsFilter::decide_and_answer(const DnsClient& client, const DnsQuery& query, MonotonicMs now,
                                                DnsWriter& out) {
  const auto& asker = askers_.find(filter_, client.owner, now);
  NameText buffer;
  const auto name = to_rule_text(query.question.name, buffer);
  auto decision = decide(*asker, name);
  const auto limit = answer_limit(query, client.transport);
  if (tell_portal_question_ && is_portal_question(name)) tell_portal_question_();

  if (decision.verdict == Verdict::kBlock) {
    violations_.note(*asker, decision, name, system_clock().now(), now);
    write_blocked(query, *asker, decision, limit, out);
    return Outcome::kAnswered;
  }
  if (policy::is_near_only(decision) && !is_address(query.question.type)) {  // nothing else of it is known to be near
    write_empty_answer(query, rcode::kNoError, std::nullopt, limit, out);
    return Outcome::kAnswered;
  }
  Waiting waiting{client, query, asker, std::move(decision), query.question.name};
  if (waiting.decision.verdict != Verdict::kRewrite) return answer_from_cache_or_ask(std::move(waiting), now, out);

  count(counters_.rewritten);
  const auto target = parse_dns_name(waiting.decision.target);
  if (!target) {  // a policy that names no safe name must not open the unsafe one
    write_failure(waiting, out);
    return Outcome::kAnswered;
  }
  waiting.asked_name = *target;
  if (is_address(query.question.type)) return answer_from_cache_or_ask(std::move(waiting), now, out);
  write_rewritten_answer(query, *target, {}, 0, {ExtendedError::kForged, explain(waiting.decision)}, limit, out);
  return Outcome::kAnswered;
}

DnsFilter::Outcome DnsFilter::answer_from_cache_or_ask(Waiting waiting, MonotonicMs now, DnsWriter& out) {
  const auto& query = waiting.query;
  const auto route = routes_.route(waiting.decision, now);
  const DnsQuestion question{waiting.asked_name, query.question.type, kClassIn};
  const DnsKey key(question, query.dnssec_ok, query.checking_disabled(), route.scope);
  if (const auto hit = cache_.find(key, now)) {
    count(counters_.from_cache);
    write_checked(waiting, hit->message, hit->age, now, out);
    return Outcome::kAnswered;
  }
  const bool has_servers = route.servers && !route.servers->empty();
  if (!has_servers && waiting.decision.reason == Reason::kLocalName) {  // nobody here can know it (RFC 6762 section 22.1)
    write_empty_answer(query, rcode::kNxDomain, std::nullopt, answer_limit(query, waiting.client.transport), out);
    return Outcome::kAnswered;
  }
  return ask(std::move(waiting), key, question, route, now, out);
}

DnsFilter::Outcome DnsFilter::ask(Waiting waiting, const DnsKey& key, const DnsQuestion& question, const DnsRoute& route,
                                  MonotonicMs now, DnsWriter& out) {
  const auto& query = waiting.query;
  const auto ticket = upstream_.ask(key, question, query.dnssec_ok, query.checking_disabled(), route.servers, now);
  if (!ticket || waiting_count_ >= kMaxWaiting) {
    write_failure(waiting, out);
    return Outcome::kAnswered;
  }
  count(counters_.asked_upstream);
  auto& pending = pending_.try_emplace(*ticket, Pending{generation_, key, {}}).first->second;
  pending.waiting.push_back(std::move(waiting));
  ++waiting_count_;
  return Outcome::kWaiting;
}

std::vector<DnsFilter::Finished> DnsFilter::take(DnsUpstream::Answer answer, MonotonicMs now) {
  std::vector<Finished> finished;
  auto pending = pending_.extract(answer.ticket);
  if (pending.empty()) return finished;
  auto& [generation, key, waiting] = pending.mapped();
  if (generation == generation_ && !answer.message.empty()) cache_.put(key, answer.message, answer.facts.ttl, now);
  waiting_count_ -= waiting.size();
  finished.push_back({std::move(waiting), std::move(answer.message)});
  return finished;
}

std::vector<DnsFilter::Finished> DnsFilter::on_ready(const platform::Poller::Event& event, MonotonicMs now) {
  auto answer = upstream_.on_ready(event, now);
  counters_.forged.store(upstream_.forged(), std::memory_order_relaxed);
  return answer ? take(std::move(*answer), now) : std::vector<Finished>{};
}

std::vector<DnsFilter::Finished> DnsFilter::on_time(MonotonicMs now) {
  std::vector<Finished> finished;
  for (auto& answer : upstream_.on_time(now)) {
    for (auto& one : take(std::move(answer), now)) finished.push_back(std::move(one));
  }
  return finished;
}

void DnsFilter::write_answer(const Waiting& waiting, const Bytes& message, MonotonicMs now, DnsWriter& out) {
  if (message.empty()) return write_failure(waiting, out);
  write_checked(waiting, message, 0, now, out);
}

void DnsFilter::write_checked(const Waiting& waiting, ByteView clean, std::uint32_t age, MonotonicMs now,
                              DnsWriter& out) {
  const auto& [client, query, asker, decision, asked_name] = waiting;
  const auto limit = answer_limit(query, client.transport);
  if (const auto forbidden = blocked_on_the_way(*asker, decision, asked_name, clean)) {
    NameText buffer;
    violations_.note(*asker, *forbidden, to_rule_text(query.question.name, buffer), system_clock().now(), now);
    return write_blocked(query, *asker, *forbidden, limit, out);
  }
  if (decision.verdict != Verdict::kRewrite) return write_upstream_answer(query, clean, age, limit, out);
  write_rewritten_answer(query, asked_name, clean, age, {ExtendedError::kForged, explain(decision)}, limit, out);
}

void DnsFilter::write_blocked(const DnsQuery& query, const Asker& asker, const policy::DnsDecision& decision,
                              std::size_t limit, DnsWriter& out) {
  std::optional<Explanation> why;
  if (query.has_edns) why = {error_for(decision.reason), explain(decision)};
  if (decision.reason == Reason::kListsDamaged) {
    count(counters_.not_ready);
    return write_empty_answer(query, rcode::kServFail, why, limit, out);
  }
  count(counters_.blocked);
  const auto& policy = asker.filter->policy;
  if (policy.block_answer == policy::BlockAnswer::kNxdomain || policy::needs_nxdomain(decision.reason)) {
    return write_empty_answer(query, rcode::kNxDomain, why, limit, out);
  }
  platform::Endpoint room;
  const auto address = block_address(policy, query.question.type, room);
  if (address.empty()) return write_empty_answer(query, rcode::kNoError, why, limit, out);
  write_address_answer(query, address, why, limit, out);
}

void DnsFilter::write_failure(const Waiting& waiting, DnsWriter& out) {
  count(counters_.upstream_failures);
  write_empty_answer(waiting.query, rcode::kServFail,
                     Explanation{ExtendedError::kNoReachableAuthority, "no upstream answered"},
                     answer_limit(waiting.query, waiting.client.transport), out);
}

// For a person with dig: the stable name of the reason, and the category where there is one. Valid until the next call.
std::string_view DnsFilter::explain(const policy::DnsDecision& decision) {
  explanation_ = policy::reason_name(decision.reason);
  if (!decision.category.empty()) explanation_.append(": ").append(decision.category);
  return explanation_;
}

}  // namespace caretaker::agent
