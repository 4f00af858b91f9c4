-- Evidence of a carrier for parts in doubt, and rows that are set aside.

-- Receipts that wait, by the number that they are for: one of them may prove that a part in doubt was taken.
create index parked_by_recipient on parked (carrier, recipient);
