#include "platform/base/log.h"

#include <Poco/AutoPtr.h>
#include <Poco/ConsoleChannel.h>
#include <Poco/FormattingChannel.h>
#include <Poco/Logger.h>
#include <Poco/PatternFormatter.h>

#include <iostream>
#include <string>

namespace caretaker {
namespace {

Poco::Logger& root_logger() {
  static Poco::Logger& logger = []() -> Poco::Logger& {
    Poco::AutoPtr<Poco::PatternFormatter> form(new Poco::PatternFormatter("%Y-%m-%dT%H:%M:%SZ %p %s: %t"));
    Poco::AutoPtr<Poco::ConsoleChannel> console(new Poco::ConsoleChannel(std::cerr));
    Poco::AutoPtr<Poco::FormattingChannel> channel(new Poco::FormattingChannel(form, console));
    Poco::Logger& created = Poco::Logger::create("caretaker", channel, Poco::Message::PRIO_INFORMATION);
    return created;
  }();
  return logger;
}

Poco::Message::Priority priority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return Poco::Message::PRIO_DEBUG;
    case LogLevel::kInfo: return Poco::Message::PRIO_INFORMATION;
    case LogLevel::kWarning: return Poco::Message::PRIO_WARNING;
    case LogLevel::kError: return Poco::Message::PRIO_ERROR;
  }
  return Poco::Message::PRIO_ERROR;
}

}  // namespace

void set_log_level(LogLevel lowest) { root_logger().setLevel(priority(lowest)); }

void log(LogLevel level, std::string_view source, std::string_view message) {
  Poco::Logger& logger = root_logger();
  if (!logger.is(priority(level))) return;
  logger.log(Poco::Message(std::string(source), std::string(message), priority(level)));
}

}  // namespace caretaker
