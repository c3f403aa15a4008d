//! The address of another server that the operator names: https, or http on this machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::origin::is_loopback;

/// A URL that messages may be posted to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl Address {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
        let host = url.host().ok_or_else(|| format!("`{text}` has no host"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user name or password in it".to_owned());
        }
        match url.scheme() {
            "https" => {}
            // Codes would be read on the way.
            "http" if !is_loopback(&host) => {
                return Err(format!("`{text}` must be https: http is for loopback hosts alone"));
            }
            "http" => {}
            _ => return Err(format!("`{text}` must begin with https://")),
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_on_this_machine() {
        for good in ["https://sms.example.com/send?x=1", "http://127.0.0.1:8080/send", "http://localhost/"] {
            assert_eq!(good.parse::<Address>().unwrap().as_str(), good);
        }
        for bad in ["http://sms.example.com/", "ftp://example.com/", "sms.example.com", "https://a:b@example.com/"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
