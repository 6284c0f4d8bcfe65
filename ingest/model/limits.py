"""Every limit on what a stranger may send, with its number and the reason for it.

Of a mail

message     50 MiB       a larger mail is not fetched; its headers are stored
headers     64 KiB       of the carrier mail are stored
lines       2 000 000    of one mail: the parser looks at each
fields      10 000       header fields, of all its parts together
field       4 096        characters of one header field; no sender needs more parameters
parts       500          MIME parts
work        30 000 000   lines times multiparts: each line is compared with each open boundary
proof       50           Authentication-Results fields, 16 KiB of each: ours is on top
documents   500          of one message: archives within archives could fill the store

Of a container

document    100 MiB      after decompression
total       256 MiB      decompressed, of one message, over all its containers together
members     64           of one archive
entries     10 000       of a zip's directory, with folders and metadata: reading a directory of a
                         million costs a gigabyte
depth       3            containers, or messages, within one another

Of a DMARC report

records     100 000      as many as can be processed within the time and memory below: 100 000
                         that differ only in address and count take 6 s and 220 MiB on a slow
                         machine, 150 000 do not fit. Ten times the largest report we plan for.
                         Records that share nothing cost twice that, and 50 000 do not fit: the
                         memory limit refuses the document first
tags        200 000      between two records: no report needs them, and they cost memory
results     1 000        of one record; RFC 9990 §3.1.3 says 100 DKIM results at most
broken      1 000        records that are not well-formed
repair      16 MiB       of text: a repair copies it several times
templates   2 048        records cached by their markup, 4 096 bytes each at most

Of a report of either kind

fallback    4 MiB        of a document that our readers refuse: parsedmarc needs 18 times its
                         size in memory, and 0.4 s of CPU for 1 MiB

Of a TLS report

JSON        32 MiB       it is read whole, and costs several times its size
values      500 000      each may become an object of a few hundred bytes

Of the main process, which stays below 400 MiB

chunk       1 MiB        of raw mails, at most 50, that a reading process gets at once: its answer
                         is held whole, and a byte of mail may become twenty bytes of rows
ahead       16 MiB       of answers that wait to be written, as rows and packed documents; beyond
                         that only the next one to be written is read
group       16 MiB       of answers in one transaction: writing them takes twice that again

Of the store

quarantine  1 GiB        of documents that cannot be read, unless the settings say otherwise: years
                         of broken reports, or one afternoon of an attack

Of the host names that are looked up after a run

addresses   5 000        of one run: a report may hold 100 000, and the rest follow in later runs

Of the reading process

time        10 s of CPU  for one document, or for parsing one mail
wall time   60 s         for a reading process that uses no CPU
memory      256 MiB      of data beyond what the process has when it starts reading; with code and
                         libraries it never grows by more than 300 MiB
"""

__all__ = [
    "AHEAD_BYTES",
    "ARCHIVE_ENTRIES",
    "BROKEN_RECORDS",
    "CHUNK_BYTES",
    "CHUNK_MAILS",
    "CPU_SECONDS",
    "DEPTH",
    "DOCUMENT_BYTES",
    "FALLBACK_BYTES",
    "FIELD_CHARACTERS",
    "GROUP_BYTES",
    "HEADER_BYTES",
    "HEADER_FIELDS",
    "JSON_BYTES",
    "JSON_VALUES",
    "LEAVES",
    "LINES",
    "MEMBERS",
    "MEMORY_BYTES",
    "MESSAGE_BYTES",
    "MIB",
    "MIME_WORK",
    "PARTS",
    "PROOF_CHARACTERS",
    "PROOF_FIELDS",
    "PTR_ADDRESSES",
    "QUARANTINE_BYTES",
    "RECORDS",
    "RECORD_RESULTS",
    "REPAIRABLE_BYTES",
    "TAGS_BETWEEN_RECORDS",
    "TEMPLATES",
    "TEMPLATE_BYTES",
    "TOTAL_BYTES",
    "WALL_SECONDS",
]

MIB = 1024 * 1024

MESSAGE_BYTES = 50 * MIB
HEADER_BYTES = 64 * 1024
LINES = 2_000_000
HEADER_FIELDS = 10_000
FIELD_CHARACTERS = 4096
PARTS = 500
MIME_WORK = 30_000_000
PROOF_FIELDS = 50
PROOF_CHARACTERS = 16 * 1024
LEAVES = 500

DOCUMENT_BYTES = 100 * MIB
TOTAL_BYTES = 256 * MIB
MEMBERS = 64
ARCHIVE_ENTRIES = 10_000
DEPTH = 3

RECORDS = 100_000
TAGS_BETWEEN_RECORDS = 200_000
RECORD_RESULTS = 1000
BROKEN_RECORDS = 1000
REPAIRABLE_BYTES = 16 * MIB
TEMPLATES = 2048
TEMPLATE_BYTES = 4096

FALLBACK_BYTES = 4 * MIB

JSON_BYTES = 32 * MIB
JSON_VALUES = 500_000

CHUNK_MAILS = 50
CHUNK_BYTES = MIB
AHEAD_BYTES = 16 * MIB
GROUP_BYTES = 16 * MIB

QUARANTINE_BYTES = 1024 * MIB

PTR_ADDRESSES = 5000

CPU_SECONDS = 10
WALL_SECONDS = 60
MEMORY_BYTES = 256 * MIB
