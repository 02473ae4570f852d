package import CustomerJourney
import GRDB

extension Store {
  /// When the newest touchpoint of each source came in, by name.
  ///
  /// Looks at no more than the last 100,000 of all sources, as ``lastTouchpoints(of:limit:)`` does.
  package func lastReceived() throws -> [String: Timestamp] {
    try pool.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT n.text, max(t.received) FROM touchpoint t JOIN name n ON n.id = t.source
          WHERE t.id > (SELECT coalesce(max(id), 0) FROM touchpoint) - 100000
          GROUP BY t.source
          """)
      return Dictionary(
        uniqueKeysWithValues: rows.map { ($0[0], Timestamp(milliseconds: $0[1])) })
    }
  }
}
