package import CustomerJourney
import GRDB

extension Store {
  /// Work for persons: what is open, the oldest first, and after it what was done, the newest first. Of
  /// one customer where asked.
  package func playTasks(
    ofCustomer customer: Int64? = nil, openOnly: Bool = false, limit: Int
  ) throws -> [PlayTask] {
    var condition = "TRUE"
    var arguments = StatementArguments()
    let owner = Schema.customer(of: "r.identity", at: "r.entered")
    if let customer {
      condition = """
        (r.identity = ? OR r.identity IN
          (SELECT identity FROM identity_owner WHERE customer = ?)) AND \(owner) = ?
        """
      arguments = [customer, customer, customer]
    }
    return try pool.read { db in
      func tasks(_ state: String, _ order: String, _ limit: Int) throws -> [PlayTask] {
        try Row.fetchAll(
          db,
          sql: """
            SELECT t.id, r.play, \(owner), t.english, t.dutch, t.created, t.done
            FROM play_task t JOIN play_run r ON r.id = t.run
            WHERE \(state) AND \(condition) ORDER BY \(order) LIMIT ?
            """, arguments: arguments + [limit]
        ).map { row in
          PlayTask(
            id: row[0], play: row[1], customer: row[2],
            text: LocalizedText(en: row[3], nl: row[4]), created: Timestamp(milliseconds: row[5]),
            done: (row[6] as Int64?).map { Timestamp(milliseconds: $0) })
        }
      }
      let open = try tasks("t.done IS NULL", "t.created, t.id", limit)
      guard !openOnly, open.count < limit else { return open }
      return open + (try tasks("t.done IS NOT NULL", "t.id DESC", limit - open.count))
    }
  }

  /// Notes that somebody did it. False where it was done before, or there is no such task.
  package func finishTask(_ id: Int64, at now: Timestamp) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "UPDATE play_task SET done = ? WHERE id = ? AND done IS NULL",
        arguments: [now.milliseconds, id])
      return db.changesCount == 1
    }
  }
}
