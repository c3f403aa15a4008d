//! The contract of a store, one plain function per rule. Every backend runs the whole list, so what is not written here
//! is not promised. A rule gets a store in which nothing is kept yet and panics when it is broken.
//!
//! The test file of a backend is one line, `vestibule_store::conformance!(Memory::default());`, or, when the store needs
//! a place that must outlive it, `vestibule_store::conformance!(a_place() => |place| Store::open(&place));`. The crate
//! that tests has `tokio` with its macros as a dev-dependency.
#![expect(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "rules are tests: their names say what they say, and they fail by panicking"
)]

pub mod acquaintances;
pub mod apps;
pub mod attested_keys;
pub mod audit;
pub mod connections;
pub mod credentials;
pub mod edits;
pub mod flows;
pub mod grants;
pub mod keys;
pub mod marks;
pub mod outbox;
mod race;
pub mod samples;
pub mod sessions;
pub mod slips;
pub mod tallies;
pub mod tenants;
pub mod upkeep;
pub mod users;

/// One test per rule, each with a fresh store.
#[macro_export]
macro_rules! conformance {
    ($store:expr) => {
        $crate::conformance!(std::path::Path::new("") => |_place| $store);
    };
    ($place:expr => |$name:ident| $store:expr) => {
        $crate::conformance! { @rules ($place, $name, $store)
            tenants {
                a_tenant_is_found_by_its_handle
                a_handle_is_taken_once
                tenants_are_listed_by_handle
            }
            apps {
                an_application_is_found_by_id_and_client_id
                an_application_is_not_there_in_another_tenant
                a_name_and_a_client_id_are_taken_once_in_a_tenant
                an_application_with_the_id_of_another_is_a_fault
                applications_are_listed_in_the_order_of_their_making
                a_change_of_an_application_names_the_revision_that_it_saw
                a_change_cannot_take_the_name_or_client_id_of_another_application
                an_origin_is_known_while_an_enabled_application_lists_it
                a_removed_application_takes_its_grants_along
                of_many_applications_of_a_name_one_is_kept
                of_many_changes_of_a_revision_one_is_kept
            }
            connections {
                a_connection_is_found_by_id_and_name
                a_connection_is_not_there_in_another_tenant
                a_connections_name_is_taken_once_in_a_tenant
                a_connection_with_the_id_of_another_is_a_fault
                connections_are_listed_in_the_order_of_their_making
                a_change_of_a_connection_names_the_revision_that_it_saw
                a_connection_cannot_take_the_name_of_another
                a_removed_connection_is_gone
            }
            keys {
                a_key_is_kept_whole
                a_key_follows_the_newest_of_its_family
                a_kid_is_taken_once_in_a_tenant
                keys_are_shown_oldest_first
                a_removed_key_is_gone_and_the_one_before_is_followed_again
                a_secret_follows_the_newest
                what_is_wrapped_under_which_master_key_is_told
                wrapping_anew_names_the_wrapping_that_it_saw
                of_many_nodes_that_make_the_first_key_one_does
                of_many_nodes_that_rotate_one_does
                of_many_nodes_that_add_a_secret_one_does
            }
            users {
                a_user_is_found_by_id_and_canonical_name
                a_user_is_not_there_in_another_tenant
                a_user_name_is_taken_once_in_a_tenant
                a_user_with_the_id_of_another_is_a_fault
                users_are_listed_in_the_order_of_their_making
                a_change_of_a_user_names_the_revision_that_it_saw
                a_rename_frees_the_old_name_and_cannot_take_another
                an_expelled_user_has_no_session_and_no_grant
                a_removed_user_takes_sessions_and_grants_along
                of_many_users_of_a_name_one_is_kept
            }
            acquaintances {
                a_finished_login_leaves_where_it_came_from
                a_lost_login_leaves_no_acquaintance
                of_many_acquaintances_those_seen_last_are_kept
                who_is_expelled_is_a_stranger_everywhere
                a_removed_user_takes_acquaintances_along
                an_old_acquaintance_is_swept
            }
            credentials {
                a_credential_is_found_by_user_and_by_handle
                a_credential_is_not_there_in_another_tenant
                a_handle_is_taken_once_in_a_tenant_and_kind
                nothing_is_added_of_a_user_who_is_not_there
                a_credential_with_the_id_of_another_is_a_fault
                a_change_of_a_credential_names_the_revision_that_it_saw
                kind_handle_and_user_of_a_credential_never_change
                a_credential_is_removed_by_its_user
                a_removed_user_takes_credentials_along
                of_many_credentials_of_a_handle_one_is_kept
            }
            edits {
                an_answer_enrols_uses_and_saves_at_once
                the_edits_of_an_answer_are_made_together_or_not_at_all
                an_edit_sees_those_before_it
                an_edit_that_finds_a_name_or_handle_taken_is_overtaken
                a_lost_answer_makes_no_edit
                a_new_password_expels_and_then_signs_in
                a_new_user_is_made_and_signed_in
                a_premise_is_held_against_the_state_before_the_edits
                a_password_is_hashed_anew_beside_other_edits
                an_edit_that_fails_leaves_nothing
                of_many_uses_of_a_revision_one_goes_through
            }
            flows {
                the_first_claim_makes_the_flow
                a_claimed_flow_is_busy_until_the_claim_runs_out
                a_flow_that_was_not_seen_as_it_is_has_moved
                a_settled_flow_keeps_its_state_or_has_the_new_one
                a_claim_that_was_taken_over_settles_nothing_but_its_marks
                a_flow_that_is_not_kept_cannot_be_settled
                a_login_of_a_user_who_was_changed_meanwhile_leaves_nothing
                a_session_that_was_ended_is_not_used_again
                a_finished_login_leaves_its_session_and_its_grant
                a_session_used_again_replaces_the_old_one
                a_settlement_that_fails_leaves_nothing
                a_password_hashed_anew_replaces_the_hash_that_was_compared
                of_many_claims_one_is_ours
                of_many_logins_of_one_flow_one_leaves_a_grant
            }
            tallies {
                an_untouched_tally_counts_nothing
                a_claim_takes_a_slot_of_each_tally
                a_full_tally_lets_nothing_be_claimed
                the_flow_is_asked_before_the_tallies
                a_locked_tally_is_told_and_does_not_count
                a_mark_settles_a_slot
                comparisons_that_never_ended_count_as_wrong
                a_tally_is_claimed_outside_a_flow
                an_administrator_clears_a_tally
                a_wrong_answer_costs_shares_and_makes_no_debts
                a_proof_from_elsewhere_opens_a_quiet_tally
                a_seal_holds_until_it_is_cleared
                no_more_answers_are_compared_at_once_than_may_be_wrong
                no_wrong_answer_is_lost_in_a_crowd
            }
            sessions {
                the_sessions_of_a_user_are_shown_oldest_first
                a_session_is_shown_until_it_is_swept
                an_ended_session_is_gone_and_its_grants_are_revoked
                grants_of_a_session_that_is_gone_are_revoked_all_the_same
            }
            outbox {
                a_letter_is_carried_and_gone_when_it_arrives
                an_undeliverable_letter_is_gone
                a_letter_may_be_tried_again_later
                letters_that_wait_longest_are_carried_first
                nobody_else_gets_a_letter_before_its_carrier_is_late
                a_carrying_is_settled_by_its_lease_alone
                a_letter_of_no_use_is_not_carried
                the_oldest_letter_tells_how_long_letters_wait
                letters_are_put_in_up_to_the_limit
                a_letter_takes_a_share_of_all_its_budgets_or_of_none
                a_budget_grows_back
                an_answer_sends_what_the_budgets_allow
                an_answer_that_is_lost_or_overtaken_sends_nothing
                a_letter_with_the_id_of_another_is_a_fault
                of_many_letters_at_once_as_many_are_kept_as_the_budget_has
                of_many_carriers_one_gets_a_letter
            }
            slips {
                a_slip_is_left_and_taken_once
                a_slip_is_replaced_by_who_saw_it
                a_slip_of_another_tenant_is_in_the_way
                a_slip_that_is_over_is_shown_until_it_is_swept
                of_many_slips_of_a_key_one_is_kept
                of_many_who_take_a_slip_one_gets_it
            }
            marks {
                a_mark_is_made_once
                of_many_who_mark_one_is_the_first
            }
            grants {
                a_grant_is_kept_whole
                a_code_is_redeemed_once
                a_code_that_is_too_old_or_unknown_is_absent
                a_refresh_makes_the_next_generation
                an_old_refresh_token_revokes_the_family
                a_refresh_without_a_live_grant_is_absent
                a_grant_is_revoked
                an_access_token_is_revoked_by_its_name
                of_many_exchanges_of_a_code_one_is_granted
                of_many_refreshes_one_makes_the_next_generation
                a_revocation_among_exchanges_and_refreshes_lasts
            }
            audit {
                records_are_chained_in_the_order_of_their_adding
                records_are_read_by_tenant_and_user_after_a_number
                a_moment_is_found_in_the_log
                an_answer_is_told_with_its_effect_or_not_at_all
                an_exchange_is_told_with_its_effect_or_not_at_all
                checkpoints_are_kept_by_their_numbers
                only_a_beginning_is_pruned_and_the_newest_record_stays
                webhooks_are_served_when_they_are_due
                of_many_who_add_none_makes_a_gap
            }
            attested_keys {
                an_attested_key_is_kept_once
                the_counter_of_an_attested_key_only_rises
                a_revoked_key_counts_no_more_and_is_not_kept_anew
                attested_keys_go_with_their_application_or_when_they_are_not_used
                of_many_assertions_with_one_counter_one_goes_through
            }
            upkeep {
                a_store_that_works_says_so
                a_scrubbed_store_keeps_what_it_kept
                a_flow_is_swept_when_it_is_too_old
                a_session_is_swept_when_it_is_over
                an_unused_code_is_swept_ten_minutes_after_it_is_too_old
                a_live_grant_is_swept_a_day_after_it_is_too_old_or_at_its_end
                a_spent_code_is_recognised_until_its_family_ends
                a_revoked_token_is_forgotten_when_it_is_too_old
                a_tally_is_forgotten_when_it_has_been_at_rest_for_long
                a_sealed_tally_is_never_forgotten
                a_slip_is_swept_when_it_is_over
                a_mark_is_swept_when_it_is_over
                a_letter_is_swept_when_it_is_of_no_use_also_from_its_carrier
                a_budget_is_forgotten_when_it_is_whole
                a_sweep_removes_at_most_as_many_as_it_is_told
                a_sweep_is_not_bounded_by_its_batches
                a_sweep_spares_what_has_no_end
            }
        }
    };
    (@rules $how:tt $($noun:ident { $($rule:ident)+ })+) => {
        $($crate::conformance! { @noun $how $noun $($rule)+ })+
    };
    (@noun ($place:expr, $name:ident, $store:expr) $noun:ident $($rule:ident)+) => {
        mod $noun {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $rule() {
                    let $name = $place;
                    let store = $store;
                    $crate::conformance::$noun::$rule(&store).await;
                }
            )+
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_rule_is_on_the_list() {
        let list = include_str!("mod.rs");
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
        let no_nouns = ["mod.rs", "race.rs", "samples.rs"];
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
        let nouns = files.filter(|file| no_nouns.iter().all(|name| file.file_name() != **name));
        let text: String = nouns.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect();
        let rules: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("pub async fn ")?.split('(').next()).collect();
        assert!(rules.len() > 120);
        for rule in rules {
            assert!(list.lines().any(|line| line.trim() == rule), "{rule} is not on the list of conformance!");
        }
    }
}
