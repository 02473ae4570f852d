package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Sources

  /// By name.
  package func sources() throws -> [Source] {
    try pool.read { db in
      try Row.fetchAll(
        db, sql: "SELECT id, name, write_key, is_on, created, mapping FROM source ORDER BY name"
      ).map(Self.source)
    }
  }

  package func source(named name: String) throws -> Source? {
    try pool.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT id, name, write_key, is_on, created, mapping FROM source WHERE name = ?
          """, arguments: [name]
      ).map(Self.source)
    }
  }

  /// Throws ``SourceProblem`` when the name or the key is taken, or there are too many.
  @discardableResult
  package func addSource(
    name: String, writeKey: String, created: Timestamp, mapping: String? = nil
  ) throws -> Source {
    try write { db in
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM source") ?? 0
      guard count < Limits.sources else { throw SourceProblem.tooMany }
      func isTaken(_ column: String, _ text: String) throws -> Bool {
        try Bool.fetchOne(
          db, sql: "SELECT EXISTS (SELECT 1 FROM source WHERE \(column) = ?)", arguments: [text])
          ?? false
      }
      guard try !isTaken("name", name) else { throw SourceProblem.nameTaken(name) }
      guard try !isTaken("write_key", writeKey) else { throw SourceProblem.keyTaken }
      try db.execute(
        sql: """
          INSERT INTO source (name, write_key, is_on, created, mapping) VALUES (?, ?, 1, ?, ?)
          """, arguments: [name, writeKey, created.milliseconds, mapping])
      return Source(
        id: db.lastInsertedRowID, name: name, writeKey: writeKey, created: created,
        mapping: mapping)
    }
  }

  /// Turns a source on or off, or gives it another mapping. Its name and key stay.
  package func change(_ source: Source) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE source SET is_on = ?, mapping = ? WHERE id = ?",
        arguments: [source.isOn, source.mapping, source.id])
    }
  }

  private static func source(_ r: Row) -> Source {
    Source(
      id: r[0], name: r[1], writeKey: r[2], isOn: r[3], created: Timestamp(milliseconds: r[4]),
      mapping: r[5])
  }

  /// The newest touchpoints of a source, the newest first.
  ///
  /// Looks at no more than the last 100,000 of all sources, so that a source that was silent for
  /// long costs no walk through everything.
  package func lastTouchpoints(of source: String, limit: Int) throws -> [Touchpoint] {
    let rows = try pool.read { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM touchpoint
          WHERE id > (SELECT max(id) FROM touchpoint) - 100000
            AND source = (SELECT id FROM name WHERE kind = 'source' AND text = ?)
          ORDER BY id DESC LIMIT ?
          """, arguments: [source, limit])
    }
    return try touchpoints(rows: rows)
  }

  // MARK: Rejected events

  /// A rejected event with its number.
  package struct KeptEvent: Hashable, Sendable, Identifiable {
    package var id: Int64
    package var event: RejectedEvent
    /// When it was read again with good outcome; nil while it was not.
    package var replayed: Timestamp?
  }

  /// Those of a source, or of no source when nil; the newest first. `before` goes on where a page
  /// ended.
  package func rejectedEvents(
    of source: String?, kind: RejectedEvent.Kind, before: Int64? = nil, limit: Int
  ) throws -> [KeptEvent] {
    try keptEvents(
      where: "source IS ? AND kind = ? AND id < ? ORDER BY id DESC",
      [source, kind.rawValue, before ?? .max], limit)
  }

  /// Those of a source that were not read again yet, the oldest first.
  package func replayableEvents(
    of source: String?, kind: RejectedEvent.Kind, after: Int64, limit: Int
  ) throws -> [KeptEvent] {
    try keptEvents(
      where: "source IS ? AND kind = ? AND id > ? AND replayed IS NULL ORDER BY id",
      [source, kind.rawValue, after], limit)
  }

  private func keptEvents(
    where condition: String, _ arguments: StatementArguments, _ limit: Int
  ) throws -> [KeptEvent] {
    try pool.read { db in
      var arguments = arguments
      arguments += [limit]
      return try Row.fetchAll(
        db,
        sql: """
          SELECT id, kind, source, dialect, reason, received, request, replayed
          FROM rejected_event WHERE \(condition) LIMIT ?
          """, arguments: arguments
      ).map { r in
        guard let kind = RejectedEvent.Kind(rawValue: r[1]) else {
          throw StoreError.damaged(table: "rejected_event", reason: "no such kind")
        }
        let request: String = r[6]
        return KeptEvent(
          id: r[0],
          event: RejectedEvent(
            kind: kind, source: r[2], dialect: r[3], reason: r[4],
            received: Timestamp(milliseconds: r[5]),
            request: try JSONDecoder().decode(KeptRequest.self, from: Data(request.utf8))),
          replayed: (r[7] as Int64?).map { Timestamp(milliseconds: $0) })
      }
    }
  }

  /// How many there are by source and kind that were not read again.
  package func rejectedCounts() throws -> [RejectedCount] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT source, kind, count(*) FROM rejected_event WHERE replayed IS NULL
          GROUP BY source, kind
          """
      ).compactMap { r in
        RejectedEvent.Kind(rawValue: r[1]).map {
          RejectedCount(source: r[0], kind: $0, count: r[2])
        }
      }
    }
  }

  package struct RejectedCount: Hashable, Sendable {
    package var source: String?
    package var kind: RejectedEvent.Kind
    package var count: Int
  }

  /// Notes that these were read again and became what they say.
  package func noteReplayed(_ ids: [Int64], at moment: Timestamp) throws {
    try write { db in
      let update = try db.cachedStatement(
        sql: "UPDATE rejected_event SET replayed = ? WHERE id = ?")
      for id in ids { try update.execute(arguments: [moment.milliseconds, id]) }
    }
  }
}

/// Why a source cannot be made.
package enum SourceProblem: Error, Hashable, CustomStringConvertible {
  case nameTaken(String)
  case keyTaken
  case tooMany

  package var description: String {
    switch self {
    case .nameTaken(let name): "There is a source \(name) already; choose another name."
    case .keyTaken: "Another source has this write key already; choose another key."
    case .tooMany: "There are \(Limits.sources) sources already, which is the most there can be."
    }
  }
}
