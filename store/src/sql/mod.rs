//! The statements, one module per noun, in the dialect that SQLite and PostgreSQL share. Parameters are numbered in the
//! order of their first use, which is how SQLite counts them. No rule stands here: what changes a row is decided outside.

macro_rules! statements {
    ($($name:ident, $doing:literal, $text:expr;)+) => {
        $(pub(crate) const $name: crate::sql::Statement = crate::sql::Statement { doing: $doing, text: $text };)+

        #[cfg(test)]
        pub(crate) const ALL: &[crate::sql::Statement] = &[$($name),+];
    };
}

pub(crate) mod acquaintances;
pub(crate) mod apps;
pub(crate) mod attested_keys;
pub(crate) mod audit;
pub(crate) mod connections;
pub(crate) mod credentials;
pub(crate) mod flows;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod marks;
pub(crate) mod outbox;
pub(crate) mod sessions;
pub(crate) mod slips;
pub(crate) mod tallies;
pub(crate) mod tenants;
pub(crate) mod upkeep;
pub(crate) mod users;

/// A statement and, for the log, what is being done with it.
#[derive(Clone, Copy)]
pub(crate) struct Statement {
    pub doing: &'static str,
    pub text: &'static str,
}

/// Every statement.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = Statement> {
    let nouns = [
        acquaintances::ALL,
        apps::ALL,
        attested_keys::ALL,
        audit::ALL,
        connections::ALL,
        credentials::ALL,
        flows::ALL,
        grants::ALL,
        keys::ALL,
        marks::ALL,
        outbox::ALL,
        sessions::ALL,
        slips::ALL,
        tallies::ALL,
        tenants::ALL,
        upkeep::ALL,
        users::ALL,
    ];
    nouns.into_iter().flatten().copied()
}
