#include "agent/cli/school_guide.h"

#include "agent/cli/root_edit.h"
#include "platform/base/text.h"
#include "platform/files.h"

namespace caretaker::agent {
namespace {

constexpr int kTries = 5;

constexpr std::string_view kWelcome =
    "This makes the keys of your school.\n\n"
    "A key is a small file that a passphrase opens. Each lets one person do one thing, and without it nobody can do that: not the\n"
    "server, not who runs it, not who made Caretaker. Each person named below should be here, to type a passphrase that nobody else\n"
    "knows. Nothing leaves this machine, and nothing is written before all questions are answered; Ctrl-C ends it.\n"
    "What stands in [brackets] is taken when you press Enter.\n\n";
constexpr std::string_view kRootText =
    "\nWho has the last word? Any two of these people together can replace a lost key, add a colleague and dismiss one; one alone\n"
    "can do nothing, and one key may be lost. Name three or more who are not away at the same time, separated by commas.\n";
constexpr std::string_view kTechnicianText =
    "\nWho looks after the machines? A technician decides what is blocked, and enrols machines. Two are better than one: a change\n"
    "that opens something needs both, so that neither can be talked, or forced, into it alone.\n";
constexpr std::string_view kLeadText =
    "\nWho reads the records of pupils? Only the safeguarding leads can open who did what; technicians cannot. Name two. If you name\n"
    "one, a further key is made that you print and lock away, so that the records are not lost with the one key.\n";
constexpr std::string_view kTeacherText =
    "\nWhich teachers may open a site for a class and a lesson? More can be added at any time. Press Enter for none as yet.\n";
constexpr std::string_view kBackupText =
    "\nShall a page be written for each key, to print and lock away? With it a key can be restored that was lost or whose passphrase\n"
    "was forgotten. The page has no passphrase: whoever reads it has the key, so print it here and delete the file. (yes or no)\n";

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (std::string name(trim(std::string_view(text).substr(begin, end - begin))); !name.empty()) out.push_back(std::move(name));
    begin = end + 1;
  }
  return out;
}

// Asks until `take` has no objection to the answer.
Status ask_until(const AskPerson& ask, std::string_view text, const std::string& question, const std::string& usual,
                 const std::function<Status(const std::string&)>& take) {
  std::string before(text);
  for (int left = kTries; left > 0; --left) {
    TRY(typed, ask(before + question + (usual.empty() ? "" : " [" + usual + "]") + ": "));
    std::string answer(trim(typed));
    if (answer.empty()) answer = usual;
    const Status taken = take(answer);
    if (taken) return ok();
    before = "That cannot be: " + taken.error().message + ".\n";
  }
  return make_error(ErrorCode::kInvalidInput, "no usable answer: nothing was made");
}

Status ask_names(const AskPerson& ask, std::string_view text, const std::string& question, std::size_t least, std::vector<std::string>& names) {
  return ask_until(ask, text, question, joined(names), [&](const std::string& answer) -> Status {
    std::vector<std::string> given = split(answer);
    for (const std::string& name : given) TRY_DONE(check_name("a name", name));
    if (given.size() < least) return make_error(ErrorCode::kInvalidInput, std::to_string(least) + " are needed at least");
    names = std::move(given);
    return ok();
  });
}

Status take_server_info(SchoolNewOptions& options, const std::string& answer) {
  TRY(file, platform::read_file(answer, 8192));
  TRY_DONE(parse_server_info(file));
  options.server_info = answer;
  return ok();
}

Status take_yes_or_no(bool& out, const std::string& answer) {
  if (answer != "yes" && answer != "no") return make_error(ErrorCode::kInvalidInput, "type yes or no");
  out = answer == "yes";
  return ok();
}

Status ask_place(SchoolNewOptions& options, const AskPerson& ask) {
  TRY_DONE(ask_until(ask, kWelcome, "What is the school called?", options.name, [&](const std::string& answer) -> Status {
    TRY_DONE(check_name("the school's name", answer));
    options.name = answer;
    return ok();
  }));
  const std::string folder = options.folder.empty() ? "school" : options.folder.string();
  TRY_DONE(ask_until(ask, "\n", "In which folder shall its keys and its root be made?", folder, [&](const std::string& answer) -> Status {
    TRY_DONE(check_name("the folder", answer));
    options.folder = answer;
    return ok();
  }));
  const std::string info = options.server_info.empty() ? "server-public.json" : options.server_info.string();
  return ask_until(ask, "\nThe school's server has written a file server-public.json (caretaker-server init); it holds no secret.\n", "Where is it?", info,
                   [&](const std::string& answer) { return take_server_info(options, answer); });
}

}  // namespace

bool wants_guide(const SchoolNewOptions& options) {
  return options.folder.empty() || options.name.empty() || options.server_info.empty();
}

Status guide(SchoolNewOptions& options, const AskPerson& ask) {
  TRY_DONE(ask_place(options, ask));
  TRY_DONE(ask_names(ask, kRootText, "Root holders", 3, options.root_holders));
  if (options.technicians.size() == 1) options.technicians.emplace_back("second-technician");
  TRY_DONE(ask_names(ask, kTechnicianText, "Technicians", 1, options.technicians));
  TRY_DONE(ask_names(ask, kLeadText, "Safeguarding leads", 1, options.safeguarding));
  TRY_DONE(ask_names(ask, kTeacherText, "Teachers", 0, options.teachers));
  bool backups = true;
  TRY_DONE(ask_until(ask, kBackupText, "Pages to print", "yes", [&](const std::string& answer) { return take_yes_or_no(backups, answer); }));
  if (backups && options.backups.empty()) options.backups = options.folder / "to-print";
  return ok();
}

}  // namespace caretaker::agent
