import GRDB

extension Schema {
  /// One row a key, what was said of two of them, what people decided, and whose they are by it.
  static func registerIdentities(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("6 who is who") { db in
      for view in [
        "v_touchpoint", "v_customer", "v_trait", "v_profile_change", "v_identity_link",
      ] { try db.execute(sql: "DROP VIEW \(view)") }
      try db.execute(
        sql: """
          ALTER TABLE identity RENAME TO database_number;
          -- A key by which touchpoints name somebody. Its kind is in how it begins (CustomerKey).
          ALTER TABLE customer RENAME TO identity;

          ALTER TABLE identity_link RENAME TO old_identity_link;
          INSERT OR IGNORE INTO identity (key) SELECT DISTINCT other FROM old_identity_link;

          -- That a message named both: who gives way or is weaker, and the other.
          CREATE TABLE identity_link (
            weak INTEGER NOT NULL REFERENCES identity (id),
            strong INTEGER NOT NULL REFERENCES identity (id),
            -- True where both are of one kind.
            peers INTEGER NOT NULL CHECK (peers IN (0, 1)),
            -- The first time by the clock of touchpoints, and the message that said so.
            happened INTEGER NOT NULL,
            received INTEGER NOT NULL,
            message_id TEXT NOT NULL,
            source INTEGER NOT NULL REFERENCES name (id),
            -- The most trusted of those who said it: Claimant.
            claimant INTEGER NOT NULL CHECK (claimant BETWEEN 0 AND 3),
            PRIMARY KEY (weak, strong),
            CHECK (weak <> strong)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX identity_link_strong ON identity_link (strong, peers, weak);
          INSERT INTO identity_link
          SELECT o.id, l.customer, 0, l.received, l.received, l.message_id, l.source, 0
          FROM old_identity_link l JOIN identity o ON o.key = l.other
          JOIN identity c ON c.id = l.customer
          WHERE l.other LIKE 'anonymous:%' AND c.key NOT LIKE 'anonymous:%';
          DROP TABLE old_identity_link;

          -- When they were seen together: the first time of each minute.
          CREATE TABLE identity_sighting (
            weak INTEGER NOT NULL REFERENCES identity (id),
            minute INTEGER NOT NULL,
            strong INTEGER NOT NULL REFERENCES identity (id),
            happened INTEGER NOT NULL,
            PRIMARY KEY (weak, minute, strong)
          ) STRICT, WITHOUT ROWID;

          -- What a person here decided of two identities: that they are one, or that what was said of
          -- both does not count.
          CREATE TABLE identity_decision (
            id INTEGER PRIMARY KEY,
            verdict TEXT NOT NULL CHECK (verdict IN ('join', 'apart')),
            -- Of a join, the one that gives way.
            one INTEGER NOT NULL REFERENCES identity (id),
            other INTEGER NOT NULL REFERENCES identity (id),
            decided INTEGER NOT NULL,
            undone INTEGER,
            CHECK (one <> other)
          ) STRICT;
          CREATE INDEX identity_decision_one ON identity_decision (one) WHERE undone IS NULL;
          CREATE INDEX identity_decision_other ON identity_decision (other) WHERE undone IS NULL;

          -- What a person here said names nobody: a whole key, or @ and a domain.
          CREATE TABLE junk_identity (text TEXT PRIMARY KEY CHECK (text <> '')) STRICT, WITHOUT ROWID;

          -- Whose each identity is from a moment on, as it follows from all of the above. Who is not
          -- in it is a customer by itself.
          CREATE TABLE identity_owner (
            identity INTEGER NOT NULL REFERENCES identity (id),
            since INTEGER NOT NULL,
            customer INTEGER NOT NULL REFERENCES identity (id),
            PRIMARY KEY (identity, since)
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX identity_owner_customer ON identity_owner (customer, identity);

          -- Identities that took too many, or were named with too many.
          CREATE TABLE identity_alarm (
            identity INTEGER NOT NULL REFERENCES identity (id),
            reason TEXT NOT NULL CHECK (reason IN ('full', 'crowded')),
            PRIMARY KEY (identity, reason)
          ) STRICT, WITHOUT ROWID;

          -- Two customers who may be one, and that they are or are not; asked once.
          CREATE TABLE duplicate_answer (
            low INTEGER NOT NULL REFERENCES identity (id),
            high INTEGER NOT NULL REFERENCES identity (id),
            is_same INTEGER NOT NULL CHECK (is_same IN (0, 1)),
            answered INTEGER NOT NULL,
            PRIMARY KEY (low, high),
            CHECK (low < high)
          ) STRICT, WITHOUT ROWID;

          -- Whose word a trait is: that of a browser never replaces another's.
          ALTER TABLE trait ADD COLUMN claimant INTEGER NOT NULL DEFAULT 0;
          """)
      try db.execute(sql: views)
      try Settling.rebuild(db)
    }
  }

