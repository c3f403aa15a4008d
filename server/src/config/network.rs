//! Networks as operators write them: `10.0.0.0/8`, `fd00::/8`, or one address. IPv4 and its IPv6-mapped form are the
//! same network, so that a dual-stack listener cannot slip past a list.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    /// The lowest address, canonical.
    address: IpAddr,
    /// How many leading bits are fixed.
    prefix: u32,
}

impl Network {
    /// Whether the address lies in the network.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                top(network.to_bits().into(), 32, self.prefix) == top(address.to_bits().into(), 32, self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                top(network.to_bits(), 128, self.prefix) == top(address.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }

    /// The network of these bits; IPv4-mapped ones become IPv4.
    fn canonical(address: IpAddr, prefix: u32) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) if address.is_ipv6() && prefix >= 96 => Self { address: v4, prefix: prefix - 96 },
            _ => Self { address, prefix },
        }
    }
}

/// The leading `prefix` of `width` bits.
fn top(bits: u128, width: u32, prefix: u32) -> u128 {
    bits.checked_shr(width - prefix).unwrap_or(0)
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("`{text}` is not a network such as 10.0.0.0/8 or fd00::/8");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| unreadable())?;
        let (bits, width) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        let prefix = prefix.map_or(Ok(width), |prefix| prefix.parse().map_err(|_| unreadable()))?;
        if prefix > width {
            return Err(format!("`{text}` has a prefix longer than {width}"));
        }
        // "10.1.2.3/8" is more often a slip than a wish: trusting 16 million hosts needs to be said plainly.
        if top(bits, width, prefix).checked_shl(width - prefix).unwrap_or(0) != bits {
            return Err(format!("`{text}` has bits set beyond its prefix"));
        }
        Ok(Self::canonical(address, prefix))
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn an_address_lies_in_a_network_that_shares_its_first_bits() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.1.128/25", "192.168.1.127", false),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false),
            ("fd00::/8", "fdff::1", true),
            ("::1/128", "::1", true),
            ("::1/128", "::2", false),
        ] {
            assert_eq!(holds(network, address), expected, "{address} in {network}");
        }
    }

    #[test]
    fn ipv4_is_the_same_in_its_mapped_form() {
        assert!(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
        assert!(!holds("::ffff:10.0.0.0/104", "11.1.2.3"));
        assert_eq!("::ffff:10.0.0.0/104".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for bad in ["", "10.0.0.0/33", "10.0.0.1/8", "fd00::/129", "host/8", "10.0.0.0/", "10.0.0.0/-1", "/8"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
