-- One row per (authenticity, reason) of the mails of the window's reports, most reports first.
select
    delivery.authenticity,
    delivery.authenticity_reason as reason,
    count(distinct report.document_id) as reports,
    count(distinct report.reporter) as reporters
from delivery
join report using (document_id)
where report.day between $first and $last
    and ($domains::text[] is null or list_has_any(report.domains, $domains::text[]))
    and delivery.authenticity is not null
group by delivery.authenticity, delivery.authenticity_reason
order by reports desc, delivery.authenticity, reason
limit $most
