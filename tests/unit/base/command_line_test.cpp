#include "platform/base/command_line.h"

#include <catch2/catch.hpp>

using namespace caretaker;

namespace {

// What a program with one command of every kind of option was told.
struct Told {
  std::string name = "unchanged";
  std::vector<std::string> places;
  std::filesystem::path file;
  std::optional<std::uint32_t> uid;
  int days = 30;
  bool json = false;
  std::string user, group;
  int runs = 0;
};

int run_with(Told& told, std::vector<const char*> arguments, const Status& outcome = ok()) {
  arguments.insert(arguments.begin(), "program");
  return run_program("program", "A program", static_cast<int>(arguments.size()), arguments.data(), [&](Command program) {
    auto show = program.command("show", "Show things");
    show.option("NAME", told.name, "A name").required();
    show.option("--place", told.places, "Places");
    show.option("--days", told.days, "Days").between(1, 400);
    show.option("--uid", told.uid, "A user");
    show.flag("--json", told.json, "For programs");
    const auto user = show.option("--user", told.user, "A user's name");
    show.option("--group", told.group, "A group").excludes(user);
    show.option("--file", told.file, "Only for a user").needs(user).from_environment("CARETAKER_TEST_FILE");
    show.does([&] {
      ++told.runs;
      return outcome;
    });
    auto pick = program.command("pick", "Pick one");
    auto what = pick.one_of("what", "One of these");
    what.option("--left", told.user, "Left");
    what.option("--right", told.group, "Right");
  });
}

}  // namespace

TEST_CASE("a command gets what it was told, and keeps its defaults for the rest") {
  Told told;
  CHECK(run_with(told, {"show", "n", "--place", "a", "--place", "b", "--uid", "7", "--json", "--user", "u", "--file", "/f"}) == 0);
  CHECK(told.runs == 1);
  CHECK(told.name == "n");
  CHECK(told.places == std::vector<std::string>{"a", "b"});
  CHECK(told.file == "/f");
  CHECK(told.uid == 7u);
  CHECK(told.json);
  CHECK(told.days == 30);
  CHECK(told.group.empty());
}

TEST_CASE("a command that is refused ends with 1") {
  Told told;
  CHECK(run_with(told, {"show", "n"}, make_error(ErrorCode::kNotFound, "there is none (this line belongs to the test)")) == 1);
  CHECK(told.runs == 1);
}

TEST_CASE("wrong usage ends with 2 and runs nothing") {
  const auto arguments = GENERATE(as<std::vector<const char*>>{}, std::vector<const char*>{}, std::vector<const char*>{"show"},
                                  std::vector<const char*>{"show", "n", "--days", "0"}, std::vector<const char*>{"show", "n", "--days", "x"},
                                  std::vector<const char*>{"show", "n", "--user", "u", "--group", "g"},
                                  std::vector<const char*>{"show", "n", "--file", "/f"}, std::vector<const char*>{"show", "n", "--nothing"},
                                  std::vector<const char*>{"pick"}, std::vector<const char*>{"pick", "--left", "l", "--right", "r"},
                                  std::vector<const char*>{"show", "n", "pick"});
  Told told;
  CHECK(run_with(told, arguments) == 2);
  CHECK(told.runs == 0);
}

TEST_CASE("asking for help or the version ends with 0 and runs nothing") {
  Told told;
  CHECK(run_with(told, {"--version"}) == 0);
  CHECK(run_with(told, {"show", "--help"}) == 0);
  CHECK(told.runs == 0);
}

TEST_CASE("what a library throws in a command ends the program with 1") {
  const char* arguments[] = {"program"};
  CHECK(run_program("program", "A program", 1, arguments, [](Command program) {
          program.does([]() -> Status { throw std::runtime_error("thrown (this line belongs to the test)"); });
        }) == 1);
}
