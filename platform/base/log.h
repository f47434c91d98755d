// The log for people who look after the machine. Never a child's name, a name asked for, or a key.
// Thread-safe; a full disk or a missing channel is not an error. Goes to standard error until a main sets a channel.
#pragma once

#include <string_view>

namespace caretaker {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

void set_log_level(LogLevel lowest);
void log(LogLevel level, std::string_view source, std::string_view message);

inline void log_debug(std::string_view source, std::string_view message) { log(LogLevel::kDebug, source, message); }
inline void log_info(std::string_view source, std::string_view message) { log(LogLevel::kInfo, source, message); }
inline void log_warning(std::string_view source, std::string_view message) { log(LogLevel::kWarning, source, message); }
inline void log_error(std::string_view source, std::string_view message) { log(LogLevel::kError, source, message); }

}  // namespace caretaker
