"""Every bound on what a stranger may send, in one place.

message   50 MiB                a larger mail is not fetched; its headers are kept
document  100 MiB               after decompression
message   256 MiB decompressed  over all its containers together
members   64                    of one archive
depth     3                     containers, or messages, within one another
parts     500                   MIME parts of one message
records   1 000 000             of one report
tags      200 000               between two records: no report needs them, and they cost memory
headers   64 KiB                of the carrier mail are kept
"""

__all__ = [
    "DEPTH",
    "DOCUMENT_BYTES",
    "HEADER_BYTES",
    "MEMBERS",
    "MESSAGE_BYTES",
    "PARTS",
    "RECORDS",
    "TAGS_BETWEEN_RECORDS",
    "TOTAL_BYTES",
]

MIB = 1024 * 1024

MESSAGE_BYTES = 50 * MIB
DOCUMENT_BYTES = 100 * MIB
TOTAL_BYTES = 256 * MIB
MEMBERS = 64
DEPTH = 3
PARTS = 500
RECORDS = 1_000_000
TAGS_BETWEEN_RECORDS = 200_000
HEADER_BYTES = 64 * 1024
