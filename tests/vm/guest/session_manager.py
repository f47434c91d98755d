"""In the guest, says to whoever asks that a film keeps the session from being idle, as GNOME's own session manager does."""
from gi.repository import Gio, GLib

NAME, PATH = "org.gnome.SessionManager", "/org/gnome/SessionManager"
INTERFACE = f"""<node><interface name="{NAME}"><method name="IsInhibited"><arg type="u" direction="in"/><arg type="b" direction="out"/></method></interface></node>"""
IDLE = 8


def on_call(_bus, _sender, _path, _interface, _method, arguments, invocation):
    invocation.return_value(GLib.Variant("(b)", (arguments.unpack()[0] & IDLE != 0,)))


def on_bus(bus, _name):
    bus.register_object(PATH, Gio.DBusNodeInfo.new_for_xml(INTERFACE).interfaces[0], on_call, None, None)


Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, on_bus, None, None)
GLib.MainLoop().run()
