-- One row per reporter: messages whose alignment contradicts its own authentication results, of all
-- messages that can be compared. `is_flagged`: more than 1 % of them.
with compared as (
    select
        report.reporter,
        record.message_count,
        (record.dkim = 'pass') != record.dkim_recomputed as dkim_differs,
        (record.spf = 'pass') != record.spf_recomputed as spf_differs
    from dmarc_record as record
    join counted_dmarc_report as report using (document_id)
    where report.day between $first and $last
        and record.flags is null
        and (record.dkim is null or record.dkim in ('pass', 'fail'))
        and (record.spf is null or record.spf in ('pass', 'fail'))
)
select
    reporter,
    sum(message_count)::bigint as messages,
    coalesce(
        sum(message_count) filter (coalesce(dkim_differs, false) or coalesce(spf_differs, false)),
        0
    )::bigint as disagreeing,
    disagreeing / messages as share,
    share > 0.01 as is_flagged
from compared
where dkim_differs is not null or spf_differs is not null
group by reporter
having messages > 0
order by disagreeing desc, reporter
