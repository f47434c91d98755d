#include "policy/bypass.h"

#include <unordered_map>

#include "policy/domain_name.h"

namespace caretaker::policy {
namespace {

// Hosts that answer DNS over HTTPS, TLS or QUIC, as their operators publish them. Only hosts of the resolvers where the
// operator has other uses under the same name.
constexpr std::string_view kDohHosts[] = {
    "adguard-dns.com",
    "anycast.uncensoreddns.org",
    "basic.rethinkdns.com",
    "blitz.ahadns.com",
    "cloudflare-dns.com",
    "common.dot.dns.yandex.net",
    "dns-family.adguard.com",
    "dns-unfiltered.adguard.com",
    "dns.aa.net.uk",
    "dns.adguard.com",
    "dns.alidns.com",
    "dns.bebasid.com",
    "dns.comss.one",
    "dns.controld.com",
    "dns.decloudus.com",
    "dns.digitale-gesellschaft.ch",
    "dns.google",
    "dns.hostux.net",
    "dns.mullvad.net",
    "dns.nextdns.io",
    "dns1.nextdns.io",
    "dns2.nextdns.io",
    "dns.njal.la",
    "dns.opendns.com",
    "dns.quad9.net",
    "dns.rubyfish.cn",
    "dns.sb",
    "dns.switch.ch",
    "dns.therifleman.name",
    "dns.twnic.tw",
    "dns.umbrella.com",
    "dns0.eu",
    "dns10.quad9.net",
    "dns11.quad9.net",
    "dns12.quad9.net",
    "dns9.quad9.net",
    "dnsforge.de",
    "dnswarden.com",
    "doh.360.cn",
    "doh.42l.fr",
    "doh.appliedprivacy.net",
    "doh.cleanbrowsing.org",
    "doh.crypto.sx",
    "doh.dns.apple.com",
    "doh.dns.sb",
    "doh.dnslify.com",
    "doh.familyshield.opendns.com",
    "doh.ffmuc.net",
    "doh.li",
    "doh.libredns.gr",
    "doh.mullvad.net",
    "doh.opendns.com",
    "doh.powerdns.org",
    "doh.pub",
    "doh.sandbox.opendns.com",
    "doh.sb",
    "doh.seby.io",
    "doh.tiar.app",
    "doh.tiarap.org",
    "doh.umbrella.com",
    "doh.xfinity.com",
    "dot.libredns.gr",
    "dot.pub",
    "dot.sb",
    "dot1.applied-privacy.net",
    "dot.ffmuc.net",
    "freedns.controld.com",
    "ibksturm.synology.me",
    "jp.tiar.app",
    "jp.tiarap.org",
    "max.rethinkdns.com",
    "odvr.nic.cz",
    "one.one.one.one",
    "private.canadianshield.cira.ca",
    "protected.canadianshield.cira.ca",
    "rdns.faelix.net",
    "resolver-eu.lelux.fi",
    "safe.dot.dns.yandex.net",
    "sky.rethinkdns.com",
    "unfiltered.joindns4.eu",
    "unicast.uncensoreddns.org",
    "wikimedia-dns.org",
};

// Apple's iCloud Private Relay ("Prepare your network or web server for iCloud Private Relay"), with the names that
// these lead to.
constexpr std::string_view kRelayHosts[] = {
    "mask.icloud.com", "mask-h2.icloud.com", "mask-canary.icloud.com", "mask-api.icloud.com", "mask.apple-dns.net",
};

// Providers of virtual private networks, by the names of their sites, applications and servers.
constexpr std::string_view kVpnNames[] = {
    "airvpn.org",
    "astrill.com",
    "atlasvpn.com",
    "betternet.co",
    "browsec.com",
    "cloudflareclient.com",
    "cyberghostvpn.com",
    "expressvpn.com",
    "fastestvpn.com",
    "freeopenvpn.org",
    "freevpnplanet.com",
    "getlantern.org",
    "goosevpn.com",
    "hide.me",
    "hidemyass.com",
    "hola.org",
    "hotspotshield.com",
    "ipvanish.com",
    "itopvpn.com",
    "ivpn.net",
    "keepsolid.com",
    "lantern.io",
    "mullvad.net",
    "mysterium.network",
    "nordvpn.com",
    "ovpn.com",
    "perfect-privacy.com",
    "planetvpn.com",
    "privateinternetaccess.com",
    "privatevpn.com",
    "protonvpn.com",
    "psiphon.ca",
    "psiphon3.com",
    "purevpn.com",
    "sec-tunnel.com",
    "setupvpn.com",
    "slickvpn.com",
    "speedify.com",
    "strongvpn.com",
    "surfshark.com",
    "torguard.net",
    "touchvpn.net",
    "tunnelbear.com",
    "turbovpn.com",
    "urban-vpn.com",
    "veepn.com",
    "vpnbook.com",
    "vpngate.net",
    "vpnjantit.com",
    "vpnunlimited.com",
    "vpnunlimitedapp.com",
    "vyprvpn.com",
    "windscribe.com",
    "zenmate.com",
    "zoogvpn.com",
};

// Sites that fetch other sites, Tor and its gateways, and the translator that shows whole sites under its own name.
constexpr std::string_view kProxyNames[] = {
    "4everproxy.com",  "anonymouse.org", "atozproxy.com",   "blockaway.net",      "croxy.network",
    "croxy.org",       "croxyproxy.com", "croxyproxy.net",  "croxyproxy.rocks",   "dontfilter.us",
    "filterbypass.me", "genmirror.com",  "hidester.com",    "kproxy.com",         "megaproxy.com",
    "onion.ly",        "onion.pet",      "onion.ws",        "plainproxies.com",   "proxfree.com",
    "proxyium.com",    "proxysite.com",  "proxysite.cloud", "sslsecureproxy.com", "tor2web.org",
    "torproject.org",  "translate.goog", "translatetheweb.com", "turbopages.org", "ultrasurf.us",
    "unblockvideos.com", "weboproxy.com", "webproxy.to",    "whoer.net",          "zend2.com",
    "zendproxy.com",   "zfreez.com",
};

using Table = std::unordered_map<std::string_view, Bypass>;

const Table& table() {
  static const Table names = [] {
    Table out;
    for (std::string_view name : kDohHosts) out.emplace(name, Bypass::kDnsOverHttps);
    for (std::string_view name : kRelayHosts) out.emplace(name, Bypass::kPrivateRelay);
    for (std::string_view name : kVpnNames) out.emplace(name, Bypass::kVpn);
    for (std::string_view name : kProxyNames) out.emplace(name, Bypass::kProxy);
    return out;
  }();
  return names;
}

}  // namespace

std::optional<BypassMatch> find_bypass(std::string_view name) {
  std::optional<BypassMatch> match;
  for_each_suffix(name, [&](std::string_view suffix) {
    const auto found = table().find(suffix);
    if (found != table().end()) match = BypassMatch{found->second, found->first};
    return !match;
  });
  return match;
}

std::string_view find_canary(std::string_view name) {
  constexpr std::string_view kCanaries[] = {"use-application-dns.net", "resolver.arpa"};
  std::string_view match;
  for_each_suffix(name, [&](std::string_view suffix) {
    for (std::string_view canary : kCanaries) {
      if (suffix == canary) match = canary;
    }
    return match.empty();
  });
  return match;
}

}  // namespace caretaker::policy
