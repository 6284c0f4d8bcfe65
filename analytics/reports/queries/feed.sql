-- One row: what the store holds, and how fresh it is.
select
    (select count(*) from document) as documents,
    (select count(*) from counted_dmarc_report) as dmarc_reports,
    (select count(*) from counted_tls_report) as tls_reports,
    (select count(*) from dmarc_record) as records,
    (select max(day) from counted_dmarc_report where day <= $as_of) as last_report_day,
    (select max(stored_at) from document) as last_stored_at,
    (select count(*) from quarantine) as quarantined,
    (select coalesce(sum(size), 0)::bigint from quarantine) as quarantined_bytes
