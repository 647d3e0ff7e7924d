"""What broke systems like this one, row by row, and the tests here that would notice it.

A row names its sources, and either tests (``folder/module::test``) or why it cannot apply. A name
that ends in ``::`` stands for a whole module.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One kind of weakness that was found somewhere."""

    source: str
    here: str
    """How it would look in this system, or why it cannot."""
    tests: tuple[str, ...] = ()
    """Empty only where the row does not apply."""


BINDING = "soundness/test_binding"
MUTATION = "soundness/test_proof_mutation"
CHECKER = "soundness/test_checker"
HIDING = "soundness/test_hiding"
TRANSCRIPT = "unit/protocol/test_transcript"
FORGERIES = "rule/test_forgeries"
FROZEN = "attacks/test_frozen_challenges"
NAMED = "attacks/test_named_attacks"
SETTLEMENT = "settlement/test_ledger"

CATALOGUE = {
    "F1": Row(
        "Frozen Heart (Trail of Bits 2022; snarkjs, gnark, dusk)",
        "a header or key field that no challenge depends on",
        (
            f"{BINDING}::test_every_header_field_is_classified",
            f"{BINDING}::test_a_changed_and_signed_header_field_is_refused",
            f"{FROZEN}::test_statement_replay",
            "attacks/test_statement_census::test_a_header_field_moves_every_challenge",
            f"{BINDING}::test_every_key_field_is_classified",
            f"{BINDING}::test_the_pairing_itself_refuses_a_changed_header",
        ),
    ),
    "F2": Row(
        "Last Challenge attack (OpenZeppelin on Linea's PLONK verifier)",
        "the challenge that joins the two openings drawn before both are absorbed",
        (
            f"{NAMED}::test_every_message_is_absorbed_before_what_depends_on_it",
            f"{FROZEN}::test_last_challenge_known",
        ),
    ),
    "F3": Row(
        "gnark-crypto #377",
        "the opening's folding challenge does not depend on the claimed values",
        (
            f"{NAMED}::test_every_message_is_absorbed_before_what_depends_on_it",
            f"{FROZEN}::test_opening_fold_known",
            "soundness/test_lying_prover::test_a_false_value_at_the_evaluation_point_is_refused",
        ),
    ),
    "F4": Row(
        "halo2 0.3.1, query collision",
        "one commitment opened twice at a point with different values",
        (
            f"{NAMED}::test_no_column_is_opened_twice_at_a_point",
            f"{NAMED}::test_one_commitment_with_two_values_at_a_point_is_refused",
        ),
    ),
    "F5": Row(
        "permutation and lookup challenges drawn too early",
        "multiplicities, masks or lookup columns committed after the bus challenges",
        (
            f"{NAMED}::test_every_message_is_absorbed_before_what_depends_on_it",
            f"{FROZEN}::test_bus_challenges_known",
            f"{FROZEN}::test_gate_fold_known",
            "soundness/test_lying_prover::"
            "test_a_false_cell_in_any_helper_or_the_accumulator_is_refused",
        ),
    ),
    "F6": Row(
        "weak Fiat-Shamir (Dao, Miller, Wright, Grubbs, eprint 2023/691)",
        "lists without lengths, exchanged labels",
        (
            f"{TRANSCRIPT}::test_ten_thousand_pairs_of_sequences_differ",
            f"{TRANSCRIPT}::test_kinds_labels_and_framing_bind",
            f"{TRANSCRIPT}::test_lists_of_messages_bind",
        ),
    ),
    "F7": Row(
        "halo2 #219; Plonky3's out-of-domain test",
        "a challenge inside a domain: a cell is shown, or a division by zero",
        (
            f"{NAMED}::test_a_challenge_in_a_domain_is_refused",
            "unit/algebra/test_domain::test_a_challenge_in_the_domain_is_refused",
        ),
    ),
    "F8": Row(
        "hash reduced modulo r with a bias",
        "challenges, masks and blinders that are not uniform",
        (
            f"{TRANSCRIPT}::test_challenges_are_uniform",
            f"{TRANSCRIPT}::test_known_answers",
            "unit/algebra/test_scalars::test_randomness_is_the_operating_systems",
        ),
    ),
    "C1": Row(
        "Aztec's zero bug; fflonk PAR-03-006",
        "points at infinity, all-zero proofs",
        (
            f"{MUTATION}::test_infinity_is_refused_in_every_slot",
            f"{MUTATION}::test_both_openings_at_infinity_are_refused",
        ),
    ),
    "C2": Row(
        "fflonk PAR-03-001",
        "a key or SRS with a degenerate point of G2",
        (
            "unit/protocol/test_srs::test_degenerate_g2_is_refused",
            "unit/formats/test_key::test_tau_must_be_in_the_subgroup_and_not_the_generator",
        ),
    ),
    "C3": Row(
        "AlgoPlonk #9: pairing lines of zero",
        "a pairing or cache that accepts everything",
        (
            "soundness/test_self_test::test_a_pairing_that_always_says_the_same_stops_it",
            "soundness/test_self_test::"
            "test_a_verifier_that_accepts_everything_or_crashes_is_stopped",
            "unit/protocol/test_srs::test_damaged_cache_is_computed_again",
        ),
    ),
    "C4": Row(
        "missing subgroup checks (gnark #2, c-kzg-4844 #84)",
        "points of G2 from files outside the subgroup",
        (
            "vectors/test_reject::test_g2",
            "unit/protocol/test_srs::test_g2_outside_the_subgroup_is_refused",
            "unit/algebra/test_groups::test_group_membership_is_order_r",
        ),
    ),
    "C5": Row(
        "aliases of scalars and coordinates (Semaphore, zk-kit, snarkjs #358)",
        "a second spelling of a proof, header or key",
        (
            f"{MUTATION}::test_other_spellings_of_the_same_scalars_are_refused",
            f"{MUTATION}::test_other_spellings_of_the_same_points_are_refused",
            "vectors/test_reject::test_scalars",
        ),
    ),
    "C6": Row(
        "malleable proofs",
        "one batch settled twice under two proofs",
        (
            "soundness/test_chain_position::"
            "test_a_batch_is_not_accepted_twice_with_a_second_proof_or_signature",
            f"{SETTLEMENT}::test_same_header_with_another_proof_or_signature_is_the_same_batch",
        ),
    ),
    "C7": Row(
        "byte order, order of Fq2",
        "points of a ceremony or of a contract read the wrong way round",
        ("vectors/test_go_ethereum::", "unit/formats/test_ptau::test_genuine_files_are_accepted"),
    ),
    "C8": Row(
        "gnark GHSA-cph5-3pgr-c82g: lengths that exhaust memory",
        "stated lengths and counts that are believed",
        (
            f"{MUTATION}::test_a_proof_has_one_length",
            "unit/formats/test_srs_file::test_huge_stated_count_costs_nothing",
            "unit/formats/test_json_text::test_deep_nesting_is_refused_before_it_is_parsed",
        ),
    ),
    "K1": Row(
        "under-constrained circuits (zk-bug-tracker; SoK, arXiv 2402.15293)",
        "a cell that nothing determines",
        (
            f"{CHECKER}::test_a_changed_cell_is_caught",
            "soundness/test_whole_rule_cells::test_a_changed_cell_of_the_whole_rule_is_caught",
            f"{FORGERIES}::test_every_constraint_has_a_forgery_or_a_reason",
            "soundness/test_lying_prover::test_one_changed_cell_in_any_column_is_refused",
        ),
    ),
    "K2": Row(
        "Summa: a gate compared with a cell that only the honest prover sets",
        "flags that are witnesses",
        (
            f"{CHECKER}::test_a_changed_cell_is_caught",
            "rule/test_other_gates::test_a_forgery_passes_exactly_when_its_gate_is_taken_out",
        ),
    ),
    "K3": Row(
        "gnark #1246: a condition that is not boolean",
        "a flag of two",
        (
            f"{FORGERIES}::test_a_forgery_passes_exactly_when_its_constraint_is_taken_out",
            f"{CHECKER}::test_a_changed_cell_is_caught",
        ),
    ),
    "K4": Row(
        "gnark GHSA-498w-5j49-vqjg and GHSA-rjjm-x32p-m3f7",
        "comparisons that wrap, decompositions with two readings",
        (
            "rule/test_boundaries::test_no_value_beyond_its_width_passes",
            f"{NAMED}::test_no_decomposition_wraps",
        ),
    ),
    "K5": Row(
        "Plonky3 #1748, sp1 #853: multiplicities that wrap",
        "more lookups than the field has elements: impossible at this size, and asserted",
        (f"{NAMED}::test_lookups_are_fewer_than_the_field_has_elements",),
    ),
    "K6": Row(
        "powdr #1374: a fraction's denominator is zero",
        "a bus challenge that hits a tuple makes a gate vacuous",
        (f"{NAMED}::test_a_challenge_that_hits_a_tuple_stops_the_prover",),
    ),
    "K7": Row(
        "Plonky3: lookups on padding rows, missing terminals",
        "padding that takes part, a sum that need not close",
        (
            "soundness/test_cheats::test_the_checker_names_the_rules_a_cheat_breaks",
            "soundness/test_lying_prover::test_a_mask_beyond_the_nodes_is_refused",
            "soundness/test_lying_prover::"
            "test_a_false_cell_in_any_helper_or_the_accumulator_is_refused",
        ),
    ),
    "K8": Row(
        "permutations: colliding cosets, multisets of equal sum",
        "there are no cosets of wires; an order left out, doubled or exchanged remains",
        (
            "soundness/test_cheats::test_the_verifier_refuses_a_cheat",
            f"{NAMED}::test_tags_of_buses_differ",
            "soundness/test_lying_prover::test_exchanged_slice_digests_are_refused",
        ),
    ),
    "K9": Row(
        "public inputs that no gate reads",
        "a published number that may be anything",
        (
            f"{CHECKER}::test_other_public_numbers_are_refused",
            "soundness/test_whole_rule_cells::test_another_published_number_is_refused",
            "soundness/test_binding_whole_rule::test_other_published_figures_are_refused",
        ),
    ),
    "K10": Row(
        "missing binding to chain and context",
        "a proof replayed under another chain, policy, snapshot or parent",
        (
            "soundness/test_chain_position::"
            "test_a_proof_counts_for_its_own_chain_policy_snapshot_and_parent_only",
        ),
    ),
    "K11": Row(
        "halo2 0.3.0: layout by an unstable sort",
        "a key that differs from machine to machine",
        (
            f"{NAMED}::test_circuits_do_not_depend_on_the_hash_seed",
            "golden/test_golden::test_circuit_and_key_are_the_pinned_ones",
        ),
    ),
    "K12": Row(
        "Zendoo: polynomials not normalised",
        "trailing zeros that change a commitment",
        (f"{NAMED}::test_trailing_zeros_do_not_change_a_commitment",),
    ),
    "K13": Row(
        "honest work that cannot be proven",
        "empty and full batches, extreme values, one node, ties",
        (
            "circuits/test_honest_batches::test_the_checker_accepts_random_honest_batches",
            f"{CHECKER}::test_honest_batches_pass_with_one_node_and_with_every_slot_taken",
            "rule/test_boundaries::test_at_a_limit_is_provable",
        ),
    ),
    "Z1": Row(
        "unblinded quotient chunks (Sefranek, eprint 2024/848)",
        "chunks that depend on the witness",
        (
            f"{NAMED}::test_chunks_are_uniform_but_for_their_sum",
            f"{HIDING}::test_nothing_in_two_proofs_of_the_same_orders_is_the_same",
        ),
    ),
    "Z2": Row(
        "ZK-Garage #170, dusk #650: fewer blinders than openings",
        "a column opened more often than it is hidden",
        (
            f"{HIDING}::test_every_column_has_as_many_random_coefficients_as_it_is_opened",
            f"{HIDING}::test_what_is_published_about_a_column_is_uniform",
        ),
    ),
    "Z3": Row(
        "gnark CVE-2024-45040: commitments that bind and do not hide",
        "a dictionary of node numbers or sizes",
        (
            f"{HIDING}::test_no_dictionary_finds_a_committed_number",
            f"{HIDING}::test_a_full_guess_of_a_column_is_not_confirmed_by_its_value",
        ),
    ),
    "Z4": Row(
        "gnark CVE-2024-45039: several commitments, one folded check",
        "groups of commitments taken from two proofs",
        (
            f"{MUTATION}::test_parts_of_two_valid_proofs_do_not_make_one",
            f"{FROZEN}::test_cross_proof_splice",
        ),
    ),
    "Z5": Row(
        "zeroj #50, sonobe #238: a prover whose randomness a caller sets",
        "a seed that reaches the production prover",
        (f"{NAMED}::test_the_packages_take_randomness_from_the_operating_system_alone",),
    ),
    "Z6": Row(
        "randomness used twice",
        "blinders kept for another attempt, copied by a fork",
        (
            f"{HIDING}::test_nothing_in_two_proofs_of_the_same_orders_is_the_same",
            f"{HIDING}::test_the_prover_uses_the_counted_coefficients",
            "unit/algebra/test_scalars::test_random_scalars_do_not_repeat",
        ),
    ),
    "Z7": Row(
        "leaks by size and time (eprint 2020/627)",
        "a proof's length that tells how many orders there were; time is not hidden, and said so",
        (f"{NAMED}::test_a_proof_is_as_long_whatever_is_in_the_batch",),
    ),
    "S1": Row(
        "Zcash's extra parameters; development strings in production",
        "an SRS whose tau somebody knows",
        (
            "unit/cli/test_refusals::test_a_development_srs_nobody_named",
            "settlement/test_gate::test_development_srs_is_accepted_only_by_name",
            "unit/formats/test_srs_file::test_names_of_ceremonies_cannot_be_borrowed",
        ),
    ),
    "S2": Row(
        "ceremony files that were never checked",
        "points that are not powers of one tau",
        (
            "unit/formats/test_ptau::test_two_hundred_corruptions_are_refused",
            "unit/formats/test_ptau_points::test_wrong_points_are_refused",
        ),
    ),
    "S3": Row(
        "Light Protocol: state changed by halves",
        "two children of one parent accepted at once",
        (
            "settlement/test_ledger_crashes::test_three_processes_one_winner",
            "settlement/test_ledger_crashes::test_killed_at_every_statement",
        ),
    ),
    "S4": Row(
        "rolled-back ledgers",
        "an old copy of the ledger, a fork",
        (
            f"{SETTLEMENT}::test_old_copy_is_refused_at_the_start",
            f"{SETTLEMENT}::test_old_copy_is_refused_while_running",
            "audit/test_tampering::test_a_clean_roll_back_shows_by_a_head_seen_before",
        ),
    ),
    "S5": Row(
        "gnark #741, OpenZeppelin on Linea: exported contracts",
        "does not apply: no contract is exported; a proof is verified by this verifier only",
    ),
    "S6": Row(
        "a verifier with another circuit's key",
        "exchanged key files",
        (
            f"{BINDING}::test_a_changed_key_is_unknown",
            f"{BINDING}::test_a_key_of_another_batch_size_cannot_be_passed_off",
        ),
    ),
    "S7": Row(
        "Merkle trees: leaf taken for a node, doubled last leaf (CVE-2012-2459)",
        "slices root with several readings",
        (f"{NAMED}::test_a_leaf_is_no_inner_node", f"{NAMED}::test_leaves_are_never_doubled"),
    ),
}
