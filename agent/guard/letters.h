// What is signed and comes to this device beside root, policy and lists. Each kind has one part of the guard that opens it; here
// it finds that part, is used once, and its fate goes into the book: "letter.taken" by its id, "letter.refused" by
// check and id ("L5:0123.."). One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "agent/guard/policy_store.h"
#include "agent/guard/subject.h"
#include "sync/letter.h"

namespace caretaker::agent {

// Whose a letter is, for Letters::Taken::by: the keys that signed it.
[[nodiscard]] std::string signers_name(const std::set<sync::KeyId>& signers);

class Letters {
 public:
  // What a part made of a letter: until when it must not be taken again, what else the book is to hold of it, and whose it is.
  struct Taken {
    UnixSeconds until = 0;
    std::vector<Subject> findings;
    std::string by = {};
    bool may_come_again = false;  // once what it did is lost: forget_lost()
  };
  // Whether one more of `by`'s letters can be remembered; L7.
  using Room = std::function<Status(const std::string& by)>;
  // Verifies the letter, does what it says and makes that durable, or refuses and changes nothing; kUnavailable, or kFull without a
  // check's number (the disk): not yet, it is to come again. One that would do harm the second time asks for room first; one that would not (it ends something) is taken also where
  // there is none, and then not remembered. After a power cut the same letter may
  // come once more, although it was taken: what a part does is keyed by the id.
  using Part = std::function<Result<Taken>(const sync::RawBlob&, const sync::LetterId&, const Room&)>;

  // `file`, kept twice: the ids that have been used, each until its end is surely past (policy_store.h). Each signer fills places of their own and no more, so that nobody's key keeps another's
  // letters out.
  Letters(std::filesystem::path file, const PolicyStore& trust, const Clock& clock);

  // "letters-damaged": both are, and what was used is not known any more.
  [[nodiscard]] std::set<std::string> health() const;

  void set_part(sync::PayloadType type, Part part) { parts_[type] = std::move(part); }

  // What some letters did is lost on this disk: those that may come again are not used any more. Errors: it is not written down.
  [[nodiscard]] Status forget_lost();

  // The server gives a letter until it has the device's word, so one that has been used is passed over in silence; when it
  // `has_our_word` (everything in the book is confirmed) that is a replay, L6.
  [[nodiscard]] std::vector<Subject> take(const std::vector<Bytes>& letters, bool has_our_word);

 private:
  [[nodiscard]] Result<std::vector<Subject>> take_one(const sync::RawBlob& blob, const sync::LetterLabel& label);
  struct Used {
    UnixSeconds until = 0;
    std::string by;
    bool may_come_again = false;
  };
  void forget_old();
  [[nodiscard]] Status write() const;
  // Where a signer's places are full, the oldest of theirs that is over by the clock gives way, while the clock can be true.
  [[nodiscard]] Status room_for(const std::string& by);
  [[nodiscard]] Status remember(const sync::LetterId& id, Used used);
  void load();
  [[nodiscard]] Status parse(ByteView bytes);

  std::filesystem::path file_;
  const PolicyStore& trust_;
  const Clock& clock_;
  std::map<sync::PayloadType, Part> parts_;
  std::map<sync::LetterId, Used> used_;
  bool is_damaged_ = false;
};

}  // namespace caretaker::agent
