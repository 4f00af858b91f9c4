//! Which hosts and addresses may be called.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::address::{AddressClass, classify};
use super::error::Blocked;
use super::target::{Host, Peer, UrlFault, read_host};

/// Names under which clouds offer their metadata services. Their addresses are blocked too.
const METADATA_NAMES: [&str; 6] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
];

/// How far calls reach without being allowed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The Internet, not this machine and not private networks.
    Public,
    /// This machine and private networks, not the Internet.
    Local,
}

/// A host that may be called beyond the reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost(Pattern);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exactly(Host),
    /// Names that end so; begins with a dot.
    Below(Box<str>),
}

impl AllowedHost {
    /// Reads a name, an address (IPv6 in brackets or without), or `*.` and a name for all names below it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UrlFault> {
        if let Some(parent) = text.strip_prefix("*.") {
            return match read_host(parent)? {
                Host::Name(name) => Ok(Self(Pattern::Below(format!(".{name}").into()))),
                Host::Address(_) => Err(UrlFault::Host),
            };
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(Pattern::Exactly(Host::Address(address))));
        }
        Ok(Self(Pattern::Exactly(read_host(text)?)))
    }

    fn allows(&self, host: &Host) -> bool {
        match (&self.0, host) {
            (Pattern::Exactly(allowed), host) => allowed == host,
            (Pattern::Below(suffix), Host::Name(name)) => name.ends_with(&**suffix),
            (Pattern::Below(_), Host::Address(_)) => false,
        }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::Exactly(host) => host.fmt(f),
            Pattern::Below(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// The policy of a process. Link-local, metadata and reserved addresses are never called, whoever is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressPolicy {
    /// What may be called by anybody's webhook.
    pub reach: Reach,
    /// What else may be.
    pub allowed_hosts: Vec<AllowedHost>,
}

impl EgressPolicy {
    /// Judges a peer before its name is resolved.
    ///
    /// # Errors
    /// Why it is blocked.
    pub(super) fn check_peer(&self, peer: &Peer) -> Result<(), Blocked> {
        if let Host::Name(name) = &peer.host
            && METADATA_NAMES.contains(&&**name)
        {
            return Err(Blocked::Metadata);
        }
        // Lower ports belong to other protocols, some of which obey what looks like a request.
        let is_usual_port = matches!(peer.port, 80 | 443 | 1024..);
        if !is_usual_port && !self.is_allowed(&peer.host) {
            return Err(Blocked::Port(peer.port));
        }
        if let Host::Address(address) = peer.host {
            self.check_addresses(&peer.host, &[SocketAddr::new(address, peer.port)])?;
        }
        Ok(())
    }

    /// Judges all addresses of a host: one that is blocked blocks them all, since names that lead to both kinds are a trick.
    ///
    /// # Errors
    /// Why the first blocked one is.
    pub(super) fn check_addresses(&self, host: &Host, addresses: &[SocketAddr]) -> Result<(), Blocked> {
        let is_allowed = self.is_allowed(host);
        for address in addresses {
            match classify(address.ip()) {
                AddressClass::Public if is_allowed || self.reach == Reach::Public => {}
                AddressClass::Loopback | AddressClass::Private if is_allowed || self.reach == Reach::Local => {}
                AddressClass::Public => return Err(Blocked::Public),
                AddressClass::Loopback | AddressClass::Private => return Err(Blocked::Private),
                AddressClass::LinkLocal | AddressClass::Metadata => return Err(Blocked::Metadata),
                AddressClass::Reserved => return Err(Blocked::Reserved),
            }
        }
        Ok(())
    }

    fn is_allowed(&self, host: &Host) -> bool {
        self.allowed_hosts.iter().any(|allowed| allowed.allows(host))
    }
}

#[cfg(test)]
mod tests {
    use super::super::target::Target;
    use super::*;

    fn policy(reach: Reach, allowed: &[&str]) -> EgressPolicy {
        let allowed_hosts = allowed.iter().map(|host| AllowedHost::parse(host).unwrap()).collect();
        EgressPolicy { reach, allowed_hosts }
    }

    /// Judges a URL whose host has those addresses.
    fn judge(policy: &EgressPolicy, url: &str, addresses: &[&str]) -> Result<(), Blocked> {
        let target = Target::parse(url).unwrap();
        policy.check_peer(&target.peer)?;
        let addresses: Vec<_> =
            addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), target.peer.port)).collect();
        policy.check_addresses(&target.peer.host, &addresses)
    }

    #[test]
    fn in_production_only_the_internet_is_called() {
        let policy = policy(Reach::Public, &[]);
        let name = "https://hooks.example.com/";
        assert_eq!(judge(&policy, name, &["1.1.1.1", "2606:4700::1111"]), Ok(()));
        for (url, addresses, blocked) in [
            (name, &["127.0.0.1"][..], Blocked::Private),
            (name, &["1.1.1.1", "10.0.0.1"], Blocked::Private),
            (name, &["2606:4700::1111", "::ffff:192.168.0.1"], Blocked::Private),
            (name, &["100.64.0.1"], Blocked::Private),
            (name, &["169.254.169.254"], Blocked::Metadata),
            (name, &["0.0.0.0"], Blocked::Reserved),
            (name, &["64:ff9b::7f00:1"], Blocked::Reserved),
            ("http://localhost/", &["127.0.0.1", "::1"], Blocked::Private),
            ("http://10.1.2.3/", &[], Blocked::Private),
            ("http://[::1]/", &[], Blocked::Private),
            ("http://[fd00:ec2::254]/", &[], Blocked::Metadata),
            ("http://metadata.google.internal./", &["1.1.1.1"], Blocked::Metadata),
            ("http://hooks.example.com:25/", &["1.1.1.1"], Blocked::Port(25)),
        ] {
            assert_eq!(judge(&policy, url, addresses), Err(blocked), "{url} {addresses:?}");
        }
    }

    #[test]
    fn in_development_only_this_machine_and_its_networks_are_called() {
        let policy = policy(Reach::Local, &["hooks.example.com"]);
        for (url, addresses) in [
            ("http://localhost:8000/", &["127.0.0.1", "::1"][..]),
            ("http://app:3000/", &["172.18.0.2"]),
            ("http://192.168.1.4:1024/", &[]),
            ("https://hooks.example.com/", &["1.1.1.1"]),
            ("https://hooks.example.com:81/", &["1.1.1.1"]),
        ] {
            assert_eq!(judge(&policy, url, addresses), Ok(()), "{url}");
        }
        for (url, addresses, blocked) in [
            ("https://other.example.com/", &["1.1.1.1"][..], Blocked::Public),
            ("http://1.1.1.1/", &[], Blocked::Public),
            ("http://app/", &["172.18.0.2", "1.1.1.1"], Blocked::Public),
            ("http://169.254.169.254/latest/meta-data", &[], Blocked::Metadata),
            ("http://app/", &["169.254.169.254"], Blocked::Metadata),
            ("http://app/", &["fd00:ec2::254"], Blocked::Metadata),
            ("http://metadata/", &["127.0.0.1"], Blocked::Metadata),
            ("http://hooks.example.com/", &["169.254.1.1"], Blocked::Metadata),
            ("http://localhost:22/", &["127.0.0.1"], Blocked::Port(22)),
        ] {
            assert_eq!(judge(&policy, url, addresses), Err(blocked), "{url} {addresses:?}");
        }
    }

    #[test]
    fn allowed_hosts_are_names_addresses_or_domains() {
        let policy = policy(Reach::Public, &["hooks.internal", "*.Corp.Example", "10.1.2.3", "fd00::7"]);
        for (url, addresses) in [
            ("http://hooks.internal/", &["10.9.9.9"][..]),
            ("http://a.b.corp.example/", &["192.168.3.4"]),
            ("http://10.1.2.3:25/", &[]),
            ("http://[fd00::7]/", &[]),
        ] {
            assert_eq!(judge(&policy, url, addresses), Ok(()), "{url}");
        }
        for (url, addresses) in [
            ("http://corp.example/", &["10.0.0.1"][..]),
            ("http://evilcorp.example/", &["10.0.0.1"]),
            ("http://10.1.2.4/", &[]),
        ] {
            assert_eq!(judge(&policy, url, addresses), Err(Blocked::Private), "{url}");
        }
        for bad in ["", "*", "*.", "a b", "http://a/", "*.1.2.3.4", "0x7f.1"] {
            assert!(AllowedHost::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(AllowedHost::parse("*.Corp.Example").unwrap().to_string(), "*.corp.example");
    }
}
