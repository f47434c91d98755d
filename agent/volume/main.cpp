// caretaker-volume: says what lies on the volume that is its standard input. A program of its own, and a small one: it reads what anybody may have
// written, and one is started for each stick.
#include "platform/volume_inspector.h"

int main() { return caretaker::platform::serve_inspection() ? 0 : 1; }
