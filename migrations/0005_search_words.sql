-- SPDX-License-Identifier: Apache-2.0
-- The words of the search index, and where each stands: a view of message_fts, nothing is stored.
-- A prefix is spelled out with it.
CREATE VIRTUAL TABLE message_word USING fts5vocab ('message_fts', 'instance');

-- A word is looked up in each segment of the index. A hub with nothing else to do leaves one
-- segment of a size, not three.
INSERT INTO message_fts (message_fts, rank) VALUES ('usermerge', 2);
