import GRDB

extension Schema {
  /// The plays of a project with every version that ran, and who is on the way through them.
  static func registerPlays(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 plays") { db in
      try db.execute(
        sql: """
          CREATE TABLE play (
            id TEXT PRIMARY KEY CHECK (id <> ''),
            is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
            -- The one that new runs get.
            version INTEGER NOT NULL CHECK (version > 0),
            -- When it was last switched on: what happened before brings nobody in.
            switched INTEGER NOT NULL,
            FOREIGN KEY (id, version) REFERENCES play_version (play, version)
          ) STRICT, WITHOUT ROWID;

          -- A run keeps the version with which it began, so none is ever changed or removed.
          CREATE TABLE play_version (
            play TEXT NOT NULL,
            version INTEGER NOT NULL,
            yaml TEXT NOT NULL,
            created INTEGER NOT NULL,
            PRIMARY KEY (play, version)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE play_run (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            play TEXT NOT NULL,
            version INTEGER NOT NULL,
            -- Who came in. Whose identity that is now, identity_owner says.
            identity INTEGER NOT NULL REFERENCES identity (id),
            key TEXT NOT NULL,
            number INTEGER NOT NULL CHECK (number > 0),
            entered INTEGER NOT NULL,
            entry_row INTEGER NOT NULL,
            lot INTEGER NOT NULL,
            place INTEGER NOT NULL,
            since INTEGER NOT NULL,
            pass INTEGER NOT NULL,
            -- When to look at it again; null when it is over.
            due INTEGER,
            variant TEXT NOT NULL,
            ended INTEGER,
            reason TEXT,
            UNIQUE (play, identity, key, number),
            CHECK ((ended IS NULL) = (reason IS NULL)),
            CHECK ((ended IS NULL) = (due IS NOT NULL))
          ) STRICT;
          -- However many wait, those whose time has come are at its beginning.
          CREATE INDEX play_run_due ON play_run (due) WHERE due IS NOT NULL;
          CREATE INDEX play_run_identity ON play_run (identity);
          CREATE INDEX play_run_play ON play_run (play, entered);

          -- Work for a person.
          CREATE TABLE play_task (
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES play_run (id),
            step TEXT NOT NULL,
            english TEXT NOT NULL,
            dutch TEXT,
            created INTEGER NOT NULL,
            done INTEGER,
            UNIQUE (run, step)
          ) STRICT;
          CREATE INDEX play_task_open ON play_task (created) WHERE done IS NULL;

          -- How far was looked for what brings somebody in or ends a run. One row.
          CREATE TABLE play_watch (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            version INTEGER NOT NULL,
            touchpoint INTEGER NOT NULL,
            journey_change INTEGER NOT NULL,
            profile_change INTEGER NOT NULL
          ) STRICT;

          CREATE VIEW v_play_run AS
          SELECT r.id AS run, r.play, r.version, c.key AS customer, r.key, r.number, r.variant,
            strftime('%Y-%m-%dT%H:%M:%fZ', r.entered / 1000.0, 'unixepoch') AS entered,
            strftime('%Y-%m-%dT%H:%M:%fZ', r.due / 1000.0, 'unixepoch') AS due,
            strftime('%Y-%m-%dT%H:%M:%fZ', r.ended / 1000.0, 'unixepoch') AS ended, r.reason
          FROM play_run r JOIN identity c ON c.id = \(customer(of: "r.identity", at: "r.entered"));
          """)
    }
  }
}
