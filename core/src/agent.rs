//! What an app says of itself (`User-Agent`), in words by which people recognise it: a browser, a platform, a kind of
//! device. Nothing is decided by it, since anybody may say anything.

/// An app in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its browser.
    pub browser: &'static str,
    /// Its operating system.
    pub platform: &'static str,
    /// Its kind of device.
    pub device: &'static str,
}

/// What is said where nothing is known.
const UNKNOWN: &str = "Unknown";

/// Marks of browsers. Most name others besides themselves, so the more particular ones stand first.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("okhttp/", "Android app"),
    ("CFNetwork/", "Apple app"),
    ("Dart/", "Flutter app"),
    ("curl/", "curl"),
];

const PLATFORMS: &[(&str, &str)] = &[
    ("Android", "Android"),
    ("okhttp/", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("CFNetwork/", "Apple"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

const DEVICES: &[(&str, &str)] = &[
    ("iPad", "Tablet"),
    ("Tablet", "Tablet"),
    ("iPhone", "Phone"),
    ("Mobile", "Phone"),
    ("okhttp/", "Phone"),
    ("Android", "Tablet"),
    ("Windows", "Computer"),
    ("Macintosh", "Computer"),
    ("CrOS", "Computer"),
    ("Linux", "Computer"),
];

impl Agent {
    /// What an app's word for itself says.
    pub fn read(agent: Option<&str>) -> Self {
        let agent = agent.unwrap_or_default();
        let named = |marks: &[(&str, &'static str)]| {
            marks.iter().find(|(mark, _)| agent.contains(mark)).map_or(UNKNOWN, |(_, name)| name)
        };
        Self { browser: named(BROWSERS), platform: named(PLATFORMS), device: named(DEVICES) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_apps_are_recognised() {
        for (agent, words) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36 Edg/131.0",
                ["Edge", "Windows", "Computer"],
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
                ["Firefox", "Linux", "Computer"],
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1 Version/18.1 Safari/605.1",
                ["Safari", "macOS", "Computer"],
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1",
                ["Safari", "iOS", "Phone"],
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/131.0 Mobile Safari/537.36",
                ["Chrome", "Android", "Phone"],
            ),
            ("okhttp/4.12.0", ["Android app", "Android", "Phone"]),
            ("curl/8.5.0", ["curl", "Unknown", "Unknown"]),
            ("", ["Unknown", "Unknown", "Unknown"]),
        ] {
            let Agent { browser, platform, device } = Agent::read(Some(agent));
            assert_eq!([browser, platform, device], words, "{agent}");
        }
    }
}
