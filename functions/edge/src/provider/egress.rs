//! Which addresses may be called: every URL that a user can give.
//!
//! Neighbours: methods at save, the provider client at every call. Guarantee: no address that is
//! not public is ever connected to, unless the operator listed it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// The operator's rules, beside the fixed ones.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Local mode: http and https to this machine, on any port.
    pub loopback: bool,
    /// Private ranges that the operator allows; never link-local.
    pub private: Vec<IpNet>,
}

/// Ports that may be called.
const PORTS: [u16; 2] = [443, 8443];

impl Policy {
    /// The private ranges of RFC 1918 and RFC 4193.
    pub fn private_ranges() -> Vec<IpNet> {
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
            .iter()
            .filter_map(|range| range.parse().ok())
            .collect()
    }

    /// Whether a URL may be called, as far as it shows by itself.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn judge(&self, text: &str) -> Result<Url, String> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the address holds white space or control characters".to_owned());
        }
        let url = Url::parse(text)
            .map_err(|_| "not an address such as https://provider.example/pods".to_owned())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("only https addresses are called".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("an address may not hold a user or password".to_owned());
        }
        if url.fragment().is_some() {
            return Err("an address may not hold a fragment (#…)".to_owned());
        }
        let host = url.host().ok_or("the address has no host")?;
        if self.loopback && is_loopback(&host) {
            return Ok(url);
        }
        let ip = match &host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(name) => {
                Self::judge_name(name)?;
                None
            }
        };
        if let Some(ip) = ip {
            self.judge_ip(ip)?;
            if self.is_listed(ip) {
                return Ok(url);
            }
        }
        if url.scheme() != "https" {
            return Err("only https addresses are called".to_owned());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !PORTS.contains(&port) {
            return Err(format!("port {port} is not called, only 443 and 8443"));
        }
        Ok(url)
    }

    fn judge_name(name: &str) -> Result<(), String> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let inner = ["internal", "local", "localhost", "localdomain"];
        let ends = |end: &&str| name == **end || name.ends_with(&format!(".{end}"));
        if !name.contains('.') || inner.iter().any(ends) {
            return Err(format!("{name} is a name of an inner network"));
        }
        Ok(())
    }

    /// Whether an address may be connected to.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn judge_ip(&self, ip: IpAddr) -> Result<(), String> {
        let ip = ip.to_canonical();
        if is_public(ip) || self.is_listed(ip) {
            return Ok(());
        }
        Err(format!("{ip} is not a public address"))
    }

    /// As [`Policy::judge_ip`], for a name: in local mode `localhost` leads to this machine.
    ///
    /// # Errors
    /// Why not, for people.
    pub fn judge_resolved(&self, name: &str, ip: IpAddr) -> Result<(), String> {
        if self.loopback && name.eq_ignore_ascii_case("localhost") && ip.is_loopback() {
            return Ok(());
        }
        self.judge_ip(ip)
    }

    fn is_listed(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let link_local = match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        !link_local
            && !METADATA.contains(&ip)
            && self.private.iter().any(|range| range.contains(&ip))
    }
}

pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => *ip == Ipv4Addr::LOCALHOST,
        Host::Ipv6(ip) => *ip == Ipv6Addr::LOCALHOST,
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
    }
}

