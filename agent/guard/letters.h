// What is signed and comes to this device beside root, policy and lists. Each kind has one part of the guard that opens it; here
// it finds that part, is used once, and its fate goes into the book: "letter.taken" by its id, "letter.refused" by
// check and id ("L5:0123.."). One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "agent/guard/policy_store.h"
#include "agent/guard/subject.h"
#include "sync/letter.h"

namespace caretaker::agent {

class Letters {
 public:
  // What a part made of a letter: until when it must not be taken again, and what else the book is to hold of it.
  struct Taken {
    UnixSeconds until = 0;
    std::vector<Subject> findings;
  };
  // Verifies the letter, does what it says and makes that durable, or refuses and changes nothing; kUnavailable: not yet, it is to
  // come again. After a power cut the same letter may
  // come once more, although it was taken: what a part does is keyed by the id.
  using Part = std::function<Result<Taken>(const sync::RawBlob&, const sync::LetterId&)>;

  // `file`: the ids that have been used, each until people's keys have signed a later time than its end; the clock alone, which
  // can be set back, makes nothing good again.
  Letters(std::filesystem::path file, const PolicyStore& trust);

  void set_part(sync::PayloadType type, Part part) { parts_[type] = std::move(part); }

  // The server gives a letter until it has the device's word, so one that has been used is passed over in silence; when it
  // `has_our_word` (everything in the book is confirmed) that is a replay, L6.
  [[nodiscard]] std::vector<Subject> take(const std::vector<Bytes>& letters, bool has_our_word);

 private:
  [[nodiscard]] Result<std::vector<Subject>> take_one(const sync::RawBlob& blob, const sync::LetterLabel& label);
  void forget_old();
  [[nodiscard]] Status remember(const sync::LetterId& id, UnixSeconds until);
  void load();

  std::filesystem::path file_;
  const PolicyStore& trust_;
  std::map<sync::PayloadType, Part> parts_;
  std::map<sync::LetterId, UnixSeconds> used_;
};

}  // namespace caretaker::agent
