-- Primary tables: what arrived. They are never made again.

create table carrier (
    carrier_id bigint not null,
    source text not null,
    epoch bigint not null,
    key text not null,
    sha256 text not null,
    is_mail boolean not null,
    size bigint not null,
    received_at timestamp,
    sent_at timestamp,
    message_id text,
    from_address text,
    subject text,
    headers blob,
    proof_result text,
    proof_domain text,
    proof_method text,
    proof_detail text,
    stored_at timestamp not null
);

create table document (
    document_id bigint not null,
    sha256 text not null,
    kind text not null,
    size bigint not null,
    bytes blob not null,
    stored_at timestamp not null
);

create table delivery (
    carrier_id bigint not null,
    ordinal integer not null,
    document_id bigint not null,
    path text not null,
    refusal_code text,
    refusal_reason text,
    authenticity text,
    authenticity_reason text
);

create table ledger (
    source text not null,
    epoch bigint not null,
    key text not null,
    holds_report boolean not null,
    seen_at timestamp not null
);

create table run (
    run_id bigint not null,
    started_at timestamp not null,
    finished_at timestamp,
    pid bigint not null,
    source text not null,
    messages bigint not null,
    documents bigint not null,
    stored bigint not null,
    duplicate bigint not null,
    conflict bigint not null,
    refused bigint not null,
    ignored bigint not null,
    records bigint not null,
    put_off bigint not null,
    problem text
);

-- Derived tables: what the documents say. `rua rebuild` makes them again.

create table outcome (
    document_id bigint not null,
    status text not null,
    report_kind text,
    identity text,
    content_hash text,
    of_document_id bigint,
    code text,
    reason text
);

create table dmarc_report (
    document_id bigint primary key,
    identity text not null,
    content_hash text not null,
    counted boolean not null,
    authenticity text not null,
    reporter_domain text,
    day date not null,
    dialect text not null,
    xml_namespace text,
    version text,
    reporter text not null,
    org_name text,
    email text,
    extra_contact_info text,
    extra_contact_info_lang text,
    report_id text not null,
    begin_at timestamp not null,
    begin_raw text not null,
    end_at timestamp not null,
    end_raw text not null,
    errors text[] not null,
    error_langs text[] not null,
    generator text,
    policy_domain text not null,
    policy_domain_raw text not null,
    discovery_method text,
    discovery_method_raw text,
    p text,
    p_raw text,
    sp text,
    sp_raw text,
    np text,
    np_raw text,
    adkim text,
    adkim_raw text,
    aspf text,
    aspf_raw text,
    pct bigint,
    pct_raw text,
    testing text,
    testing_raw text,
    fo text,
    extensions text[] not null,
    record_count integer not null,
    refused_record_count integer not null,
    repairs text[] not null,
    flags text[] not null,
    arrived_at timestamp
);

create table dmarc_record (
    document_id bigint not null,
    ordinal integer not null,
    source_ip text,
    source_ip_raw text,
    message_count bigint,
    message_count_raw text,
    disposition text,
    disposition_raw text,
    dkim text,
    dkim_raw text,
    spf text,
    spf_raw text,
    header_from text,
    header_from_raw text,
    envelope_from text,
    envelope_from_raw text,
    envelope_to text,
    envelope_to_raw text,
    extensions text[],
    flags text[],
    dkim_recomputed boolean,
    spf_recomputed boolean,
    own_dkim text,
    own_spf text,
    other_dkim text,
    other_spf text,
    override text
);

create table dmarc_reason (
    document_id bigint not null,
    record_ordinal integer not null,
    ordinal integer not null,
    type text,
    type_raw text,
    comment text,
    comment_lang text
);

create table dmarc_dkim (
    document_id bigint not null,
    record_ordinal integer not null,
    ordinal integer not null,
    domain text,
    domain_raw text,
    selector text,
    result text,
    result_raw text,
    human_result text,
    human_result_lang text
);

create table dmarc_spf (
    document_id bigint not null,
    record_ordinal integer not null,
    ordinal integer not null,
    domain text,
    domain_raw text,
    scope text,
    scope_raw text,
    result text,
    result_raw text,
    human_result text,
    human_result_lang text
);

create table dmarc_refused_record (
    document_id bigint not null,
    ordinal integer not null,
    reason text not null,
    xml text not null
);

create table tls_report (
    document_id bigint primary key,
    identity text not null,
    content_hash text not null,
    counted boolean not null,
    authenticity text not null,
    reporter_domain text,
    day date not null,
    reporter text not null,
    organization_name text,
    contact_info text,
    report_id text not null,
    start_at timestamp not null,
    start_raw text,
    end_at timestamp not null,
    end_raw text,
    repairs text[] not null,
    flags text[] not null
);

create table tls_policy (
    document_id bigint not null,
    ordinal integer not null,
    policy_type text,
    policy_type_raw text,
    policy_strings text[] not null,
    policy_strings_raw text,
    policy_domain text,
    policy_domain_raw text,
    mx_hosts text[] not null,
    mx_hosts_raw text,
    successful_sessions bigint,
    successful_sessions_raw text,
    failed_sessions bigint,
    failed_sessions_raw text
);

create table tls_failure (
    document_id bigint not null,
    policy_ordinal integer not null,
    ordinal integer not null,
    result_type text,
    result_type_raw text,
    sending_mta_ip text,
    sending_mta_ip_raw text,
    receiving_mx_hostname text,
    receiving_mx_helo text,
    receiving_ip text,
    receiving_ip_raw text,
    failed_sessions bigint,
    failed_sessions_raw text,
    additional_information text,
    failure_reason_code text
);

create table address (
    source_ip text not null,
    version utinyint not null,
    number uhugeint not null,
    country text,
    continent text,
    asn bigint,
    as_name text,
    as_domain text,
    service text,
    service_type text
);

create table known_domain (
    domain text not null,
    registered text not null,
    service text,
    service_type text
);

-- Primary: what reverse DNS was asked, and when. Kept over rebuilds, asked again when it is old.
-- `confirmed`: the name has the address, too. Whoever holds an address may give it any name, so an
-- unconfirmed one says nothing. `outcome` is found, unconfirmed, none or error; after an error the
-- name stays what it was before.

create table ptr_lookup (
    source_ip text not null,
    name text,
    confirmed boolean not null,
    outcome text not null,
    asked_at timestamp not null
);

-- Primary: the owner's word on a source.

create table label (
    policy_domain text not null,
    match text not null,
    class text not null,
    note text,
    made_at timestamp not null
);

-- Primary: what DNS answered to a question about a domain. A row is added when the answer differs
-- from the one before or that is older than 7 days; else `last_asked_at` of the row moves on.
-- `outcome` is found, nxdomain, nodata, timeout or failure, `data` the records as text. Errors stand
-- in rows of their own and take nothing back that was known before.

create table dns_snapshot (
    domain text not null,
    asked_at timestamp not null,
    last_asked_at timestamp not null,
    name text not null,
    type text not null,
    outcome text not null,
    data text[] not null
);

-- Primary: the advice that was given, so that one can ask why. `week` is the ISO week of `as_of` (the
-- UTC day on which was asked), as 2026-W46. In a week the last advice stands; one that said another
-- verdict or other tags before it is kept, too. `target` are the tags that were to change and `given`
-- the whole answer, both as JSON; `inputs` is a hash of all that it rested on.

create table advice (
    policy_domain text not null,
    week text not null,
    as_of date not null,
    made_at timestamp not null,
    verdict text not null,
    target text not null,
    record text,
    reason text not null,
    inputs text not null,
    given text not null
);
