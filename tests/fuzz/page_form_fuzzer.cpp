// What a browser, or anything else on the machine, sends to the device's own page: forms, names, words, tokens, headers.
#include <cstdlib>

#include "agent/net/page_checks.h"
#include "agent/net/page_form.h"
#include "agent/net/page_html.h"
#include "agent/net/page_token.h"
#include "platform/base/crypto.h"
#include "platform/base/text.h"
#include "policy/domain_name.h"

using namespace caretaker;
using namespace caretaker::agent;

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// No text of somebody's ends the value or the element that it stands in.
void check_escaped(std::string_view text) {
  must(escape_html(text).find_first_of("<>\"'") == std::string::npos);
  must(escape_query(text).find_first_of("&=#<>\"' ") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bool ready = crypto_ready().has_value();
  static const PageTokens tokens;
  must(ready);
  const std::string_view text = as_text({data, size});
  check_escaped(text);
  const std::string cleaned = clean_text(text);
  must(is_clean_text(cleaned, Lines::kMany) && clean_text(cleaned) == cleaned);
  must(!is_clean_text(text, Lines::kOne) || cleaned == text);
  must(!tokens.check(text, std::nullopt, 0));
  const auto name = policy::normalise_name(site_in(cleaned));
  (void)why_page({}, {cleaned, name ? *name : "", {}, name.has_value()}, "");
  const auto fields = parse_form(text);
  if (!fields) return 0;
  PageRequest request{"POST", "/worried", {}, {}, "", std::nullopt};
  for (const auto& [key, value] : *fields) {
    check_escaped(value);
    request.headers[lower_case(key)] = value;
  }
  // Nothing but our own name in Host, and in Origin the same, is taken.
  if (decide_request(request, {"caretaker.internal"}) == PageVerdict::kServe) {
    must(lower_case(request.headers.at("host")) == "caretaker.internal" && request.headers.at("origin") == "http://caretaker.internal");
  }
  return 0;
}
