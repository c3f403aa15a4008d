//! What is asked of both stores.

use proptest::prelude::*;

/// A verb of the contract; numbers name things of a few kinds, so that verbs meet.
#[derive(Clone, Debug)]
pub enum Ask {
    AddTenant(u8),
    AddApp(u8, u8, bool),
    SaveApp(u8, u8, u64, bool),
    RemoveApp(u8, bool),
    AddKey(u8, u8, u8),
    RemoveKey(u8, u8),
    RewrapKey(u8, u8, u8),
    AddSecret(u8, u8),
    RewrapSecret(u8, u8),
    NotUnder(u8),
    AddUser(u8, u8, bool),
    SaveUser(u8, u8, u64, bool),
    RemoveUser(u8, bool),
    Claim(u8, u64, Vec<u8>),
    Settle {
        flow: Option<(u8, u64, bool)>,
        marks: Vec<(u8, u8)>,
        end: Option<(u8, u8, u8)>,
        edits: Vec<Change>,
        letters: Vec<(u8, u8)>,
    },
    AddCredential(u8, u8, u8, bool),
    SaveCredential(u8, u8, u8, u64),
    RemoveCredential(u8, u8, bool),
    AddConnection(u8, u8, bool),
    SaveConnection(u8, u8, u64),
    RemoveConnection(u8, bool),
    Post(u8, u8),
    Carry(usize),
    Carried(u8, u64, u8),
    Leave(u8, bool, u64),
    Take(u8),
    ClearTally(u8),
    ClaimTally(u8),
    EndSession(u8),
    Redeem(u8),
    Rotate(u8, u32, bool, bool),
    RevokeGrant(u8),
    RevokeToken(u8, i64),
    Sweep(usize),
    Wait(i64),
}

/// An edit of an answer.
#[derive(Clone, Debug)]
pub enum Change {
    Rehash(u8, u8, u8),
    Save(u8, u8, u64, bool),
    Provision(u8, u8),
    Enrol(u8, u8, u8),
    Use(u8, u8, u8, u64),
}

fn changes() -> impl Strategy<Value = Change> {
    let thing = || 1_u8..4;
    prop_oneof![
        (thing(), 0_u8..3, 0_u8..3).prop_map(|(id, compared, fresh)| Change::Rehash(id, compared, fresh)),
        (thing(), thing(), 1_u64..4, any::<bool>()).prop_map(|(id, name, seen, out)| Change::Save(id, name, seen, out)),
        (thing(), thing()).prop_map(|(id, name)| Change::Provision(id, name)),
        (thing(), thing(), thing()).prop_map(|(id, owner, handle)| Change::Enrol(id, owner, handle)),
        (thing(), thing(), thing(), 1_u64..4)
            .prop_map(|(id, owner, handle, seen)| Change::Use(id, owner, handle, seen)),
    ]
}

pub fn asks() -> impl Strategy<Value = Ask> {
    let thing = || 1_u8..4;
    let flow = prop::option::of((thing(), 0_u64..4, any::<bool>()));
    let (marks, names) =
        (prop::collection::vec((0_u8..2, 0_u8..4), 0..2), prop::sample::subsequence(vec![0_u8, 1], 0..=2));
    let (end, edits) = (prop::option::of((thing(), thing(), 1_u8..9)), prop::collection::vec(changes(), 0..3));
    let (letters, budgets) = (prop::collection::vec((1_u8..9, 0_u8..3), 0..3), 0_u8..3);
    prop_oneof![
        1 => thing().prop_map(Ask::AddTenant),
        2 => (thing(), thing(), any::<bool>()).prop_map(|(id, name, here)| Ask::AddApp(id, name, here)),
        2 => (thing(), thing(), 1_u64..4, any::<bool>()).prop_map(|(id, name, seen, on)| Ask::SaveApp(id, name, seen, on)),
        1 => (thing(), any::<bool>()).prop_map(|(id, here)| Ask::RemoveApp(id, here)),
        3 => (0_u8..2, thing(), 0_u8..4).prop_map(|(family, id, newest)| Ask::AddKey(family, id, newest)),
        1 => (0_u8..2, thing()).prop_map(|(family, id)| Ask::RemoveKey(family, id)),
        1 => (0_u8..2, thing(), thing()).prop_map(|(family, id, master)| Ask::RewrapKey(family, id, master)),
        2 => (thing(), 0_u8..4).prop_map(|(id, newest)| Ask::AddSecret(id, newest)),
        1 => (thing(), thing()).prop_map(|(id, master)| Ask::RewrapSecret(id, master)),
        1 => thing().prop_map(Ask::NotUnder),
        2 => (thing(), thing(), any::<bool>()).prop_map(|(id, name, here)| Ask::AddUser(id, name, here)),
        2 => (thing(), thing(), 1_u64..4, any::<bool>()).prop_map(|(id, name, seen, out)| Ask::SaveUser(id, name, seen, out)),
        1 => (thing(), any::<bool>()).prop_map(|(id, here)| Ask::RemoveUser(id, here)),
        6 => (thing(), 0_u64..4, names).prop_map(|(flow, seen, names)| Ask::Claim(flow, seen, names)),
        8 => (flow, marks, end, edits, letters).prop_map(|(flow, marks, end, edits, letters)| Ask::Settle { flow, marks, end, edits, letters }),
        3 => (thing(), thing(), thing(), any::<bool>()).prop_map(|(id, owner, handle, here)| Ask::AddCredential(id, owner, handle, here)),
        2 => (thing(), thing(), thing(), 1_u64..4).prop_map(|(id, owner, handle, seen)| Ask::SaveCredential(id, owner, handle, seen)),
        1 => (thing(), thing(), any::<bool>()).prop_map(|(id, owner, here)| Ask::RemoveCredential(id, owner, here)),
        2 => (thing(), thing(), any::<bool>()).prop_map(|(id, name, here)| Ask::AddConnection(id, name, here)),
        2 => (thing(), thing(), 1_u64..4).prop_map(|(id, name, seen)| Ask::SaveConnection(id, name, seen)),
        1 => (thing(), any::<bool>()).prop_map(|(id, here)| Ask::RemoveConnection(id, here)),
        2 => (1_u8..9, budgets).prop_map(|(id, budgets)| Ask::Post(id, budgets)),
        3 => (0_usize..4).prop_map(Ask::Carry),
        3 => (1_u8..9, 1_u64..3, 0_u8..3).prop_map(|(id, lease, how)| Ask::Carried(id, lease, how)),
        3 => (thing(), any::<bool>(), 0_u64..3).prop_map(|(key, here, seen)| Ask::Leave(key, here, seen)),
        1 => thing().prop_map(Ask::Take),
        1 => (0_u8..2).prop_map(Ask::ClearTally),
        2 => (0_u8..2).prop_map(Ask::ClaimTally),
        1 => thing().prop_map(Ask::EndSession),
        4 => (1_u8..9).prop_map(Ask::Redeem),
        4 => (1_u8..9, 0_u32..3, any::<bool>(), any::<bool>()).prop_map(|(id, shown, alike, turn)| Ask::Rotate(id, shown, alike, turn)),
        1 => (1_u8..9).prop_map(Ask::RevokeGrant),
        1 => (thing(), 0_i64..1_000).prop_map(|(jti, lasts)| Ask::RevokeToken(jti, lasts)),
        1 => (0_usize..4).prop_map(Ask::Sweep),
        3 => prop_oneof![Just(1), Just(30), Just(600), Just(100_000), Just(3_000_000)].prop_map(Ask::Wait),
    ]
}
