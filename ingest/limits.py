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
time      10 s of CPU           for one document, or for taking one mail apart
waiting   60 s                  for a reading process that uses no CPU
memory    2 GiB                 of data in a reading process
"""

__all__ = [
    "CPU_SECONDS",
    "DEPTH",
    "DOCUMENT_BYTES",
    "HEADER_BYTES",
    "MEMBERS",
    "MEMORY_BYTES",
    "MESSAGE_BYTES",
    "PARTS",
    "RECORDS",
    "TAGS_BETWEEN_RECORDS",
    "TOTAL_BYTES",
    "WALL_SECONDS",
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
CPU_SECONDS = 10
WALL_SECONDS = 60
MEMORY_BYTES = 2048 * MIB
