"""An upgrade keeps device, policy and book, also over a reboot."""
import story

PROMISES = "R18"


def play(m, school):
    story.an_upgrade_keeps_everything(m, school)
    story.a_reboot_keeps_everything(m, school)
