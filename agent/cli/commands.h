// The commands of `caretaker`, one file each. Each adds itself to the command line.
#pragma once

#include "platform/base/command_line.h"

namespace caretaker::agent {

void add_policy_check(Command& policy);  // caretaker policy check FILE
void add_policy_build(Command& policy);  // caretaker policy build: lists -> set file and manifest
void add_policy_diff(Command& policy);   // caretaker policy diff OLD NEW
void add_policy_sign(Command& policy);   // caretaker policy sign
void add_policy_push(Command& policy);   // caretaker policy push
void add_why(Command& program);          // caretaker why NAME
void add_school(Command& program);       // caretaker school new, show, add, sign, publish, ...
void add_key_commands(Command& program); // caretaker key new, show, backup, restore, passphrase
void add_records(Command& program);      // caretaker records rewrap
void add_evidence(Command& program);     // caretaker evidence export | hold | lift | holds
void add_audit(Command& program);        // caretaker audit
void add_token(Command& program);        // caretaker token new
void add_device(Command& program);       // caretaker device list
void add_exception(Command& program);    // caretaker exception open | close | list
void add_changes(Command& program);      // caretaker changes
void add_import(Command& program);       // caretaker import FOLDER
void add_policy_export(Command& policy); // caretaker policy export FOLDER
void add_events(Command& program);       // caretaker events [--server --key FILE]
void add_enrol(Command& program);        // caretaker enrol --token-file FILE
void add_status(Command& program);       // caretaker status
void add_snooze(Command& program);       // caretaker snooze

void add_unlock(Command& program);       // caretaker unlock [CODE]
void add_verify(Command& program);       // caretaker verify FILE

}  // namespace caretaker::agent