  /// The customer whose an identity is at a moment, as SQL.
  static func customer(of identity: String, at moment: String) -> String {
    """
    coalesce((SELECT o.customer FROM identity_owner o
      WHERE o.identity = \(identity) AND o.since <= \(moment)
      ORDER BY o.since DESC LIMIT 1), \(identity))
    """
  }

  private static var views: String {
    """
    CREATE VIEW v_touchpoint AS
    SELECT t.id AS touchpoint, c.key AS customer,
      strftime('%Y-%m-%dT%H:%M:%fZ', t.occurred / 1000.0, 'unixepoch') AS time,
      t.occurred AS time_ms, t.utc_offset AS utc_offset_minutes,
      e.text AS event, ch.text AS channel, o.text AS origin, d.text AS device,
      co.text AS content, ca.text AS campaign,
      t.value AS value_minor_units, t.currency AS currency,
      s.text AS source, t.message_id AS message_id, t.properties AS properties,
      i.key AS identity
    FROM touchpoint t
    JOIN identity i ON i.id = t.customer
    JOIN identity c ON c.id = \(customer(of: "t.customer", at: "t.occurred"))
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
    FROM identity c
    LEFT JOIN (SELECT t.id AS id, t.occurred AS occurred,
        \(customer(of: "t.customer", at: "t.occurred")) AS customer
      FROM touchpoint t) t ON t.customer = c.id
    WHERE t.id IS NOT NULL OR (EXISTS (SELECT 1 FROM trait r WHERE r.customer = c.id)
      AND NOT EXISTS (SELECT 1 FROM identity_owner o WHERE o.identity = c.id))
    GROUP BY c.id;

    CREATE VIEW v_trait AS
    SELECT customer, trait, value, source FROM (
      SELECT c.key AS customer, r.name AS trait, json_extract(r.value, '$') AS value,
        r.source AS source,
        row_number() OVER (PARTITION BY c.id, r.name
          ORDER BY r.claimant > 0 DESC, r.set_at DESC, r.value DESC) AS place
      FROM trait r
      JOIN identity c ON c.id = \(customer(of: "r.customer", at: "r.set_at"))
    ) WHERE place = 1;

    CREATE VIEW v_profile_change AS
    SELECT c.key AS customer,
      strftime('%Y-%m-%dT%H:%M:%fZ', p.occurred / 1000.0, 'unixepoch') AS time,
      p.traits AS traits, p.account AS account, p.account_traits AS account_traits,
      s.text AS source, p.message_id AS message_id
    FROM profile_change p
    JOIN identity c ON c.id = \(customer(of: "p.customer", at: "p.occurred"))
    JOIN name s ON s.id = p.source;

    CREATE VIEW v_identity_link AS
    SELECT b.key AS customer, a.key AS other, l.message_id AS message_id, s.text AS source,
      strftime('%Y-%m-%dT%H:%M:%fZ', l.received / 1000.0, 'unixepoch') AS received
    FROM identity_link l
    JOIN identity a ON a.id = l.weak
    JOIN identity b ON b.id = l.strong
    JOIN name s ON s.id = l.source;

    CREATE VIEW v_identity AS
    SELECT i.key AS identity, c.key AS customer,
      CASE WHEN o.since = -9223372036854775808 THEN NULL
        ELSE strftime('%Y-%m-%dT%H:%M:%fZ', o.since / 1000.0, 'unixepoch') END AS since
    FROM identity i
    LEFT JOIN identity_owner o ON o.identity = i.id
    JOIN identity c ON c.id = coalesce(o.customer, i.id);
    """
  }
}
