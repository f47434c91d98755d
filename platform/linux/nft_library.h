// The packet filter by nftables' own library, and who hears of changes to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/base/result.h"
#include "platform/files.h"

struct nft_ctx;

namespace caretaker::platform {

// One thread.
class NftLibrary {
 public:
  [[nodiscard]] static Result<NftLibrary> open();

  // What the commands say; `output`: NFT_CTX_OUTPUT_... flags. kUnavailable: they are refused, with the first complaint.
  [[nodiscard]] Result<std::string> run(const std::string& commands, unsigned output = 0);
  // As the kernel shows it, without counters and with numbers for words.
  [[nodiscard]] Result<std::string> show(const std::string& listing);

 private:
  explicit NftLibrary(nft_ctx* context);
  std::unique_ptr<nft_ctx, void (*)(nft_ctx*)> context_;
};

// Our part of the packet filter, as it was laid last. One thread.
class NftPart {
 public:
  // `listings`: the commands that show all of it.
  NftPart(NftLibrary library, std::vector<std::string> listings) : library_(std::move(library)), listings_(std::move(listings)) {}

  // `text`: one change. When it fails, what is there is not taken for ours.
  [[nodiscard]] Status lay(const std::string& text);
  // Whether what was laid is still there, whole. What cannot be shown has been taken away.
  [[nodiscard]] bool is_intact();
  [[nodiscard]] Status take_away(const std::string& text);
  [[nodiscard]] NftLibrary& library() { return library_; }

 private:
  [[nodiscard]] Result<std::string> show();
  NftLibrary library_;
  std::vector<std::string> listings_;
  std::optional<std::string> laid_;  // as the kernel shows it
};

// Changes by anybody, ourselves included, heard over netlink. One thread, but for end().
class NftChanges {
 public:
  [[nodiscard]] static Result<NftChanges> open();
  // False after `timeout_ms` without one (negative: without end), and after end().
  [[nodiscard]] bool wait(int timeout_ms);
  // Whoever waits goes on, now and from now on. Any thread.
  void end() const;

 private:
  NftChanges(OpenFile socket, OpenFile ended) : socket_(std::move(socket)), ended_(std::move(ended)) {}
  OpenFile socket_;
  OpenFile ended_;  // an eventfd
};

}  // namespace caretaker::platform
