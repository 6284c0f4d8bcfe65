-- One row per TLS report that counts: no conflict, no failed authentication, no flags.
create or replace view counted_tls_report as
select *
from tls_report
where counted
    and len(flags) = 0;
-- One row per DMARC report that had arrived by the end of the day asked about (`as_of`).
create or replace view arrived_dmarc_report as
select *
from dmarc_report
where getvariable('as_of')::date is null
    or coalesce(arrived_at, end_at) < getvariable('as_of')::date + 1;
-- One row per (reporter, domain that the reporter claims, day) covered by a verified report.
create or replace view verified_day as
select distinct reporter, reporter_domain, day as verified_day
from arrived_dmarc_report
where counted
    and authenticity = 'verified';
-- One row per DMARC report that counts: no conflict, no failed authentication, no flags. An
-- unverified report does not count if its reporter (by name and claimed domain) sent a verified one
-- for that day or for the 35 days before (RFC 9990 §8.2: reports can be forged). It never counts if
-- the setting require_verified is on. With a day asked about (`as_of`), only reports that had
-- arrived by its end count and verify.
create or replace view counted_dmarc_report as
select report.*
from arrived_dmarc_report as report
asof left join verified_day as proven
    on report.reporter = proven.reporter
    and report.reporter_domain = proven.reporter_domain
    and report.day >= proven.verified_day
where report.counted
    and len(report.flags) = 0
    and (
        report.authenticity = 'verified'
        or (
            not coalesce(getvariable('require_verified')::boolean, false)
            and (proven.verified_day is null or report.day - proven.verified_day > 35)
        )
    );
