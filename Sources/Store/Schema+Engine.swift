import GRDB

extension Schema {
  /// What the engine needs of the store.
  static func registerEngine(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 engine") { db in
      try db.execute(
        sql: """
          -- Changes of journeys up to this one may have been let go: who has read less begins anew.
          CREATE TABLE journey_change_forgotten (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            last INTEGER NOT NULL
          ) STRICT;
          INSERT INTO journey_change_forgotten (one, last) VALUES (1, 0);
          """)
    }
  }
}
