-- One row per (reporter, dialect) with counted reports up to $last, of any domain: which tags of a
-- record it tells. Who leaves out what is published (D16, D17) must not be taken at its word.
select
    reporter,
    dialect,
    bool_or(sp is not null) as tells_sp,
    bool_or(np is not null) as tells_np,
    bool_or(adkim is not null) as tells_adkim,
    bool_or(aspf is not null) as tells_aspf,
    bool_or(pct is not null) as tells_pct,
    bool_or(testing is not null) as tells_t
from counted_dmarc_report
where day <= $last
    and end_at < $last::date + 3
group by reporter, dialect
order by reporter, dialect
