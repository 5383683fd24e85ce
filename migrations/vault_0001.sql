-- vault.db: sealed boxes as they came, and what each is bound to. No secret in clear.
CREATE TABLE secret (
	account    TEXT NOT NULL PRIMARY KEY, -- public id
	box        TEXT NOT NULL,             -- see src/crypto/seal.h
	provider   TEXT NOT NULL,
	host       TEXT NOT NULL,
	port       TEXT NOT NULL,
	tls_mode   TEXT NOT NULL,
	ca         TEXT NOT NULL,
	user       TEXT NOT NULL,
	created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
