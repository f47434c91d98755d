"""Why a goal is missed, as it was measured; README.md has the whole of it. By the name of the line, or of the benchmark."""

REASONS = {
    "net_start.net": "a cold caretaker-net --help takes as long: page faults of 2 to 5 ms each while the loader maps 25 shared libraries",
    "net_start.boot": "the loader's page faults as in net_start.net, and net waits for the guard, which reads its programs and its book",
    "net_memory.growth": "it is about an hour (--minutes 60); within the first minutes the caches still fill",
    "events.single": "strace: an append writes four pages of the book, seven in the mean with leaves that are split, where the bare table writes two",
    "events.under_load": "perf: a third is hashing and writing the chain, a quarter making room in the file ahead of need, the rest JSON and base64",
    "installed.wakes": "by thread: four daemons look at the guard every fifteen seconds, and it at logind",
    "redirect.name": "three runs of one day: 0.34 beside 0.31 ms, 0.33 beside 0.36, 0.31 beside 0.28: a step or two of 5 %, now one way and now the other",
    "media.cpu": "perf: nearly all of a look into a stick is the loader's, who maps what libcryptsetup brings along; a bare cryptsetup takes most of it",
    "server_checkins": "perf: two fifths is SQL, a row for each event and its sealed part; a quarter JSON, base64 and two signatures; a sixth the commit",
}
UNKNOWN = "nobody has measured why"


def reason_of(bench):
    return REASONS.get(bench, REASONS.get(bench.split(".")[0], UNKNOWN))
