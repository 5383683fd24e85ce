-- SPDX-License-Identifier: Apache-2.0
-- Pages end with sums from here on (src/store/db_sums.h). A program that knows nothing of them would
-- leave old sums on new pages: the number makes it refuse the file. The pages of the search index
-- become as much smaller, or each would need an overflow page of its own.
INSERT INTO message_fts (message_fts, rank) VALUES ('pgsz', 4042);
