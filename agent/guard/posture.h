// How the machine itself is kept: looked at once a minute; what has changed since it was last told goes into the book. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "agent/guard/book.h"
#include "platform/base/posture_facts.h"

namespace caretaker::agent {

using PostureWords = std::map<std::string, std::string>;  // by subject (policy::decide_posture)

class Posture {
 public:
  using Look = std::function<PostureFacts()>;
  // `file` keeps what was told, so that a start is no news.
  Posture(std::filesystem::path file, Look look, Book& book, const Clock& clock);

  void tick();
  [[nodiscard]] const PostureWords& words() const { return words_; }  // empty before the first look

 private:
  void tell(const PostureWords& words);

  const std::filesystem::path file_;
  const Look look_;
  Book& book_;
  const Clock& clock_;
  PostureWords words_;
  PostureWords told_;
  MonotonicMs next_ = INT64_MIN;
};

}  // namespace caretaker::agent
