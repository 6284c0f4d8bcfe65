-- One row per (policy domain, tag, reporter, run): days on end on which the reports of one reporter
-- showed a tag of the record with the same value. '' is the value of a tag that is absent or says
-- what its absence says; a tag that this reporter never tells in this dialect has no row.
-- What a reporter tells stands in `policy_habit` (policy_habits.sql).
-- Only reports that prove themselves are heard where there are any on the domain within 14 days:
-- anybody can send the others.
with report as (
    select
        document_id,
        policy_domain,
        reporter,
        dialect,
        -- Of a longer period, the end is the day on which the policy was surely there.
        case
            when end_at - begin_at <= interval 25 hours then day
            else least($last, (end_at - interval 1 second)::date)
        end as day,
        end_at,
        authenticity = 'verified' as is_verified,
        p,
        sp,
        np,
        adkim,
        aspf,
        pct,
        testing as t
    from counted_dmarc_report
    where counted_dmarc_report.day <= $last
        and end_at < $last::date + 3  -- a period that ends in the future tells nothing of today
        and ($domains::text[] is null or list_contains($domains::text[], policy_domain))
),
proven as (
    select distinct policy_domain, day
    from report
    where is_verified
),
heard as (
    select *
    from report
    where is_verified
        or not exists (
            select 1
            from proven
            where proven.policy_domain = report.policy_domain
                and proven.day between report.day - 14 and report.day + 14
        )
),
last_of_day as (
    select *
    from heard
    qualify row_number() over (
        partition by policy_domain, reporter, day
        order by end_at desc, document_id desc
    ) = 1
),
tag_value as (
    select
        policy_domain,
        reporter,
        day,
        is_verified,
        unnest([
            struct_pack(tag := 'p', stated := p is not null, value := p),
            -- RFC 9989 §4.7: an absent sp is p, an absent np is sp; some reporters fill them in.
            struct_pack(tag := 'sp', stated := tells_sp, value := nullif(sp, p)),
            struct_pack(tag := 'np', stated := tells_np, value := nullif(np, coalesce(sp, p))),
            struct_pack(tag := 'adkim', stated := tells_adkim, value := nullif(adkim, 'r')),
            struct_pack(tag := 'aspf', stated := tells_aspf, value := nullif(aspf, 'r')),
            struct_pack(tag := 'pct', stated := tells_pct, value := nullif(pct, 100)::text),
            struct_pack(tag := 't', stated := tells_t, value := nullif(t, 'n'))
        ]) as tag_value
    from last_of_day
    join policy_habit using (reporter, dialect)
),
stated as (
    select
        policy_domain,
        reporter,
        day,
        is_verified,
        tag_value.tag as tag,
        coalesce(tag_value.value, '') as value
    from tag_value
    where tag_value.stated
),
begun as (
    select
        *,
        value is distinct from lag(value) over one as begins
    from stated
    window one as (partition by policy_domain, tag, reporter order by day)
),
numbered as (
    select
        *,
        sum(begins::integer) over (
            partition by policy_domain, tag, reporter order by day
        ) as run
    from begun
)
select
    policy_domain as domain,
    tag,
    reporter,
    any_value(value) as value,
    min(day) as first_day,
    max(day) as last_day,
    count(*) as days,
    bool_or(is_verified) as is_verified
from numbered
group by policy_domain, tag, reporter, run
order by domain, tag, first_day, reporter, value
