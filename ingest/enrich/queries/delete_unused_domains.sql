-- Remove the given domains where a rebuild would not add them: nothing names them any more.
delete from known_domain
where domain in (select unnest($domains::text[]))
    and not exists (from ptr_lookup where confirmed and name = domain)
    and not exists (from dmarc_record where other_dkim = domain or other_spf = domain)
