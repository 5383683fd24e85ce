-- SPDX-License-Identifier: Apache-2.0
-- The number alone: pages end with sums from here on (src/store/db_sums.h). A program that knows
-- nothing of them would leave old sums on new pages, and must refuse the file.
SELECT 1;
