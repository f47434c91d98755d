#include "agent/net/dns_upstream.h"

#include <algorithm>

namespace caretaker::agent {
namespace {

constexpr std::size_t kMaxAsked = 512;
constexpr std::size_t kMaxServersRemembered = 64;
constexpr MonotonicMs kGiveUpMs = 6000;
constexpr MonotonicMs kUdpWaitMs[] = {500, 800, 1200, 1500};
constexpr MonotonicMs kTcpWaitMs = 3000;
constexpr MonotonicMs kQuirkMs = 600'000;  // how long a server is taken to lack EDNS or to level case
constexpr unsigned kBadAfter = 2;
constexpr unsigned kMaxAttempts = 8;

std::uint64_t token_of(DnsUpstream::Ticket ticket, unsigned attempt) {
  return DnsUpstream::kFirstToken | ticket << 4 | attempt;
}

MonotonicMs penalty_ms(unsigned failures) { return std::min<MonotonicMs>(60'000, 5'000ll << std::min(failures, 5u)); }

bool is_final(std::uint16_t code) { return code == rcode::kNoError || code == rcode::kNxDomain; }

}  // namespace

Result<DnsUpstream::Ticket> DnsUpstream::ask(const DnsKey& key, const DnsQuestion& question, bool dnssec_ok,
                                             bool checking_disabled, const Servers& servers, MonotonicMs now) {
  if (const auto same = by_key_.find(key.view()); same != by_key_.end()) return same->second;
  if (!servers || servers->empty()) return make_error(ErrorCode::kUnavailable, "no upstream");
  if (asked_.size() >= kMaxAsked) return make_error(ErrorCode::kFull, "too many questions on their way");
  const auto ticket = ++last_ticket_;
  Asked asked;
  asked.key = key.view();
  asked.question = question;
  make_lower_case(asked.question.name);
  asked.dnssec_ok = dnssec_ok;
  asked.checking_disabled = checking_disabled;
  asked.servers = servers;
  asked.tried.assign(servers->size(), false);
  asked.give_up = now + kGiveUpMs;
  if (!try_next(ticket, asked, now)) return make_error(ErrorCode::kUnavailable, "no upstream can be reached");
  by_key_.emplace(asked.key, ticket);
  asked_.emplace(ticket, std::move(asked));
  return ticket;
}

DnsUpstream::Health& DnsUpstream::health(const platform::Endpoint& server) {
  const auto found =
      std::find_if(health_.begin(), health_.end(), [&](const auto& known) { return known.first == server; });
  if (found != health_.end()) return found->second;
  if (health_.size() >= kMaxServersRemembered) health_.erase(health_.begin());
  return health_.emplace_back(server, Health{}).second;
}

// Of those not tried in this round the first that is healthy, else the first; when all were tried, a new round.
const platform::Endpoint& DnsUpstream::choose(Asked& asked, MonotonicMs now) {
  const auto& servers = *asked.servers;
  const auto find = [&](bool may_be_bad) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      if (!asked.tried[i] && (may_be_bad || health(servers[i]).bad_until <= now)) return i;
    }
    return servers.size();
  };
  if (find(true) == servers.size()) asked.tried.assign(servers.size(), false);
  const auto healthy = find(false);
  const auto chosen = healthy < servers.size() ? healthy : find(true);
  asked.tried[chosen] = true;
  return servers[chosen];
}

ExchangeOptions DnsUpstream::options_for(const Asked& asked, const platform::Endpoint& server, Transport transport,
                                         MonotonicMs now) {
  const auto& known = health(server);
  return {transport, asked.dnssec_ok, asked.checking_disabled, known.plain_until <= now, known.levelled_until <= now};
}

bool DnsUpstream::try_next(Ticket ticket, Asked& asked, MonotonicMs now) {
  while (asked.attempts < kMaxAttempts && now < asked.give_up) {
    asked.case_was_changed = false;
    if (try_server(ticket, asked, choose(asked, now), Transport::kUdp, now)) return true;
  }
  return false;
}

bool DnsUpstream::try_server(Ticket ticket, Asked& asked, const platform::Endpoint& server, Transport transport,
                             MonotonicMs now) {
  const auto attempt = asked.attempts++;
  if (attempt >= kMaxAttempts) return false;
  auto exchange = DnsExchange::begin(server, asked.question, options_for(asked, server, transport, now));
  if (!exchange) return false;
  const bool is_tcp = transport == Transport::kTcp;
  const auto interest = is_tcp ? platform::Poller::Interest::kReadWrite : platform::Poller::Interest::kRead;
  if (!poller_.watch(exchange->socket(), token_of(ticket, attempt), interest)) return false;
  asked.exchange = std::move(*exchange);
  const auto wait = is_tcp ? kTcpWaitMs : kUdpWaitMs[std::min<std::size_t>(attempt, std::size(kUdpWaitMs) - 1)];
  asked.deadline = std::min(now + wait, asked.give_up);
  earliest_ = asked_.empty() ? asked.deadline : std::min(earliest_, asked.deadline);
  return true;
}

