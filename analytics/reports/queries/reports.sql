-- One row per report in the window, newest first.
select
    report.document_id as id,
    report.kind,
    report.status,
    report.authenticity,
    report.counted
        -- An unverified DMARC report on these domains does not count for this question.
        and (
            report.kind != 'dmarc'
            or report.authenticity = 'verified'
            or not list_contains($verified_only::text[], report.domain)
        ) as counted,
    report.day,
    report.reporter,
    report.domain,
    report.domains,
    report.report_id,
    report.begin_at,
    report.end_at,
    report.record_count as records,
    (
        select sum(record.message_count)::bigint
        from dmarc_record as record
        where record.document_id = report.document_id
            and record.flags is null
    ) as messages,
    report.refused_record_count as refused_records,
    report.repairs,
    report.flags
from report
where report.day between $first and $last
    and ($domain is null or list_contains(report.domains, $domain))
    and ($reporter is null or report.reporter = $reporter)
    and ($authenticity is null or report.authenticity = $authenticity)
    and (
        $source_ip is null
        or report.document_id in (
            select document_id
            from dmarc_record
            where source_ip = $source_ip
        )
    )
    -- Addresses of a named source, each with the domain for which it is that source's.
    and (
        $addresses::text[] is null
        or (report.kind = 'dmarc' and report.document_id in (
            select record.document_id
            from dmarc_record as record
            join dmarc_report as its using (document_id)
            join (
                select
                    unnest($addresses::text[]) as source_ip,
                    unnest($of_domains::text[]) as policy_domain
            ) as wanted
                on wanted.source_ip = record.source_ip
                and wanted.policy_domain = its.policy_domain
        ))
    )
order by report.day desc, report.document_id desc
limit $most