/// Azure's metadata address, public by number.
const WIRE_SERVER: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// Where clouds tell their machines' credentials, besides link-local addresses: Azure, Alibaba,
/// Oracle, AWS (instances, pods), Google, Scaleway. No operator's list opens them.
const METADATA: [IpAddr; 7] = [
    IpAddr::V4(WIRE_SERVER),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

/// IPv4 by the IANA special-purpose list; IPv6 only global unicast, less its special blocks.
fn is_public(ip: IpAddr) -> bool {
    let v4 = |a, b, c, d, prefix| Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix);
    let v6 = |head: [u16; 2], prefix| {
        Ipv6Net::new_assert(Ipv6Addr::new(head[0], head[1], 0, 0, 0, 0, 0, 0), prefix)
    };
    match ip {
        IpAddr::V4(ip) => {
            let special = [
                v4(0, 0, 0, 0, 8),
                v4(10, 0, 0, 0, 8),
                v4(100, 64, 0, 0, 10),
                v4(127, 0, 0, 0, 8),
                v4(169, 254, 0, 0, 16),
                v4(172, 16, 0, 0, 12),
                v4(192, 0, 0, 0, 24),
                v4(192, 0, 2, 0, 24),
                v4(192, 31, 196, 0, 24),
                v4(192, 52, 193, 0, 24),
                v4(192, 88, 99, 0, 24),
                v4(192, 168, 0, 0, 16),
                v4(192, 175, 48, 0, 24),
                v4(198, 18, 0, 0, 15),
                v4(198, 51, 100, 0, 24),
                v4(203, 0, 113, 0, 24),
                v4(224, 0, 0, 0, 4),
                v4(240, 0, 0, 0, 4),
            ];
            ip != WIRE_SERVER && !special.iter().any(|range| range.contains(&ip))
        }
        IpAddr::V6(ip) => {
            let special = [
                v6([0x2001, 0], 23),
                v6([0x2001, 0xdb8], 32),
                v6([0x2002, 0], 16),
                v6([0x2620, 0x4f], 32),
                v6([0x3fff, 0], 20),
            ];
            v6([0x2000, 0], 3).contains(&ip) && !special.iter().any(|range| range.contains(&ip))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: &Policy, allowed: &[&str], refused: &[&str]) {
        for url in allowed {
            assert!(policy.judge(url).is_ok(), "{url}: {:?}", policy.judge(url));
        }
        for url in refused {
            assert!(policy.judge(url).is_err(), "{url} was allowed");
        }
    }

    #[test]
    fn public_https_only() {
        let allowed = [
            "https://pods.example/v1?x=1",
            "https://pods.example:8443/",
            "https://93.184.216.34/",
            "https://[2606:4700::1111]/",
        ];
        let refused = [
            "http://pods.example/",
            "https://pods.example:444/",
            "ftp://pods.example/",
            "https://user@pods.example/",
            "https://pods.example/#x",
            "https://pods/",
            "https://x.internal/",
            "https://printer.local/",
            "https://localhost/",
            "https://a.localhost./",
            "https://169.254.169.254/latest",
            "https://168.63.129.16/",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://10.1.2.3/",
            "https://100.64.0.1/",
            "https://192.168.1.1/",
            "https://224.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[2002:a00:1::]/",
            "https://[64:ff9b::a00:1]/",
            "https://pods.example/\n",
            "pods.example",
            "",
        ];
        check(&Policy::default(), &allowed, &refused);
    }

    #[test]
    fn local_mode_adds_this_machine() {
        let policy = Policy { loopback: true, private: Vec::new() };
        let allowed = [
            "http://127.0.0.1:4178/x",
            "https://[::1]:99/",
            "http://localhost:1/",
            "https://a.example/",
        ];
        let refused = ["http://127.0.0.2/", "http://10.0.0.1/", "http://169.254.169.254/"];
        check(&policy, &allowed, &refused);
    }

    #[test]
    fn the_operators_list_adds_ranges_but_never_metadata() {
        let mut private = Policy::private_ranges();
        private.extend(
            ["169.254.0.0/16", "100.64.0.0/10", "192.0.0.0/24", "168.63.129.0/24"]
                .map(|range| range.parse::<IpNet>().unwrap()),
        );
        let policy = Policy { loopback: false, private };
        check(
            &policy,
            &["http://10.0.0.1:8080/", "http://100.64.0.1/", "http://[fd00::1]/"],
            &[
                "http://169.254.169.254/",
                "http://127.0.0.1/",
                "http://[fd00:ec2::254]/",
                "http://[fd00:ec2::23]/",
                "http://[fd20:ce::254]/",
                "http://[fd00:42::42]/",
                "http://[::ffff:169.254.169.254]/",
                "http://100.100.100.200/",
                "http://192.0.0.192/",
                "http://168.63.129.16/",
            ],
        );
    }
}
