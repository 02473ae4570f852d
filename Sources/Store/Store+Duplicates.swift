package import CustomerJourney
import GRDB

extension Store {
  /// Keeps what a person said of two customers who were suggested to be one; the same ones are joined,
  /// the first stays. Throws ``IdentityProblem``.
  package func answerDuplicate(
    _ key: String, _ other: String, isSame: Bool, at now: Timestamp
  ) throws {
    if isSame { try join(other, into: key, at: now) }
    try write { db in
      let numbers = try [key, other].map { key in
        guard
          let number = try Int64.fetchOne(
            db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [key])
        else { throw IdentityProblem.unknown }
        return number
      }.sorted()
      guard numbers[0] != numbers[1] else { throw IdentityProblem.same }
      try db.execute(
        sql: """
          INSERT INTO duplicate_answer (low, high, is_same, answered) VALUES (?, ?, ?, ?)
          ON CONFLICT (low, high) DO UPDATE SET is_same = excluded.is_same,
            answered = excluded.answered
          """, arguments: [numbers[0], numbers[1], isSame, now.milliseconds])
    }
  }

  /// Pairs that a person has judged.
  package func answeredDuplicates() throws -> Set<IdentityEvidence.Pair> {
    try pool.read { db in
      Set(
        try Row.fetchAll(db, sql: "SELECT low, high FROM duplicate_answer")
          .map { IdentityEvidence.Pair($0[0], $0[1]) })
    }
  }
}
