import GRDB

extension Schema {
  /// The ledger of consents, what was erased and on what grounds, and the terms of what is kept.
  static func registerConsent(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 consent") { db in
      try db.execute(
        sql: """
          -- What somebody said of one purpose on one channel, with its proof.
          CREATE TABLE consent_entry (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            -- The identity of whom it was said, as in the table trait.
            customer INTEGER NOT NULL REFERENCES identity (id),
            purpose TEXT NOT NULL CHECK (purpose <> ''),
            channel TEXT NOT NULL CHECK (channel <> ''),
            state TEXT NOT NULL CHECK (state IN ('given', 'pending', 'refused')),
            happened INTEGER NOT NULL,
            received INTEGER NOT NULL,
            means TEXT NOT NULL,
            by_whom TEXT NOT NULL,
            page TEXT,
            words TEXT,
            version TEXT
          ) STRICT;
          CREATE UNIQUE INDEX consent_entry_once
            ON consent_entry (customer, purpose, channel, happened, state, means);

          -- Persons who were forgotten: when, by whom, and what went; never who.
          CREATE TABLE erasure (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            receipt TEXT NOT NULL UNIQUE,
            asked INTEGER NOT NULL,
            by_whom TEXT NOT NULL,
            keeps_journey INTEGER NOT NULL CHECK (keeps_journey IN (0, 1)),
            -- What is done: nothing, rows and files, all.
            step TEXT NOT NULL CHECK (step IN ('asked', 'removed', 'finished')),
            finished INTEGER,
            -- Rows by table and files by kind, as JSON.
            counts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts))
          ) STRICT;
          -- While it goes on: whose rows, and which texts must not be left. Empty afterwards.
          CREATE TABLE erasure_identity (
            erasure INTEGER NOT NULL,
            identity INTEGER NOT NULL,
            -- 1 when it was never anybody else's.
            is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)),
            PRIMARY KEY (erasure, identity)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE erasure_text (
            erasure INTEGER NOT NULL,
            text TEXT NOT NULL,
            PRIMARY KEY (erasure, text)
          ) STRICT, WITHOUT ROWID;
          -- Keys that are not taken in again, as keyed digests that tell nobody whose they were.
          CREATE TABLE erased_key (
            digest BLOB PRIMARY KEY,
            erasure INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          -- Another number whenever the tables above say something else.
          CREATE TABLE erased_version (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL)
            STRICT;
          INSERT INTO erased_version (one, number) VALUES (1, 0);

          CREATE TRIGGER consent_entry_never_changes BEFORE UPDATE ON consent_entry
          WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE step <> 'finished') BEGIN
            SELECT RAISE(ABORT, 'what was said of a consent is never changed');
          END;
          CREATE TRIGGER consent_entry_never_goes BEFORE DELETE ON consent_entry
          WHEN NOT EXISTS (SELECT 1 FROM erasure WHERE step <> 'finished') BEGIN
            SELECT RAISE(ABORT, 'what was said of a consent goes only with the person');
          END;

          -- Backups that this project made, so that they go when their term is over.
          CREATE TABLE backup_file (
            path TEXT PRIMARY KEY,
            made INTEGER NOT NULL,
            expires INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          CREATE VIEW v_consent AS
          SELECT c.key AS customer, i.key AS identity, e.purpose, e.channel, e.state,
            strftime('%Y-%m-%dT%H:%M:%fZ', e.happened / 1000.0, 'unixepoch') AS time,
            e.means, e.by_whom, e.page, e.words, e.version
          FROM consent_entry e
          JOIN identity i ON i.id = e.customer
          JOIN identity c ON c.id = \(customer(of: "e.customer", at: "e.happened"));
          """)
    }
  }
}
