#include "agent/cli/exception.h"

#include <cstdio>

#include "agent/cli/current_policy.h"
#include "agent/cli/table.h"
#include "platform/files.h"
#include "policy/domain_name.h"
#include "policy/exceptions.h"

namespace caretaker::agent {
namespace {

constexpr UnixSeconds kCloseSeconds = 86'400;  // a closing letter is for devices that sleep now, too

Result<sync::Exception> make_exception(const ExceptionOptions& options, const sync::SchoolId& school, UnixSeconds now) {
  TRY(name, policy::normalise_name(options.name));
  TRY(until, parse_lesson_time(options.until, now));
  TRY(from, options.from.empty() ? Result<UnixSeconds>(now) : parse_lesson_time(options.from, now));
  if (until <= now || from >= until) return make_error(ErrorCode::kInvalidInput, "--until must be later than now and than --from");
  return sync::Exception{{school, std::nullopt, now, until}, name, options.group, std::max(from, now), std::nullopt};
}

// What every device would answer anyway, said before it is signed. The lists are on the devices alone.
Status check_policy(Desk& desk, const sync::Exception& exception, const Clock& clock) {
  TRY(current, fetch_current_policy(desk.client, desk.school, clock));
  if (!current) return make_error(ErrorCode::kNotFound, "the school has no policy yet");
  const policy::LessonRequest request{{exception.name, exception.group}, exception.head.until - exception.from,
                                      local_second_of_day(exception.from), local_second_of_day(exception.head.until)};
  const auto refusal = policy::judge_lesson(current->rules, request);
  if (refusal == policy::LessonRefusal::kNone) return ok();
  return make_error(ErrorCode::kPermissionDenied, std::string(policy::lesson_refusal_text(refusal)));
}

Status hand_over(Desk& desk, const sync::Exception& exception, const ExceptionOptions& options, const Clock& clock) {
  const SigningKey* signer = &desk.key.signing;
  const Bytes envelope = sync::make_envelope(sync::PayloadType::kException, sync::make_exception_payload(exception), {&signer, 1});
  TRY(opened, sync::open_exception({envelope}, desk.school.root));
  if (!options.out.empty()) return platform::replace_file(options.out, envelope, 0644);
  TRY_DONE(desk.client.ask("exception.publish", Json::Object{{"envelope", to_base64(envelope)}}, clock));
  std::printf("Letter %s\n", sync::letter_name(opened.id).c_str());
  return ok();
}

std::string state_of(const sync::Exception& exception, UnixSeconds now) {
  if (exception.closes) return "closes " + sync::letter_name(*exception.closes);
  if (exception.head.until <= now) return "over";
  return exception.from > now ? "waits" : "open";
}

std::string refusals(const Json& refused) {
  std::string out;
  if (refused.as_object() == nullptr) return "-";
  for (const auto& [check, count] : *refused.as_object()) {
    if (count.as_int() != nullptr) out += (out.empty() ? "" : ", ") + printable(check) + " by " + std::to_string(*count.as_int());
  }
  return out.empty() ? "-" : out;
}

}  // namespace

Result<UnixSeconds> parse_lesson_time(const std::string& text, UnixSeconds now) {
  if (const auto whole = parse_rfc3339(text)) return *whole;
  int hour = 0, minute = 0;
  char rest = 0;
  if (text.size() == 5 && std::sscanf(text.c_str(), "%2d:%2d%c", &hour, &minute, &rest) == 2 && hour >= 0 && hour < 24 && minute >= 0 && minute < 60) {
    return now - local_second_of_day(now) + hour * 3600 + minute * 60;
  }
  return make_error(ErrorCode::kInvalidInput, "\"" + text + "\": expected a time of today such as 12:30, or 2027-01-08T12:30:00Z");
}

Result<std::string> show_exceptions(const Json& answer, const sync::VerifiedRoot& root, UnixSeconds now) {
  TRY(rows, answer.array_at("exceptions"));
  Table table({"LETTER", "SITE", "FOR", "FROM", "UNTIL", "BY", "STATE", "DEVICES", "REFUSED"});
  for (const Json& row : *rows) {
    TRY(envelope, row.base64_at("envelope"));
    const auto opened = sync::open_exception({envelope}, root);
    if (!opened) continue;  // signed by somebody who has left: the change log has it
    const sync::Exception& exception = opened->exception;
    const auto key = root.root().keys.find(*opened->signers.begin());
    const std::int64_t* taken = row["taken"].as_int();
    table.add({sync::letter_name(opened->id), policy::display_name(exception.name), printable(exception.group),
               exception.closes ? "" : to_rfc3339(exception.from), to_rfc3339(exception.head.until),
               key == root.root().keys.end() ? "-" : printable(key->second.holder), state_of(exception, now),
               taken == nullptr ? "-" : std::to_string(*taken), refusals(row["refused"])});
  }
  return table.text();
}

Status run_exception_open(const ExceptionOptions& options, const Clock& clock) {
  TRY(school, open_school(options.school));
  TRY(exception, make_exception(options, school.id, clock.now()));
  TRY(desk, sit_down(options, std::move(school)));
  TRY_DONE(check_policy(desk, exception, clock));
  TRY_DONE(hand_over(desk, exception, options, clock));
  std::printf("%s is open for %s until %s.\n", policy::display_name(exception.name).c_str(), exception.group.c_str(),
              to_rfc3339(exception.head.until).c_str());
  return ok();
}

Status run_exception_close(const ExceptionOptions& options, const Clock& clock) {
  TRY(bytes, parse_hex(options.letter));
  TRY(id, to_array<16>(bytes));
  TRY(desk, sit_down(options));
  const sync::Exception exception{{desk.school.id, std::nullopt, clock.now(), clock.now() + kCloseSeconds}, "", "", 0, id};
  return hand_over(desk, exception, options, clock);
}

Status run_exception_list(const ExceptionOptions& options, const Clock& clock) {
  TRY(desk, sit_down(options));
  TRY(answer, desk.client.ask("exceptions.list", Json::Object{}, clock));
  TRY(text, options.json ? Result<std::string>(answer.dump(2) + "\n") : show_exceptions(answer, desk.school.root, clock.now()));
  std::fputs(text.c_str(), stdout);
  return ok();
}

}  // namespace caretaker::agent
