"""The packages on a booted Debian: installed without a question, killed, upgraded and purged; and a pupil who tries to get rid of them.

Runs in a container, so it needs root and systemd-nspawn; ends with 77 (skipped) and the reason where it cannot."""
import pathlib
import sys

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenario"
sys.path.insert(0, str(SCENARIOS))

import stage  # noqa: E402
import story  # noqa: E402
import tree  # noqa: E402
from container import Container  # noqa: E402
from debs import build_versions, may_boot_a_debian  # noqa: E402
from root_image import make_root  # noqa: E402
from school import School  # noqa: E402
from world import tell  # noqa: E402

PROMISES = "R7 R10 R11 R13 R15 R16 R18 R22"


def play(m, packages):
    stage.first_boot(m)
    story.add_people(m)
    m.reboot()  # so that what a first boot writes is there already
    m.power_off()
    before = tree.read(m.root)
    m.boot()
    school = School(m)
    story.the_server_is_installed_and_gets_a_school(m, school)
    story.another_firewall_has_rules(m)
    story.the_agent_is_installed_with_a_token(m, school)
    story.it_filters_and_reports(m, school)
    story.who_logs_in_is_told(m)
    story.the_page_is_there(m)
    story.every_question_is_ours(m, school)
    story.what_another_package_changes_is_taken_again(m)
    story.the_sandbox_is_tight(m)
    story.a_wipe_unmounts_for_the_whole_machine(m)
    story.it_starts_again_within_a_second(m)
    story.what_is_killed_comes_back(m, school)
    story.what_hangs_is_ended_and_comes_back(m, school)
    story.a_pupil_cannot_stop_it(m, school)
    story.a_pupil_cannot_starve_it(m, school)
    story.who_is_suspended_cannot_log_in(m, school)
    story.a_reboot_keeps_everything(m, school)
    story.an_upgrade_keeps_everything(m, school)
    story.a_wipe_is_not_removed_by_the_way(m)
    story.removal_keeps_the_state_and_purge_takes_it(m)
    m.power_off()
    left = tree.differences(before, tree.read(m.root))
    assert not left, "purge left:\n" + "\n".join(left)
    tell(f"after the purge {len(before)} files are what they were before, to the byte")
    story.an_image_that_is_only_being_made_is_ready(m, packages)


def prepare(build, work):
    may_boot_a_debian()
    debs = build_versions(build, work)
    return Container(make_root(debs), [(work, "/opt/packages"), (SCENARIOS, "/opt/tests"), (build / "bin", "/opt/technician")])


if __name__ == "__main__":
    stage.run(__doc__, prepare, play)
