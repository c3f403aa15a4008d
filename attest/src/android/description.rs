//! The attestation extension of Android's certificates, `KeyDescription`, as far as it is read. Versions 1 to 400 differ in
//! members that are passed over here.

use vestibule_jose::der::{Der, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE, SET, explicit};

/// What a device says about a key.
pub struct Description<'a> {
    /// How safe the place is that says so: 0 for software, 1 for the trusted environment, 2 for StrongBox.
    pub attested_by: i64,
    /// How safe the place is where the key lives, in the same numbers.
    pub kept_by: i64,
    /// What the app was asked with.
    pub challenge: &'a [u8],
    /// The app, as the system saw it.
    pub app: Option<App<'a>>,
    /// The system, as the hardware saw it start.
    pub boot: Option<Boot>,
    /// How the key came into being, as the hardware knows it.
    pub origin: Option<i64>,
}

/// `AttestationApplicationId`: the packages of one user id, which all have the same signers.
pub struct App<'a> {
    /// Their names.
    pub packages: Vec<&'a [u8]>,
    /// SHA-256 of the certificates.
    pub signers: Vec<&'a [u8]>,
}

/// `RootOfTrust`.
pub struct Boot {
    /// The boot loader takes nothing unsigned.
    pub is_locked: bool,
    /// What it found: 0 is a system of the device's maker.
    pub state: i64,
}

impl<'a> Description<'a> {
    /// Reads the value of the extension.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut der = Der::new(bytes);
        let mut description = der.inside(SEQUENCE)?;
        description.number(INTEGER)?;
        let attested_by = description.number(ENUMERATED)?;
        description.number(INTEGER)?;
        let kept_by = description.number(ENUMERATED)?;
        let challenge = description.take(OCTET_STRING)?;
        description.take(OCTET_STRING)?;
        let system = description.inside(SEQUENCE)?;
        let hardware = description.inside(SEQUENCE)?;
        if !der.is_empty() || !description.is_empty() {
            return None;
        }
        Some(Self {
            attested_by,
            kept_by,
            challenge,
            app: inside(member(system, APPLICATION_ID)?, App::read)?,
            boot: inside(member(hardware, ROOT_OF_TRUST)?, Boot::read)?,
            origin: inside(member(hardware, ORIGIN)?, |der| der.number(INTEGER))?,
        })
    }
}

impl<'a> App<'a> {
    fn read(der: &mut Der<'a>) -> Option<Self> {
        let mut wrapped = Der::new(der.take(OCTET_STRING)?);
        let mut app = wrapped.inside(SEQUENCE)?;
        let packages = each(app.inside(SET)?, |set| {
            let mut package = set.inside(SEQUENCE)?;
            let name = package.take(OCTET_STRING)?;
            package.number(INTEGER)?;
            package.is_empty().then_some(name)
        })?;
        let signers = each(app.inside(SET)?, |set| set.take(OCTET_STRING))?;
        (wrapped.is_empty() && app.is_empty()).then_some(Self { packages, signers })
    }
}

impl Boot {
    fn read(der: &mut Der<'_>) -> Option<Self> {
        let mut boot = der.inside(SEQUENCE)?;
        boot.take(OCTET_STRING)?;
        let is_locked = boot.boolean()?;
        let state = boot.number(ENUMERATED)?;
        // The hash of the system came with version 3.
        boot.optional(OCTET_STRING);
        boot.is_empty().then_some(Self { is_locked, state })
    }
}

/// The content of the only member of that number in an `AuthorizationList`; nothing if it is absent, and no list if it is
/// there twice.
fn member(mut list: Der<'_>, number: u32) -> Option<Option<Der<'_>>> {
    let mut found = None;
    while !list.is_empty() {
        let element = list.element()?;
        if element.tag == explicit(number) && found.replace(Der::new(element.content)).is_some() {
            return None;
        }
    }
    Some(found)
}

/// What `read` makes of a member that is there; it has to read all of it.
fn inside<'a, T>(member: Option<Der<'a>>, read: impl Fn(&mut Der<'a>) -> Option<T>) -> Option<Option<T>> {
    let Some(mut der) = member else { return Some(None) };
    let value = read(&mut der)?;
    der.is_empty().then_some(Some(value))
}

/// Everything in a set.
fn each<'a, T>(mut set: Der<'a>, read: impl Fn(&mut Der<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut found = Vec::new();
    while !set.is_empty() {
        found.push(read(&mut set)?);
    }
    Some(found)
}

const ORIGIN: u32 = 702;
const ROOT_OF_TRUST: u32 = 704;
const APPLICATION_ID: u32 = 709;
