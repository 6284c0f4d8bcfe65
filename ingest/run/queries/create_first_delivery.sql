-- The first delivery by which each document was read, beside the rebuilt tables.
create table if not exists first_delivery (
    document_id bigint,
    carrier_id bigint,
    path text,
    code text,
    reason text
)
