-- Messages that leave long after they were accepted, or are tried for longer than 72 hours: few, and found by their number and the
-- time until which they are tried, for their ids tell only when they were accepted.
create index if not exists message_tried_long on message (recipient, expires_at) where expires_at - accepted_at > 259200000000;
