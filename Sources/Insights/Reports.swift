import CustomerJourney

extension Transitions: DrawnReport {
  package var table: ReportTable {
    ReportTable(
      [("From", "from"), ("To", "to"), ("Count", "count")],
      rows: rows.map { [.name($0.from), .name($0.to), .count($0.count)] },
      notes: rows.count < distinctTransitions
        ? ["The most frequent \(rows.count) of \(distinctTransitions) transitions."] : [])
  }

  package var chart: BarChart {
    BarChart(
      title: "Transitions by \(by.rawValue)",
      measure: "times that the one directly follows the other",
      bars: rows.map {
        .init(
          name: "\($0.from) → \($0.to)", value: Double($0.count),
          label: ReportTable.Cell.grouped($0.count))
      })
  }
}

extension Paths: DrawnReport {
  package var table: ReportTable {
    ReportTable(
      [
        ("Path", "path"), ("Customers", "customers"), ("Conversions", "conversions"),
        ("Value (\(currency))", "value"),
      ],
      rows: rows.map {
        [
          .name($0.path.joined(separator: " > ")), .count($0.customers), .count($0.conversions),
          .amount($0.value),
        ]
      },
      notes: ["\(rows.count) of \(distinctPaths) different paths of \(customers) customers."]
        + foreignNote(foreignValues, counted: currency.code))
  }

  package var chart: BarChart {
    BarChart(
      title: "Paths by \(by.rawValue)" + (until.map { " until \($0)" } ?? ""), measure: "customers",
      bars: rows.map {
        .init(
          name: $0.path.joined(separator: " > "), value: Double($0.customers),
          label: ReportTable.Cell.grouped($0.customers))
      })
  }
}

extension Funnel: DrawnReport {
  package var table: ReportTable {
    ReportTable(
      [
        ("Step", "step"), ("Customers", "customers"), ("Of first", "shareOfFirst"),
        ("Of previous", "shareOfPrevious"),
      ],
      rows: steps.indices.map { k in
        [
          .name(steps[k].name), .count(steps[k].customers), share(k, of: 0),
          k == 0 ? .missing : share(k, of: k - 1),
        ]
      },
      notes: [
        "Within \(ReportTable.Cell.duration(Double(withinSeconds))) of the first step; "
          + "\(ReportTable.Cell.grouped(customers)) customers in all."
      ])
  }

  package var chart: BarChart {
    BarChart(
      title: "Funnel",
      measure: "customers, within \(ReportTable.Cell.duration(Double(withinSeconds)))",
      bars: steps.indices.map { k in
        .init(
          name: steps[k].name, value: Double(steps[k].customers),
          label: "\(ReportTable.Cell.grouped(steps[k].customers)) (\(share(k, of: 0).text))")
      })
  }

  private func share(_ k: Int, of other: Int) -> ReportTable.Cell {
    steps[other].customers == 0
      ? .missing : .share(Double(steps[k].customers) / Double(steps[other].customers))
  }
}

extension JourneyMap: Report {
  package var table: ReportTable {
    ReportTable(
      [
        ("Phase", "phase"), ("Customers", "customers"), ("Touchpoints", "touchpoints"),
        ("Entered", "entered"), ("Median dwell", "medianDwellSeconds"), ("Mostly to", "mostlyTo"),
        ("Who do", "mostlyToCustomers"), ("Main channel", "mainChannel"),
      ],
      rows: phases.map { phase in
        let next = phase.next.first { $0.to != Edge.end }
        return [
          .name(phase.id), .count(phase.customers), .count(phase.touchpoints),
          .count(phase.entered), phase.medianDwellSeconds.map { .seconds($0) } ?? .missing,
          next.map { .name($0.to) } ?? .missing, next.map { .count($0.customers) } ?? .missing,
          phase.channels.first.map { .name($0.channel) } ?? .missing,
        ]
      },
      notes: phases.filter { $0.touchpoints == 0 }.map {
        "Nothing is known of the phase \($0.id): no touchpoint was placed there."
      })
  }
}

extension PhasePortrait: DrawnReport {
  package var table: ReportTable {
    let lists = [
      ("channel", channels), ("origin", origins), ("device", devices), ("event", events),
      ("content", content), ("campaign", campaigns),
    ]
    let moves = [("before", before), ("after", after)].flatMap { kind, moves in
      moves.map { move -> [ReportTable.Cell] in
        [
          .name(kind), .name(move.to), .missing, .count(move.customers),
          move.medianSeconds.map { .seconds($0) } ?? .missing,
        ]
      }
    }
    return ReportTable(
      [
        ("What", "what"), ("Name", "name"), ("Touchpoints", "touchpoints"),
        ("Customers", "customers"), ("Median time", "medianSeconds"),
      ],
      rows: [
        [
          .name("phase"), .name(phase), .count(touchpoints), .count(customers),
          medianDwellSeconds.map { .seconds($0) } ?? .missing,
        ]
      ] + moves
        + lists.flatMap { kind, uses in
          uses.map {
            [.name(kind), .name($0.name), .count($0.touchpoints), .count($0.customers), .missing]
          }
        }, notes: foreignNote(foreignValues, counted: currency))
  }

  package var chart: BarChart {
    BarChart(
      title: "Phase \(phase)", measure: "customers by channel",
      bars: channels.map {
        .init(
          name: $0.name, value: Double($0.customers),
          label: ReportTable.Cell.grouped($0.customers))
      })
  }
}

extension CustomerTimeline: DrawnReport {
  package var table: ReportTable {
    ReportTable(
      [
        ("Time", "time"), ("Local time", "localTime"), ("Silence", "gapSeconds"),
        ("Phase", "phase"), ("Event", "event"), ("Channel", "channel"), ("Content", "content"),
        ("Value", "value"), ("Because", "because"),
      ],
      rows: touchpoints.map { moment in
        [
          .name(moment.time.iso8601), .name(moment.localTime),
          moment.gapSeconds.map { .seconds($0) } ?? .missing, .name(moment.phase),
          .name(moment.event), .name(moment.channel),
          moment.content.map { .name($0) } ?? .missing,
          moment.value.map { .amount($0) } ?? .missing, .name(moment.because(.english)),
        ]
      },
      notes: touchpoints.count < total
        ? ["\(touchpoints.count) of \(total) touchpoints; ask for the others by page."] : [])
  }

  /// Touchpoints by phase, in the order in which the customer came there.
  package var chart: BarChart {
    var phases: [String] = []
    var counts: [String: Int] = [:]
    for moment in touchpoints {
      if counts[moment.phase] == nil { phases.append(moment.phase) }
      counts[moment.phase, default: 0] += 1
    }
    return BarChart(
      title: "Journey of one customer in \(model)",
      measure: touchpoints.count < total
        ? "touchpoints by phase, on this page of the journey" : "touchpoints by phase",
      bars: phases.map { phase in
        let count = counts[phase] ?? 0
        return .init(
          name: phase, value: Double(count), label: ReportTable.Cell.grouped(count))
      })
  }
}

/// Says why money is missing from an answer, where some is.
private func foreignNote(_ values: Int, counted currency: String) -> [String] {
  switch values {
  case 0: []
  case 1: ["1 amount in the data is in another currency than \(currency) and is not counted."]
  default:
    [
      "\(ReportTable.Cell.grouped(values)) amounts in the data are in another currency than "
        + "\(currency) and are not counted."
    ]
  }
}
