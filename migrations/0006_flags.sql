-- SPDX-License-Identifier: Apache-2.0
-- 0006: flags and labels follow the server.
-- modseq: the server's number of changes up to which they do, 0: not known. compared_ms: when
-- all of them were looked at last.
ALTER TABLE folder ADD COLUMN modseq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE folder ADD COLUMN compared_ms INTEGER NOT NULL DEFAULT 0;
