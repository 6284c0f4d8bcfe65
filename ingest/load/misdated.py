"""Reports whose period ends after they arrived: flagged, so that they count in no rate (D27).

A report covers what has happened. One whose period ends more than 2 days after the mail or file
that brought it is misdated, or forged; the 2 days are for clocks and time zones that are wrong.

A reader knows nothing of when a document came, and must not: it is a pure function of bytes. So
this is decided in the store, by what stands there of the document's first carrier, for an ingest, a
retry and a rebuild alike. The carrier arrived when the mailbox received it (of a file: its time);
where that is not known, when the mail says it was sent; else when it was stored. A time before 2012
is that of a clock that was not set, and no time.
"""

from collections.abc import Collection

from schemas.store.store import Connection

__all__ = ["FLAG", "flag_future"]

# When a report came, for questions about an earlier day. A mail kept as a file has the time of the
# copy, so the date it bears is asked, too; a report kept as a file says nothing: a day after its
# period is when reports come.
ARRIVED = """
    update dmarc_report as report
    set arrived_at = came.at
    from (
        select
            report.document_id,
            arg_min(
                case
                    when carrier.is_mail
                    then coalesce(
                        least(carrier.received_at, carrier.sent_at), carrier.stored_at
                    )
                    else least(carrier.received_at, report.end_at + interval 1 day)
                end,
                carrier.carrier_id
            ) as at
        from dmarc_report as report
        join delivery using (document_id)
        join carrier using (carrier_id)
        where report.document_id in (select unnest($documents::bigint[]))
        group by report.document_id
    ) as came
    where came.document_id = report.document_id
        and came.at is distinct from report.arrived_at
"""

FLAG = "the period ends more than 2 days after the report arrived"

CHANGE = """
    update {table} as report
    set flags = case
            when judged.is_future then list_append(report.flags, $flag)
            else list_filter(report.flags, lambda flag: flag != $flag)
        end
    from (
        select
            report.document_id,
            coalesce(report.end_at > arrival.arrived_at + interval 2 days, false) as is_future
        from {table} as report
        join (
            select
                delivery.document_id,
                arg_min(
                    coalesce(
                        case when received_at >= date '2012-01-01' then received_at end,
                        case when sent_at >= date '2012-01-01' then sent_at end,
                        case when stored_at >= date '2012-01-01' then stored_at end
                    ),
                    carrier_id
                ) as arrived_at
            from delivery
            join carrier using (carrier_id)
            where delivery.document_id in (select unnest($documents::bigint[]))
            group by delivery.document_id
        ) as arrival using (document_id)
    ) as judged
    where judged.document_id = report.document_id
        and judged.is_future != list_contains(report.flags, $flag)
"""


def flag_future(con: Connection, documents: Collection[int]) -> None:
    """Bring the flag up to date on those of `documents` that have a report; and when it came."""
    con.execute(ARRIVED, {"documents": sorted(documents)})
    for table in ("dmarc_report", "tls_report"):
        change = CHANGE.format(table=table)
        con.execute(change, {"flag": FLAG, "documents": sorted(documents)})
