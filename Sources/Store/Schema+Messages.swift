import GRDB

extension Schema {
  /// What we mean to tell customers, how each message stands and stood, and where nothing is sent to.
  static func registerMessages(in migrator: inout DatabaseMigrator) {
    migrator.registerMigration("7 delivery") { db in
      try db.execute(
        sql: """
          CREATE TABLE message (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            play TEXT NOT NULL CHECK (play <> ''),
            version INTEGER NOT NULL,
            key TEXT NOT NULL,
            step TEXT NOT NULL,
            customer INTEGER NOT NULL REFERENCES identity (id),
            channel TEXT NOT NULL CHECK (channel IN
              ('email', 'sms', 'webhook', 'onsite', 'audience')),
            purpose TEXT NOT NULL CHECK (purpose IN ('marketing', 'service')),
            template TEXT NOT NULL CHECK (template <> ''),
            language TEXT CHECK (language IN ('en', 'nl')),
            variant TEXT,
            data TEXT NOT NULL CHECK (json_valid(data)),
            priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 9),
            due INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN
              ('waiting', 'claimed', 'sent', 'delivered', 'bounced', 'refused', 'skipped', 'unknown',
               'dead')),
            reason TEXT,
            detail TEXT,
            claim INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            lease_ends INTEGER,
            -- 1 from just before bytes leave until it is known how that ended.
            is_handed_over INTEGER NOT NULL DEFAULT 0 CHECK (is_handed_over IN (0, 1)),
            created INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            UNIQUE (play, version, key, step),
            CHECK ((lease_ends IS NULL) = (state <> 'claimed'))
          ) STRICT;
          -- The next one of a priority, whatever waits for later.
          CREATE INDEX message_due ON message (channel, priority, due) WHERE state = 'waiting';
          CREATE INDEX message_lease ON message (lease_ends) WHERE state = 'claimed';
          CREATE INDEX message_of_customer ON message (customer, changed);
          CREATE INDEX message_in_state ON message (state, id);

          CREATE TABLE message_change (
            message INTEGER NOT NULL REFERENCES message (id),
            number INTEGER NOT NULL,
            at INTEGER NOT NULL,
            state TEXT NOT NULL,
            reason TEXT,
            detail TEXT,
            -- 0 until the touchpoint that it makes is stored; a state that makes none begins with 1.
            is_told INTEGER NOT NULL CHECK (is_told IN (0, 1)),
            PRIMARY KEY (message, number)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX message_change_untold ON message_change (message, number) WHERE is_told = 0;

          -- Addresses to which nothing is sent any more, found by a keyed digest, so that one stays
          -- closed when its text is erased.
          CREATE TABLE suppression (
            digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
            address TEXT,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            at INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX suppression_at ON suppression (at);

          CREATE VIEW v_message AS
          SELECT m.id AS message, c.key AS customer, m.play, m.version, m.key AS run, m.step,
            m.channel, m.purpose, m.template, m.language, m.variant, m.state, m.reason, m.detail,
            m.failures, strftime('%Y-%m-%dT%H:%M:%fZ', m.due / 1000.0, 'unixepoch') AS due,
            strftime('%Y-%m-%dT%H:%M:%fZ', m.created / 1000.0, 'unixepoch') AS created,
            strftime('%Y-%m-%dT%H:%M:%fZ', m.changed / 1000.0, 'unixepoch') AS changed
          FROM message m JOIN identity c ON c.id = m.customer;
          """)
    }

    migrator.registerMigration("8 finding messages") { db in
      try db.execute(
        sql: """
          CREATE INDEX message_of_run ON message (play, key);
          -- What waits on the site until a moment.
          CREATE INDEX message_until ON message (json_extract(data, '$.until'))
            WHERE state = 'waiting' AND channel = 'onsite';
          """)
    }
  }
}
