import GRDB

extension Schema {
  /// Companies, what was said of them and of who belongs to them, and what people decided.
  static func registerAccounts(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 accounts") { db in
      try db.execute(
        sql: """
          CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            -- The client's own id of the company.
            key TEXT NOT NULL UNIQUE CHECK (length(key) > 0),
            created INTEGER NOT NULL
          ) STRICT;

          CREATE TABLE account_trait (
            account INTEGER NOT NULL REFERENCES account (id),
            name TEXT NOT NULL CHECK (length(name) > 0),
            value TEXT NOT NULL CHECK (json_valid(value)),
            source TEXT NOT NULL,
            set_at INTEGER NOT NULL,
            claimant INTEGER NOT NULL CHECK (claimant BETWEEN 0 AND 3),
            PRIMARY KEY (account, name)
          ) STRICT, WITHOUT ROWID;

          -- Domains of mail addresses: those that traits name, and those that people added.
          CREATE TABLE account_domain (
            account INTEGER NOT NULL REFERENCES account (id),
            domain TEXT NOT NULL CHECK (domain <> ''),
            -- Whose word it is; 3 is a person's, which no trait takes away.
            claimant INTEGER NOT NULL CHECK (claimant BETWEEN 0 AND 3),
            PRIMARY KEY (account, domain)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX account_domain_domain ON account_domain (domain);

          -- That somebody belongs to an account: the first message that said so, or the domain of a
          -- mail address, which follows from account_domain and is made anew with it.
          CREATE TABLE account_evidence (
            account INTEGER NOT NULL REFERENCES account (id),
            identity INTEGER NOT NULL REFERENCES identity (id),
            way TEXT NOT NULL CHECK (way IN ('said', 'domain')),
            happened INTEGER,
            message_id TEXT,
            source TEXT,
            claimant INTEGER NOT NULL CHECK (claimant BETWEEN 0 AND 3),
            PRIMARY KEY (account, identity, way),
            CHECK ((way = 'said') = (happened IS NOT NULL))
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX account_evidence_identity ON account_evidence (identity);

          -- What a person here decided: that somebody belongs to it or does not, or when that ended.
          CREATE TABLE account_decision (
            id INTEGER PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id),
            identity INTEGER NOT NULL REFERENCES identity (id),
            verdict TEXT NOT NULL CHECK (verdict IN ('in', 'out', 'until')),
            -- Of in from when, nil is always; of until the end.
            moment INTEGER,
            decided INTEGER NOT NULL,
            undone INTEGER,
            CHECK (verdict <> 'until' OR moment IS NOT NULL)
          ) STRICT;
          CREATE INDEX account_decision_identity ON account_decision (identity)
            WHERE undone IS NULL;

          -- Roles that a person here gave a member; they take the place of those that traits say.
          CREATE TABLE account_role (
            account INTEGER NOT NULL REFERENCES account (id),
            identity INTEGER NOT NULL REFERENCES identity (id),
            roles TEXT NOT NULL,
            set_at INTEGER NOT NULL,
            PRIMARY KEY (account, identity)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX account_role_identity ON account_role (identity);

          -- Up to which identity mail addresses were compared with domains.
          CREATE TABLE account_match (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            identity INTEGER NOT NULL
          ) STRICT;
          INSERT INTO account_match (one, identity) VALUES (1, 0);

          -- What clients said before there were accounts. Whose word it was is not known any more, so
          -- it counts as a browser's.
          INSERT INTO account (key, created)
          SELECT account, min(received) FROM profile_change WHERE account IS NOT NULL
          GROUP BY account;
          INSERT OR IGNORE INTO account_evidence
            (account, identity, way, happened, message_id, source, claimant)
          SELECT a.id, p.customer, 'said', p.occurred, p.message_id, s.text, 0
          FROM profile_change p JOIN account a ON a.key = p.account
          JOIN name s ON s.id = p.source ORDER BY p.occurred, p.message_id;
          INSERT OR REPLACE INTO account_trait (account, name, value, source, set_at, claimant)
          SELECT a.id, t.key, json_quote(json_extract(p.account_traits, t.fullkey)), s.text,
            p.occurred, 0
          FROM profile_change p JOIN account a ON a.key = p.account
          JOIN name s ON s.id = p.source, json_each(p.account_traits) t
          WHERE t.key <> '' AND t.type IN ('text', 'integer', 'real', 'true', 'false')
          ORDER BY p.occurred;

          CREATE VIEW v_account AS
          SELECT a.key AS account, coalesce(
              (SELECT json_extract(t.value, '$') FROM account_trait t
                WHERE t.account = a.id AND t.name = 'name'), a.key) AS name,
            (SELECT group_concat(d.domain, ' ') FROM account_domain d WHERE d.account = a.id)
              AS domains
          FROM account a;
          """)
    }
  }
}
