//! What kind of address an address is, whatever form it wears.
//!
//! Follows the IANA registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890 and its successors, read 2026-11).
//! An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged by what it holds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressClass {
    /// Somebody on the Internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network (RFC 1918, RFC 4193), or the shared space of a provider (RFC 6598).
    Private,
    /// Only this link, which is where clouds put their metadata services (RFC 3927, RFC 4291).
    LinkLocal,
    /// A cloud's metadata or control service at an address of its own.
    Metadata,
    /// Everything else: unspecified, multicast, documentation, benchmarking, reserved, tunnels to such.
    Reserved,
}

/// The kind of `address`.
#[must_use]
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    use AddressClass::{LinkLocal, Loopback, Metadata, Private, Public, Reserved};
    match address.octets() {
        // Services of Azure, Oracle Cloud and Alibaba Cloud that are not on a link-local address.
        [168, 63, 129, 16] | [192, 0, 0, 192] | [100, 100, 100, 200] => Metadata,
        [127, ..] => Loopback,
        [10, ..] | [192, 168, ..] => Private,
        [172, second, ..] if (16..=31).contains(&second) => Private,
        [100, second, ..] if (64..=127).contains(&second) => Private,
        [169, 254, ..] => LinkLocal,
        // "This network", protocol assignments, documentation, the old 6to4 relays, benchmarking, multicast and above.
        [0, ..] | [192, 0, 0 | 2, _] | [198, 51, 100, _] | [203, 0, 113, _] | [192, 88, 99, _] => Reserved,
        [198, 18 | 19, ..] | [224..=255, ..] => Reserved,
        _ => Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    use AddressClass::{LinkLocal, Loopback, Metadata, Private, Public, Reserved};
    let s = address.segments();
    match s {
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] => Metadata,
        [0, 0, 0, 0, 0, 0, 0, 1] => Loopback,
        // Mapped: the socket goes to the IPv4 address itself.
        [0, 0, 0, 0, 0, 0xffff, ..] => classify_v4(embedded(s[6], s[7])),
        // NAT64 (RFC 6052) and 6to4 (RFC 3056): a gateway goes there. Only public targets make sense.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => public_or_reserved(embedded(s[6], s[7])),
        [0x2002, ..] => public_or_reserved(embedded(s[1], s[2])),
        [first, ..] if first & 0xfe00 == 0xfc00 => Private,
        [first, ..] if first & 0xffc0 == 0xfe80 => LinkLocal,
        // Protocol assignments with Teredo and ORCHID (2001::/23), and documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0x0db8 => Reserved,
        [0x3fff, second, ..] if second < 0x1000 => Reserved,
        // Global unicast is 2000::/3; the rest is unspecified, compatible, site-local, discard, multicast or unassigned.
        [first, ..] if first & 0xe000 == 0x2000 => Public,
        _ => Reserved,
    }
}

fn public_or_reserved(address: Ipv4Addr) -> AddressClass {
    if classify_v4(address) == AddressClass::Public { AddressClass::Public } else { AddressClass::Reserved }
}

const fn embedded(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: AddressClass, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(classify(address.parse().unwrap()), class, "{address}");
        }
    }

    #[test]
    fn each_special_range_is_known_to_its_ends() {
        use AddressClass::{LinkLocal, Loopback, Metadata, Private, Public, Reserved};
        check(Loopback, &["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1", "::ffff:7f01:203"]);
        check(
            Private,
            &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
        );
        check(Private, &["100.64.0.0", "100.127.255.255", "fc00::", "fdff::1", "::ffff:10.1.2.3"]);
        check(LinkLocal, &["169.254.0.0", "169.254.169.254", "fe80::1", "febf:ffff::", "::ffff:169.254.169.254"]);
        check(Metadata, &["fd00:ec2::254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "::ffff:168.63.129.16"]);
        check(Reserved, &["0.0.0.0", "0.255.255.255", "192.0.0.1", "192.0.2.9", "198.51.100.0", "203.0.113.255"]);
        check(Reserved, &["198.18.0.0", "198.19.255.255", "192.88.99.1", "224.0.0.1", "240.0.0.0", "255.255.255.255"]);
        check(Reserved, &["::", "::ffff:0.0.0.0", "::10.0.0.1", "fec0::1", "ff02::1", "100::1", "64:ff9b:1::a00:1"]);
        check(Reserved, &["2001::1", "2001:1ff::", "2001:db8::1", "3fff::1", "3fff:fff::", "4000::", "5f00::1"]);
        check(
            Reserved,
            &["64:ff9b::a00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1"],
        );
        check(Public, &["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"]);
        check(
            Public,
            &["128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "198.17.0.0", "223.255.255.255"],
        );
        check(Public, &["2606:4700::1111", "2001:200::1", "64:ff9b::101:101", "2002:101:101::", "::ffff:1.1.1.1"]);
        check(Public, &["3fff:1000::", "2a00::1"]);
    }
}
