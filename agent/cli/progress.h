// What is shown of work that takes over a second: one line on standard error. One thread.
#pragma once

#include <string_view>

#include "platform/base/clock.h"

namespace caretaker::agent {

class Progress {
 public:
  // always: also where standard error is no terminal, then a line every few seconds.
  explicit Progress(bool always);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(std::string_view what, int percent);  // cheap enough for every few thousand steps
  void finish();                                  // takes the line away; also done at the end

 private:
  const bool terminal_;
  const bool shown_at_all_;
  const MonotonicMs start_;
  MonotonicMs last_ = 0;
};

}  // namespace caretaker::agent
