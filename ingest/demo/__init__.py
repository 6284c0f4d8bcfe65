"""A realistic demo organisation: a mailbox of DMARC and TLS reports with known truth.

`write_demo(out, until=...)` writes

- `out/mails/NNNNNN.eml`: one mail a file, CRLF, in order of arrival, file time = time of arrival.
  Traffic runs from `until - days` to `until - 1`; the mailbox is that of the end of `until` (UTC),
  so reports that arrive later are missing. Beside reports it holds ordinary mail, truncated
  reports, placeholders and duplicates.
- `out/rua.toml`: settings without a mailbox.
- `out/truth.json`: what really happened, with sorted keys:

      authserv_id   of the Authentication-Results in the mails
      run           days, seed, until, variant
      domains       {policy domain: group, goal, parked, subdomains[] (that exist), last_day (of
                    mail), stages[{since, policy{tag: value}, why}], verdict,
                    reason, target{tag: value} (what to publish next, of the tags that change),
                    unsafe{tag: value} (what must not be published next)}
      sources[]     domain, source_ip, class (own, broken, forwarder, list, spoof, undecided),
                    broken_since (day or null; an own source that broke on the way is `broken`),
                    service, source (its title), messages, aligned, first_day, last_day, story
      ptr           {source_ip: PTR name}, of the addresses that have one
      mails[]       file, arrived, kind (report, tls, ordinary, broken, placeholder, duplicate),
                    documents, records, messages; but for ordinary mail also reporter,
                    policy_domain, report_id, begin, end; of TLS reports successful{policy type: n}
                    and failed{policy type: n}
      totals        messages, records, mails{kind: n}, by_day{domain: {day: messages}},
                    by_source{domain: {day: {service: messages}}}

  Sources and totals count each report once (kind `report`), on the day of its period's midpoint;
  `messages` of a duplicate are those it would add if it were counted again.

The same (days, seed, until) gives the same bytes; a further day leaves the other days' traffic as
it was. Tests give write_demo another `Variant` of the organisation: tests/simulator/variants.py.
"""

from ingest.demo.write import DemoSummary, write_demo

__all__ = ["DemoSummary", "write_demo"]
