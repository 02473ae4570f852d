import GRDB

extension Schema {
  /// Who may do what, and who did what. Secrets are kept as digests, passwords as slow hashes; only
  /// the key of an authenticator app stands here as it is, since codes are made of it.
  static func registerAccess(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 access") { db in
      try db.execute(
        sql: """
          CREATE TABLE user (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL CHECK (name <> ''),
            -- In lower case: two users never differ in case only.
            folded TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role IN
              ('owner', 'admin', 'marketer', 'analyst', 'service')),
            password TEXT,
            code_key BLOB,
            -- The last step of the app's clock whose code was used: a code counts once.
            code_step INTEGER NOT NULL DEFAULT 0,
            created INTEGER NOT NULL,
            last_login INTEGER
          ) STRICT;

          CREATE TABLE recovery_code (
            user INTEGER NOT NULL REFERENCES user (id),
            digest BLOB NOT NULL,
            PRIMARY KEY (user, digest)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE invitation (
            digest BLOB PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES user (id),
            -- 1 when the link itself logs in, as that of the demo does.
            enters INTEGER NOT NULL CHECK (enters IN (0, 1)),
            expires INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE session (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL UNIQUE,
            user INTEGER NOT NULL REFERENCES user (id),
            is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)),
            created INTEGER NOT NULL,
            last_used INTEGER NOT NULL,
            device TEXT NOT NULL,
            address TEXT NOT NULL
          ) STRICT;
          CREATE INDEX session_of_user ON session (user);

          CREATE TABLE api_token (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            digest BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE CHECK (name <> ''),
            scope TEXT NOT NULL CHECK (scope IN ('read', 'persons', 'write')),
            made_by INTEGER REFERENCES user (id),
            created INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            last_used INTEGER
          ) STRICT;

          CREATE TABLE activity (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            address TEXT NOT NULL,
            digest BLOB NOT NULL
          ) STRICT;
          CREATE TRIGGER activity_never_changes BEFORE UPDATE ON activity BEGIN
            SELECT RAISE(ABORT, 'what was done is never changed');
          END;
          CREATE TRIGGER activity_never_goes BEFORE DELETE ON activity BEGIN
            SELECT RAISE(ABORT, 'what was done is never forgotten');
          END;
          -- Also not by a REPLACE, which deletes without the trigger above.
          CREATE TRIGGER activity_only_grows BEFORE INSERT ON activity
          WHEN NEW.id <= coalesce((SELECT max(id) FROM activity), 0) BEGIN
            SELECT RAISE(ABORT, 'what was done is only added to');
          END;
          """)
    }
  }
}
