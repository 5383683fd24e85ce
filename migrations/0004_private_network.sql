-- SPDX-License-Identifier: Apache-2.0
-- Whether the server of an account may stand in a private network. Accounts of before go on
-- as they are if their server was given as such an address, or as this machine; a name is a
-- public server's until somebody who may says otherwise.
ALTER TABLE account ADD COLUMN private_network INTEGER NOT NULL DEFAULT 0 CHECK (private_network IN (0, 1));

UPDATE account SET private_network = 1 WHERE type = 'imap' AND (
	lower(host) IN ('localhost', 'localhost.')
	OR (host NOT GLOB '*[^0-9.]*' AND (
		host GLOB '127.*' OR host GLOB '10.*' OR host GLOB '192.168.*' OR host GLOB '169.254.*'
		OR host GLOB '172.1[6-9].*' OR host GLOB '172.2[0-9].*' OR host GLOB '172.3[01].*'
		OR host GLOB '100.6[4-9].*' OR host GLOB '100.[7-9][0-9].*' OR host GLOB '100.1[01][0-9].*'
		OR host GLOB '100.12[0-7].*'))
	OR host = '::1'
	OR (host GLOB '*:*' AND lower(host) NOT GLOB '*[^0-9a-f:]*' AND (
		lower(host) GLOB 'f[cd]??:*' OR lower(host) GLOB 'fe[89ab]?:*')));
