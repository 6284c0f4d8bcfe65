-- One row: unfinished work in the store.
select
    (
        select count(*)
        from address
        where source_ip not in (select source_ip from ptr_lookup)
    ) as unasked_addresses,
    (select count(*) from address) as addresses,
    (select count(*) from quarantine where status = 'refused') as refused_documents,
    (select count(*) from quarantine where status = 'conflict') as conflicts,
    (select count(*) from quarantine where status = 'record') as refused_records
