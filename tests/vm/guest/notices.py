"""notices.py FILE: in the guest, takes what programs tell a desktop's user, as a desktop's own service does, and writes it down."""
import sys

from gi.repository import Gio, GLib

INTERFACE = """<node><interface name="org.freedesktop.Notifications">
<method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="s" direction="in"/><arg type="as" direction="in"/><arg type="a{sv}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
<method name="GetCapabilities"><arg type="as" direction="out"/></method>
<method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/><arg type="s" direction="out"/></method>
</interface></node>"""
ANSWERS = {"Notify": GLib.Variant("(u)", (1,)), "GetCapabilities": GLib.Variant("(as)", (["body"],)),
           "GetServerInformation": GLib.Variant("(ssss)", ("notices", "test", "1", "1.2"))}


def on_call(_bus, _sender, _path, _interface, method, arguments, invocation):
    if method == "Notify":
        _, _, _, summary, body, *_ = arguments.unpack()
        with open(sys.argv[1], "a", encoding="utf-8") as file:
            file.write(f"{summary}: {body}\n")
    invocation.return_value(ANSWERS[method])


def on_bus(bus, _name):
    bus.register_object("/org/freedesktop/Notifications", Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], on_call, None, None)


Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.Notifications", Gio.BusNameOwnerFlags.NONE, on_bus, None, None)
GLib.MainLoop().run()
