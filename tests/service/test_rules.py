"""Which test holds which rule of safety; a rule without one, or a test that is gone, is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SERVICE, JOBS, SCENES = "tests/service", "tests/jobs", "tests/scenes/download"

RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "1 uploads: a limited child, drivers by the bytes, rewritten, only that is used": (
        (f"{SERVICE}/test_uploads.py", "test_what_is_refused_is_refused_with_words"),
        (f"{SERVICE}/test_uploads.py", "test_limits_of_size_are_kept_while_it_is_sent"),
        (f"{SERVICE}/test_uploads.py", "test_the_child_reads_with_few_rights"),
        (
            f"{SERVICE}/test_uploads.py",
            "test_a_child_that_needs_too_much_memory_is_ended_with_words",
        ),
        (f"{SERVICE}/test_uploads.py", "test_a_boundary_makes_this_machine_ask_nobody"),
        (f"{SERVICE}/test_uploads.py", "test_the_child_fetches_nothing_whatever_gdal_is_asked"),
    ),
    "2 names are shown, never paths; escaped; no formulas in what is given out": (
        (f"{SERVICE}/test_uploads.py", "test_names_that_cannot_be_shown"),
        (f"{SERVICE}/test_uploads.py", "test_names_never_become_paths"),
        (f"{SERVICE}/test_uploads.py", "test_what_is_given_out_holds_no_formula"),
        (f"{SERVICE}/test_security.py", "test_names_are_shown_escaped"),
    ),
    "3 sources: of the configuration alone; a catalogue leads neither to files nor inside": (
        (f"{SERVICE}/test_launch.py", "test_sources_are_those_of_the_configuration_alone"),
        (f"{SERVICE}/test_security.py", "test_no_parameter_makes_this_machine_ask_an_address"),
        (f"{SCENES}/test_private_network.py", "test_addresses"),
        (f"{SCENES}/test_private_network.py", "test_other_spellings_of_this_machine"),
        (f"{SCENES}/test_private_network.py", "test_schemes"),
        (f"{SCENES}/test_private_network.py", "test_redirects_are_looked_at"),
        (f"{SCENES}/test_private_network.py", "test_a_name_that_changes_between_two_questions"),
        (f"{SCENES}/test_private_network.py", "test_items_of_a_public_catalogue"),
    ),
    "4 no callbacks": ((f"{SERVICE}/test_launch.py", "test_callbacks_are_not_offered"),),
    "5 log-in: argon2id, few at a time, growing waits, the same words, no weak passwords": (
        (f"{SERVICE}/test_accounts.py", "test_a_thousand_wrong_log_ins_cost_hardly_anything"),
        (
            f"{SERVICE}/test_accounts.py",
            "test_wrong_log_ins_wait_longer_and_longer_and_never_for_ever",
        ),
        (f"{SERVICE}/test_accounts.py", "test_an_unknown_name_is_compared_with_something"),
        (f"{SERVICE}/test_accounts.py", "test_every_failure_has_the_same_words"),
        (f"{SERVICE}/test_accounts.py", "test_passwords_that_may_not_be"),
    ),
    "6 tokens and links: kept as hashes, ended by another password, never logged": (
        (f"{SERVICE}/test_accounts.py", "test_only_hashes_are_kept"),
        (f"{SERVICE}/test_accounts.py", "test_a_changed_password_ends_all_tokens_and_sessions"),
        (f"{SERVICE}/test_accounts.py", "test_another_password_ends_the_links_of_the_user_alone"),
        (f"{SERVICE}/test_results.py", "test_links_are_revoked_counted_and_kept_as_hashes"),
        (
            f"{SERVICE}/test_security.py",
            "test_the_log_of_an_error_holds_no_word_that_opens_something",
        ),
    ),
    "7 session: HttpOnly, SameSite, __Host-, new at log-in, ends after hours": (
        (f"{SERVICE}/test_accounts.py", "test_a_session_cookie_is_for_this_site_and_no_script"),
        (f"{SERVICE}/test_accounts.py", "test_a_session_behind_https_has_the_strict_name"),
        (f"{SERVICE}/test_accounts.py", "test_a_new_log_in_ends_the_session_of_the_same_browser"),
        (f"{SERVICE}/test_accounts.py", "test_a_session_ends_after_hours_without_a_request"),
    ),
    "8 other origins change nothing; with a token the cookie counts for nothing": (
        (f"{SERVICE}/test_accounts.py", "test_changes_with_a_cookie_need_the_word_and_the_origin"),
        (f"{SERVICE}/test_accounts.py", "test_with_a_token_the_cookie_counts_for_nothing"),
        (
            f"{SERVICE}/browser/test_other_origins.py",
            "test_forms_and_scripts_of_another_page_change_and_read_nothing",
        ),
    ),
    "9 headers, hosts, proxies; the policy of the code launcher": (
        (f"{SERVICE}/test_security.py", "test_headers_are_on_every_answer"),
        (f"{SERVICE}/test_security.py", "test_only_requests_to_this_host_are_answered"),
        (f"{SERVICE}/test_security.py", "test_what_a_proxy_says_is_believed_only_behind_one"),
        (
            f"{SERVICE}/browser/test_other_origins.py",
            "test_no_other_page_shows_the_service_in_a_frame",
        ),
        (
            f"{SERVICE}/test_launcher.py",
            "test_only_its_own_files_are_given_out_with_a_policy_of_their_own",
        ),
        (f"{SERVICE}/browser/test_launcher.py", "test_a_script_reaches_nothing_but_jobs"),
    ),
    "10 isolation: ids of others are unknown; folders and children for their owner alone": (
        (f"{SERVICE}/test_security.py", "test_ids_of_others_are_unknown_on_every_route"),
        (f"{SERVICE}/test_security.py", "test_ids_of_others_in_forms_and_queries_do_nothing"),
        (
            f"{SERVICE}/test_security.py",
            "test_every_route_asks_who_it_is_but_those_that_are_public",
        ),
        (f"{SERVICE}/test_security.py", "test_folders_are_only_for_their_owner"),
        (f"{SERVICE}/test_maps.py", "test_the_owner_sees_what_is_there_and_nobody_else"),
        (f"{JOBS}/test_carried_out.py", "test_a_child_has_no_secrets"),
        (f"{JOBS}/test_carried_out.py", "test_what_a_job_writes_is_for_nobody_else"),
    ),
    "11 resources: limits, memory, disk, time": (
        (f"{SERVICE}/test_launch.py", "test_limits_are_kept_and_published"),
        (f"{SERVICE}/test_launch.py", "test_one_check_of_a_user_at_a_time_with_little_memory"),
        (f"{SERVICE}/test_uploads.py", "test_one_upload_of_a_user_at_a_time_and_two_of_all"),
        (f"{JOBS}/test_carried_out.py", "test_a_job_that_takes_too_much_is_stopped_with_words"),
        (f"{JOBS}/test_carried_out.py", "test_nothing_is_begun_while_the_disk_is_full"),
    ),
    "12 mail: one address per field, confirmed first, encrypted, nobody is flooded": (
        (f"{SERVICE}/test_mail.py", "test_one_field_is_one_address"),
        (
            f"{SERVICE}/test_mail.py",
            "test_an_address_is_confirmed_before_anything_is_sent_to_it",
        ),
        (f"{SERVICE}/test_mail.py", "test_mails_do_not_travel_in_the_open"),
        (f"{SERVICE}/test_mail.py", "test_a_stranger_is_not_flooded_with_questions"),
    ),
    "13 audit; no secrets in logs and figures": (
        (f"{SERVICE}/test_security.py", "test_the_audit_says_who_did_what"),
        (
            f"{SERVICE}/test_security.py",
            "test_errors_of_the_database_do_not_tell_what_was_to_be_kept",
        ),
        (f"{SERVICE}/operations/test_metrics.py", "test_labels_name_no_user_and_no_address"),
    ),
    "14 secrets come from files; what is weak is told": (
        (f"{SERVICE}/test_commands.py", "test_check_says_what_is_weak_and_doctor_what_works"),
        (f"{SERVICE}/test_security.py", "test_a_proxy_that_is_not_known_to_be_one_is_told"),
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_tests(root: Path, rule: str) -> None:
    for file, name in RULES[rule]:
        text = (root / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), (file, name)


def test_the_rules_are_all_there() -> None:
    assert [int(rule.split()[0]) for rule in RULES] == list(range(1, 15))
