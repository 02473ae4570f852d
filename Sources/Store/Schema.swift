import GRDB

/// The tables, as migrations that run at start. A migration that has been released is never edited:
/// a change is a new one.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 touchpoints") { db in
      try db.execute(
        sql: """
          -- Every event, channel, source, … name once; touchpoints hold its number.
          CREATE TABLE name (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN
              ('event', 'channel', 'origin', 'device', 'content', 'campaign', 'source')),
            text TEXT NOT NULL CHECK (length(text) > 0),
            UNIQUE (kind, text)
          ) STRICT;

          CREATE TABLE customer (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE CHECK (length(key) > 0)
          ) STRICT;

          CREATE TABLE touchpoint (
            id INTEGER PRIMARY KEY,
            customer INTEGER NOT NULL REFERENCES customer (id),
            occurred INTEGER NOT NULL,
            utc_offset INTEGER CHECK (utc_offset BETWEEN -1080 AND 1080),
            received INTEGER NOT NULL,
            message_id TEXT NOT NULL CHECK (length(message_id) BETWEEN 1 AND 200),
            source INTEGER NOT NULL REFERENCES name (id),
            event INTEGER NOT NULL REFERENCES name (id),
            channel INTEGER NOT NULL REFERENCES name (id),
            origin INTEGER REFERENCES name (id),
            device INTEGER REFERENCES name (id),
            content INTEGER REFERENCES name (id),
            campaign INTEGER REFERENCES name (id),
            value INTEGER,
            currency TEXT CHECK (length(currency) = 3),
            properties TEXT CHECK (properties IS NULL OR json_valid(properties)),
            CHECK ((value IS NULL) = (currency IS NULL))
          ) STRICT;

          -- A retry repeats both, and in this order the index grows almost at its end.
          CREATE UNIQUE INDEX touchpoint_once ON touchpoint (occurred, message_id);

          CREATE TABLE trait (
            customer INTEGER NOT NULL REFERENCES customer (id),
            name TEXT NOT NULL CHECK (length(name) > 0),
            value TEXT NOT NULL CHECK (json_valid(value)),
            source TEXT NOT NULL,
            set_at INTEGER NOT NULL,
            PRIMARY KEY (customer, name)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE import_run (
            id INTEGER PRIMARY KEY,
            file TEXT NOT NULL,
            source TEXT NOT NULL,
            started INTEGER NOT NULL,
            finished INTEGER NOT NULL,
            read INTEGER NOT NULL,
            stored INTEGER NOT NULL,
            duplicates INTEGER NOT NULL,
            rejected INTEGER NOT NULL,
            rejected_file TEXT
          ) STRICT;

          CREATE TABLE setting (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("1 views for analysts") { db in
      try db.execute(
        sql: """
          CREATE VIEW v_touchpoint AS
          SELECT t.id AS touchpoint, c.key AS customer,
            strftime('%Y-%m-%dT%H:%M:%fZ', t.occurred / 1000.0, 'unixepoch') AS time,
            t.occurred AS time_ms, t.utc_offset AS utc_offset_minutes,
            e.text AS event, ch.text AS channel, o.text AS origin, d.text AS device,
            co.text AS content, ca.text AS campaign,
            t.value AS value_minor_units, t.currency AS currency,
            s.text AS source, t.message_id AS message_id, t.properties AS properties
          FROM touchpoint t
          JOIN customer c ON c.id = t.customer
          JOIN name e ON e.id = t.event
          JOIN name ch ON ch.id = t.channel
          JOIN name s ON s.id = t.source
          LEFT JOIN name o ON o.id = t.origin
          LEFT JOIN name d ON d.id = t.device
          LEFT JOIN name co ON co.id = t.content
          LEFT JOIN name ca ON ca.id = t.campaign;

          CREATE VIEW v_customer AS
          SELECT c.key AS customer, count(t.id) AS touchpoints,
            strftime('%Y-%m-%dT%H:%M:%fZ', min(t.occurred) / 1000.0, 'unixepoch') AS first_time,
            strftime('%Y-%m-%dT%H:%M:%fZ', max(t.occurred) / 1000.0, 'unixepoch') AS last_time
          FROM customer c LEFT JOIN touchpoint t ON t.customer = c.id
          GROUP BY c.id;

          CREATE VIEW v_trait AS
          SELECT c.key AS customer, r.name AS trait, json_extract(r.value, '$') AS value,
            r.source AS source
          FROM trait r JOIN customer c ON c.id = r.customer;
          """)
    }
    migrator.registerMigration("2 front door") { db in
      try db.execute(
        sql: """
          -- The moment by the client's own clock where occurred was corrected; 0 when the client
          -- said none, so that the message id alone tells a retry.
          ALTER TABLE touchpoint ADD COLUMN client_time INTEGER;
          DROP INDEX touchpoint_once;
          CREATE UNIQUE INDEX touchpoint_once
            ON touchpoint (coalesce(client_time, occurred), message_id);

          CREATE TABLE source (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (length(name) > 0),
            write_key TEXT NOT NULL UNIQUE CHECK (length(write_key) > 0),
            is_on INTEGER NOT NULL CHECK (is_on IN (0, 1)),
            created INTEGER NOT NULL,
            mapping TEXT
          ) STRICT;

          -- What clients said of persons, as it was said.
          CREATE TABLE profile_change (
            id INTEGER PRIMARY KEY,
            customer INTEGER NOT NULL REFERENCES customer (id),
            occurred INTEGER NOT NULL,
            client_time INTEGER,
            received INTEGER NOT NULL,
            message_id TEXT NOT NULL CHECK (length(message_id) BETWEEN 1 AND 200),
            source INTEGER NOT NULL REFERENCES name (id),
            traits TEXT CHECK (traits IS NULL OR json_valid(traits)),
            account TEXT CHECK (length(account) > 0),
            account_traits TEXT CHECK (account_traits IS NULL OR json_valid(account_traits))
          ) STRICT;
          CREATE UNIQUE INDEX profile_change_once
            ON profile_change (coalesce(client_time, occurred), message_id);

          -- The first message in which a client named a customer by another key, too.
          CREATE TABLE identity_link (
            customer INTEGER NOT NULL REFERENCES customer (id),
            -- The other key itself: what a client says of itself makes no customer.
            other TEXT NOT NULL CHECK (length(other) > 0),
            message_id TEXT NOT NULL,
            source INTEGER NOT NULL REFERENCES name (id),
            received INTEGER NOT NULL,
            PRIMARY KEY (customer, other)
          ) STRICT, WITHOUT ROWID;

          CREATE TABLE rejected_event (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('rejected', 'bot')),
            source TEXT,
            dialect TEXT NOT NULL,
            reason TEXT NOT NULL,
            received INTEGER NOT NULL,
            request TEXT NOT NULL CHECK (json_valid(request)),
            replayed INTEGER
          ) STRICT;
          CREATE INDEX rejected_event_of_source ON rejected_event (source, id);

          CREATE VIEW v_profile_change AS
          SELECT c.key AS customer,
            strftime('%Y-%m-%dT%H:%M:%fZ', p.occurred / 1000.0, 'unixepoch') AS time,
            p.traits AS traits, p.account AS account, p.account_traits AS account_traits,
            s.text AS source, p.message_id AS message_id
          FROM profile_change p
          JOIN customer c ON c.id = p.customer
          JOIN name s ON s.id = p.source;

          CREATE VIEW v_identity_link AS
          SELECT a.key AS customer, l.other AS other, l.message_id AS message_id, s.text AS source,
            strftime('%Y-%m-%dT%H:%M:%fZ', l.received / 1000.0, 'unixepoch') AS received
          FROM identity_link l
          JOIN customer a ON a.id = l.customer
          JOIN name s ON s.id = l.source;
          """)
    }
    migrator.registerMigration("4 changes of journeys") { db in
      try db.execute(
        sql: """
          -- Tells this database from another, for what is made of it and stands beside it.
          CREATE TABLE identity (number INTEGER NOT NULL) STRICT;
          INSERT INTO identity (number) VALUES (random());

          -- Whose journey is another one than what was appended to it: merged, split, corrected or
          -- erased. The customer may be gone, so this is no foreign key.
          CREATE TABLE journey_change (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            customer INTEGER NOT NULL,
            -- The highest row of touchpoint afterwards: SQLite uses numbers at the end again.
            last_row INTEGER NOT NULL
          ) STRICT;

          -- Written here, where no statement can forget it.
          CREATE TRIGGER touchpoint_deleted AFTER DELETE ON touchpoint BEGIN
            INSERT INTO journey_change (customer, last_row)
            SELECT OLD.customer, coalesce((SELECT max(id) FROM touchpoint), 0);
          END;
          CREATE TRIGGER touchpoint_updated AFTER UPDATE ON touchpoint BEGIN
            INSERT INTO journey_change (customer, last_row)
            SELECT OLD.customer, coalesce((SELECT max(id) FROM touchpoint), 0);
            INSERT INTO journey_change (customer, last_row)
            SELECT NEW.customer, coalesce((SELECT max(id) FROM touchpoint), 0)
            WHERE NEW.customer <> OLD.customer;
          END;
          -- Of changes of one customer, or of two in turn, the last says all.
          CREATE TRIGGER journey_change_again AFTER INSERT ON journey_change BEGIN
            DELETE FROM journey_change
            WHERE id BETWEEN NEW.id - 4 AND NEW.id - 1 AND customer = NEW.customer AND last_row >= NEW.last_row;
          END;
          """)
    }
    migrator.registerMigration("5 segments and standings") { db in
      try db.execute(
        sql: """
          CREATE TABLE segment (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE CHECK (name <> ''),
            rule TEXT NOT NULL,
            created INTEGER NOT NULL
          ) STRICT;

          -- Where customers stood in a model or a segment when change number "change" was the last:
          -- a byte a customer, by number. What changed since is in standing_change.
          CREATE TABLE standing (
            subject TEXT PRIMARY KEY,
            definition TEXT NOT NULL,
            states BLOB NOT NULL,
            change INTEGER NOT NULL
          ) STRICT;

          -- Somebody entered or left a phase or a segment. The customer may be gone since.
          CREATE TABLE standing_change (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            subject TEXT NOT NULL,
            customer INTEGER NOT NULL,
            came_from TEXT,
            went_to TEXT,
            happened INTEGER NOT NULL,
            noticed INTEGER NOT NULL,
            CHECK (came_from IS NOT went_to)
          ) STRICT;
          -- Not of models, whose changes are as many as touchpoints and are read by number.
          CREATE INDEX standing_change_segment ON standing_change (subject, id)
            WHERE subject >= 'segment:';

          -- How far was looked for changes of standing; written with the changes themselves.
          CREATE TABLE watch (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            version INTEGER NOT NULL,
            touchpoint INTEGER NOT NULL,
            journey_change INTEGER NOT NULL,
            profile_change INTEGER NOT NULL
          ) STRICT;

          -- Who acts on changes, and the last one that was acted on.
          CREATE TABLE consumer (name TEXT PRIMARY KEY, change INTEGER NOT NULL) STRICT;
          """)
    }
    migrator.registerMigration("5 changes of standing by look") { db in
      try db.execute(
        sql: """
          -- A row a change cost as much as a row a touchpoint. What was noted before this is let go,
          -- and where customers stand is looked at anew: consumers go on with the next number.
          CREATE TABLE standing_moves (
            -- The numbers of its changes are those up to this one.
            last INTEGER PRIMARY KEY,
            count INTEGER NOT NULL CHECK (count > 0),
            subject TEXT NOT NULL,
            -- What a state means that is not 0, from 1 on, as a JSON list.
            states TEXT NOT NULL CHECK (json_valid(states)),
            noticed INTEGER NOT NULL,
            -- Customer (4 bytes), happened (8), from (1) and to (1), little-endian. The customer may
            -- be gone since.
            moves BLOB NOT NULL,
            CHECK (length(moves) = 14 * count)
          ) STRICT;
          CREATE INDEX standing_moves_of ON standing_moves (subject, last);
          ALTER TABLE watch ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
          UPDATE watch SET change = coalesce(
            (SELECT seq FROM sqlite_sequence WHERE name = 'standing_change'), 0);
          DROP TABLE standing_change;
          DELETE FROM standing;
          """)
    }
    registerIdentities(&migrator)
    registerAccess(in: &migrator)
    registerEngine(in: &migrator)
    registerProfiles(in: &migrator)
    registerMessages(in: &migrator)
    registerPlays(in: &migrator)
    registerAccounts(&migrator)
    registerConsent(in: &migrator)
    return migrator
  }
}
