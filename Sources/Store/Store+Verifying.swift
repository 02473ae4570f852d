import GRDB

extension Store {
  /// One thing that was looked at, and what is wrong with it.
  package struct Finding: Hashable, Sendable {
    /// A sentence that says what holds when nothing is wrong.
    package var rule: String
    /// What is wrong; empty when the rule holds. Holds no personal data.
    package var problems: [String]

    package init(rule: String, problems: [String]) {
      self.rule = rule
      self.problems = problems
    }
  }

  /// Problems that are listed of one rule.
  private static let mostProblems = 20

  /// Looks at the whole database, from one consistent snapshot.
  package func verify() throws -> [Finding] {
    try pool.read { db in
      var findings = [
        Finding(
          rule: "The file is whole",
          problems: try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.mostProblems))")
            .filter { $0 != "ok" }),
        Finding(
          rule: "Every reference leads somewhere",
          problems: try Row.fetchAll(
            db,
            sql: """
              SELECT "table", parent, count(*) FROM pragma_foreign_key_check
              GROUP BY "table", parent LIMIT \(Self.mostProblems)
              """
          ).map { row in
            let (table, parent, count): (String, String, Int) = (row[0], row[1], row[2])
            return "\(count) rows of \(table) refer to rows of \(parent) that are not there"
          }),
      ]
      findings.append(
        Finding(rule: "Every name is of the kind that is asked for", problems: try wrongKinds(db)))
      let lost = """
        SELECT count(*) FROM search_word w LEFT JOIN search_entry e ON e.identity = w.identity
        WHERE e.identity IS NULL OR instr(e.words || e.orders || ' ', ' ' || w.word || ' ') = 0
        """
      let strayWords = try Int.fetchOne(db, sql: lost) ?? 0
      findings.append(
        Finding(
          rule: "Every word of the search is one of its customer's",
          problems: strayWords == 0 ? [] : ["\(strayWords) are not; `klantreis rebuild` mends it"]))
      findings.append(
        Finding(
          rule: "No message is stored twice",
          problems: try ["touchpoint", "profile_change"].flatMap { table in
            // Not by the index: it is what is looked at.
            try count(
              db,
              """
              SELECT count(*) FROM (SELECT 1 FROM \(table) NOT INDEXED
                GROUP BY coalesce(client_time, occurred), message_id HAVING count(*) > 1)
              """
            ) { "\($0) messages are in \(table) more than once" }
          }))
      let texts = [
        ("touchpoint", "properties"), ("profile_change", "traits"),
        ("profile_change", "account_traits"), ("trait", "value"), ("account_trait", "value"),
        ("rejected_event", "request"),
      ]
      findings.append(
        Finding(
          rule: "All JSON is valid",
          problems: try texts.flatMap { table, column in
            try count(
              db,
              "SELECT count(*) FROM \(table) WHERE \(column) IS NOT NULL AND NOT json_valid(\(column))"
            ) { "\($0) rows of \(table) have bad JSON in \(column)" }
          }))
      findings.append(
        Finding(
          rule: "Money has a currency, and a currency money",
          problems: try count(
            db, "SELECT count(*) FROM touchpoint WHERE (value IS NULL) <> (currency IS NULL)"
          ) { "\($0) touchpoints have one without the other" }))
      let strays = try Settling.strays(db)
      findings.append(
        Finding(
          rule: "Whose each identity is follows from what was said and decided",
          problems: strays == 0 ? [] : ["\(strays) identities are given to somebody else"]))
      findings.append(
        Finding(
          rule: "Of what was done, every line is there as it was written",
          problems: try Self.brokenActivity(db)))
      return findings
    }
  }

  private func wrongKinds(_ db: Database) throws -> [String] {
    try NameKind.allCases.flatMap { kind in
      try count(
        db,
        """
        SELECT count(*) FROM touchpoint t LEFT JOIN name n ON n.id = t.\(kind.rawValue)
        WHERE t.\(kind.rawValue) IS NOT NULL AND n.kind IS NOT '\(kind.rawValue)'
        """
      ) { "\($0) touchpoints have a \(kind.rawValue) that is no name of that kind" }
    }
      + count(
        db,
        """
        SELECT count(*) FROM profile_change p LEFT JOIN name n ON n.id = p.source
        WHERE n.kind IS NOT 'source'
        """
      ) { "\($0) profile changes have a source that is no name of that kind" }
  }

  private func count(
    _ db: Database, _ sql: String, _ problem: (Int) -> String
  ) throws -> [String] {
    let count = try Int.fetchOne(db, sql: sql) ?? 0
    return count == 0 ? [] : [problem(count)]
  }
}
