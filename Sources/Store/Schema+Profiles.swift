import GRDB

extension Schema {
  /// What people here say of traits, calculated traits, and the words by which customers are found.
  static func registerProfiles(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 profiles") { db in
      try db.execute(
        sql: """
          -- A person's word on a trait; NULL is that it is not so. Kept apart from what clients say,
          -- so that it can be taken back.
          CREATE TABLE trait_decision (
            identity INTEGER NOT NULL REFERENCES identity (id),
            name TEXT NOT NULL CHECK (length(name) > 0),
            value TEXT CHECK (value IS NULL OR json_valid(value)),
            decided INTEGER NOT NULL,
            -- The user's name.
            decided_by TEXT NOT NULL,
            PRIMARY KEY (identity, name)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE calculated_trait (
            name TEXT PRIMARY KEY CHECK (name <> ''),
            definition TEXT NOT NULL,
            created INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          -- Earlier values of a customer's traits.
          CREATE INDEX IF NOT EXISTS profile_change_customer ON profile_change (customer, occurred);

          -- Each word by which an identity is found.
          CREATE TABLE search_word (
            word TEXT NOT NULL,
            identity INTEGER NOT NULL,
            PRIMARY KEY (word, identity)
          ) STRICT, WITHOUT ROWID;
          -- All words of an identity, each after a blank: those of keys, traits and accounts, and
          -- those of orders.
          CREATE TABLE search_entry (
            identity INTEGER PRIMARY KEY,
            words TEXT NOT NULL,
            orders TEXT NOT NULL
          ) STRICT;
          -- Of whom more is known since, where no log of changes says it.
          CREATE TABLE search_changed (identity INTEGER PRIMARY KEY) STRICT;
          -- The last rows that were taken into the search.
          CREATE TABLE search_mark (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            identity INTEGER NOT NULL,
            profile_change INTEGER NOT NULL,
            touchpoint INTEGER NOT NULL,
            -- Goes up when rows go.
            deletions INTEGER NOT NULL
          ) STRICT;
          INSERT INTO search_mark VALUES (1, 0, 0, 0, 0);

          -- SQLite gives the numbers of deleted rows at the end to the next ones.
          CREATE TRIGGER search_identity_deleted AFTER DELETE ON identity BEGIN
            UPDATE search_mark SET deletions = deletions + 1, identity =
              min(identity, coalesce((SELECT max(id) FROM identity), 0));
          END;
          CREATE TRIGGER search_profile_change_deleted AFTER DELETE ON profile_change BEGIN
            UPDATE search_mark SET deletions = deletions + 1, profile_change =
              min(profile_change, coalesce((SELECT max(id) FROM profile_change), 0));
          END;
          CREATE TRIGGER search_touchpoint_deleted AFTER DELETE ON touchpoint BEGIN
            UPDATE search_mark SET deletions = deletions + 1, touchpoint =
              min(touchpoint, coalesce((SELECT max(id) FROM touchpoint), 0));
          END;
          CREATE TRIGGER search_trait_deleted AFTER DELETE ON trait BEGIN
            INSERT OR IGNORE INTO search_changed (identity) VALUES (OLD.customer);
          END;

          DROP VIEW v_trait;
          CREATE VIEW v_trait AS
          SELECT customer, trait, value, source FROM (
            SELECT c.key AS customer, r.name AS trait, json_extract(r.value, '$') AS value,
              r.source AS source, r.value IS NOT NULL AS holds,
              row_number() OVER (PARTITION BY c.id, r.name
                ORDER BY r.weight DESC, r.set_at DESC, r.value DESC) AS place
            FROM (\(TraitRank.rows.joined(separator: " UNION ALL "))) r
            JOIN identity c ON c.id = \(customer(of: "r.customer", at: "r.set_at"))
          ) WHERE place = 1 AND holds;
          """)
    }
  }
}
