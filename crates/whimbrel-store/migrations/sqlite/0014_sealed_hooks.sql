-- Hooks' headers of the customer's choice are what receivers ask for as a proof: from here on they are in the table `sealed`, as the
-- document's secret. They are taken out of the documents by the program, which has the key. What is overwritten is overwritten with
-- zeros, so that nothing of it stays in the file; the log is emptied by the next checkpoint.
pragma secure_delete = on;
