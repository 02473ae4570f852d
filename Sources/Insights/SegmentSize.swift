package import CustomerJourney
package import JourneyEngine

/// How many customers a rule is true of, now and at moments before.
package struct SegmentSize: Codable, Sendable, Equatable {
  package var rule: String
  /// The last of ``history``.
  package var customers: Int
  package var members: Int
  /// Oldest first.
  package var history: [Moment]

  package struct Moment: Codable, Sendable, Equatable {
    package var at: Timestamp
    /// Who had been seen by then.
    package var customers: Int
    /// Of whom the rule was true at that moment, by the touchpoints up to then.
    package var members: Int
  }

  /// 0…1; nil without customers.
  package var share: Double? { customers > 0 ? Double(members) / Double(customers) : nil }
}

extension SegmentSize {
  /// Looks through the journeys once for all of `moments`.
  package init(of membership: Membership, at moments: [Timestamp]) {
    let counts = membership.counts(at: moments.map(\.milliseconds))
    rule = membership.rule.description
    history = zip(moments, counts).map {
      Moment(at: $0, customers: $1.customers, members: $1.members)
    }
    customers = history.last?.customers ?? 0
    members = history.last?.members ?? 0
  }
}

extension SegmentSize: DrawnReport {
  package var table: ReportTable {
    ReportTable(
      [
        ("At", "at"), ("Members", "members"), ("Customers", "customers"), ("Share", "share"),
      ],
      rows: history.map { moment in
        [
          .name(moment.at.iso8601), .count(moment.members), .count(moment.customers),
          moment.customers > 0
            ? .share(Double(moment.members) / Double(moment.customers)) : .missing,
        ]
      }, notes: ["Of whom it is true: \(rule)"])
  }

  package var chart: BarChart {
    BarChart(
      title: "Segment", measure: "members",
      bars: history.map { moment in
        .init(
          name: String(moment.at.iso8601.prefix(10)), value: Double(moment.members),
          label: ReportTable.Cell.grouped(moment.members))
      })
  }
}