void DnsUpstream::note_failure(Asked& asked, MonotonicMs now) {
  auto& known = health(asked.exchange->server());
  if (asked.case_was_changed) known.levelled_until = now + kQuirkMs;  // no TCP there to ask for the truth
  if (++known.failures >= kBadAfter) known.bad_until = now + penalty_ms(known.failures - kBadAfter);
}

void DnsUpstream::note_success(const Asked& asked) {
  auto& known = health(asked.exchange->server());
  known.failures = 0;
  known.bad_until = 0;
}

DnsUpstream::Answer DnsUpstream::finish(Ticket ticket, Answer answer) {
  const auto found = asked_.find(ticket);
  by_key_.erase(found->second.key);
  asked_.erase(found);
  answer.ticket = ticket;
  return answer;
}

std::optional<DnsUpstream::Answer> DnsUpstream::go_on(Ticket ticket, Asked& asked, bool is_asked_again) {
  if (is_asked_again) return std::nullopt;
  Answer answer;
  if (asked.unhappy) answer = std::move(*asked.unhappy);
  return finish(ticket, std::move(answer));
}

std::optional<DnsUpstream::Answer> DnsUpstream::on_answer(Ticket ticket, Asked& asked, MonotonicMs now) {
  DnsWriter writer(clean_);
  const auto facts = clean_answer(asked.exchange->answer(), writer);
  if (!facts) {
    note_failure(asked, now);
    return go_on(ticket, asked, try_next(ticket, asked, now));
  }
  note_success(asked);
  Answer answer{ticket, to_bytes(writer.bytes()), *facts};
  if (is_final(facts->code)) return finish(ticket, std::move(answer));
  asked.unhappy = std::move(answer);
  const bool was_last = asked.attempts >= asked.servers->size();
  return go_on(ticket, asked, !was_last && try_next(ticket, asked, now));
}

std::optional<DnsUpstream::Answer> DnsUpstream::on_state(Ticket ticket, Asked& asked, DnsExchange::State state,
                                                         MonotonicMs now) {
  using State = DnsExchange::State;
  const auto server = asked.exchange->server();
  const bool is_tcp = asked.exchange->options().transport == Transport::kTcp;
  switch (state) {
    case State::kWaiting: return std::nullopt;
    case State::kAnswered: return on_answer(ticket, asked, now);
    case State::kCaseChanged:
      if (is_tcp) {  // nobody forges that: the server levels case
        health(server).levelled_until = now + kQuirkMs;
        return go_on(ticket, asked, try_server(ticket, asked, server, Transport::kUdp, now));
      }
      asked.case_was_changed = true;
      return go_on(ticket, asked, try_server(ticket, asked, server, Transport::kTcp, now));
    case State::kTruncated:
    case State::kAttacked: return go_on(ticket, asked, try_server(ticket, asked, server, Transport::kTcp, now));
    case State::kNoEdns:
      health(server).plain_until = now + kQuirkMs;
      return go_on(ticket, asked, try_server(ticket, asked, server, asked.exchange->options().transport, now));
    case State::kFailed: break;
  }
  note_failure(asked, now);
  return go_on(ticket, asked, try_next(ticket, asked, now));
}

std::optional<DnsUpstream::Answer> DnsUpstream::on_ready(const platform::Poller::Event& event, MonotonicMs now) {
  const auto ticket = (event.token & ~kFirstToken) >> 4;
  const auto found = asked_.find(ticket);
  if (found == asked_.end() || token_of(ticket, found->second.attempts - 1) != event.token) return std::nullopt;
  auto& asked = found->second;
  auto& exchange = *asked.exchange;
  const bool was_writing = exchange.wants_to_write();
  const auto forged = exchange.forged();
  const auto state = exchange.on_ready(event, received_);
  forged_ += exchange.forged() - forged;
  if (state == DnsExchange::State::kWaiting && was_writing && !exchange.wants_to_write()) {
    // A watch that cannot be changed only wakes us more often, until the deadline.
    (void)poller_.change(exchange.socket(), event.token, platform::Poller::Interest::kRead);
  }
  return on_state(ticket, asked, state, now);
}

std::vector<DnsUpstream::Answer> DnsUpstream::on_time(MonotonicMs now) {
  std::vector<Answer> answers;
  if (asked_.empty() || now < earliest_) return answers;
  std::vector<Ticket> late;
  for (const auto& [ticket, asked] : asked_) {
    if (asked.deadline <= now) late.push_back(ticket);
  }
  for (const auto ticket : late) {
    auto& asked = asked_.at(ticket);
    if (auto answer = on_state(ticket, asked, DnsExchange::State::kFailed, now)) answers.push_back(std::move(*answer));
  }
  if (!asked_.empty()) {
    earliest_ = std::min_element(asked_.begin(), asked_.end(), [](const auto& a, const auto& b) {
                  return a.second.deadline < b.second.deadline;
                })->second.deadline;
  }
  return answers;
}

std::optional<MonotonicMs> DnsUpstream::next_deadline() const {
  if (asked_.empty()) return std::nullopt;
  return earliest_;
}

}  // namespace caretaker::agent
