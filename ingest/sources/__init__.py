"""Where report mails come from: IMAP mailboxes, mbox files, Maildirs, files and folders."""
