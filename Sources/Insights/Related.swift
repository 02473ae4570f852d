import CustomerJourney
package import JourneyEngine

/// Which contents are bought together: what `related` answers.
package struct Related: Codable, Sendable, Equatable {
  /// Strongest lift first, at most as many as were asked for.
  package var rows: [Row]
  /// Baskets that were looked at; one of a single content counts too.
  package var baskets: Int
  /// Baskets left out because they hold more than ``Limits/basketContents``.
  package var crowded: Int
  /// Customers in the question, with a basket or without.
  package var customers: Int

  package struct Row: Codable, Sendable, Equatable {
    package var content: String
    package var related: String
    /// Baskets with both.
    package var baskets: Int
    /// ``baskets`` of all baskets.
    package var support: Double
    /// Of the baskets with ``content``, the share that also has ``related``.
    package var confidence: Double
    /// How many times as often both are together as if they had nothing to do with each other.
    package var lift: Double
  }
}

/// Counts ``Related``. A basket is what one customer bought at one moment with one event: the lines of
/// an order, with what was put in the basket since the last one and not taken out. A content counts once
/// in it, however often it is there.
package struct RelatedFold: Fold {
  private let masks: EventMasks
  private let content: UInt32?
  private let top: Int
  private let least: Int
  private let names: [String]

  private static let buys: UInt32 = 1
  private static let adds: UInt32 = 2
  private static let removes: UInt32 = 4

  /// `adding` and `removing` are what happens to a basket before `event`; without them only the lines
  /// of the order count. `content` keeps only pairs that begin with it; of pairs in fewer than `least`
  /// baskets nothing can be said.
  package init(
    event: EventStep, adding: EventStep? = nil, removing: EventStep? = nil,
    content: String? = nil, least: Int = 3, top: Int = 100, table: some NamedJourneys
  ) {
    let none = EventStep(name: "", events: [])
    masks = EventMasks([event, adding ?? none, removing ?? none])
    let known = table.names(.content).all
    names = known
    // One that nobody ever had is no pair's.
    self.content = content.map { name in
      UInt32(known.dropFirst().firstIndex(of: name) ?? known.endIndex)
    }
    self.least = least
    self.top = min(top, Limits.rowsPerAnswer)
  }

  package var columns: Columns { [.events, .times, .contents] }

  package struct Partial: Sendable, Codable {
    var customers = 0
    var baskets = 0
    var crowded = 0
    /// Baskets by content's code.
    var singles: [UInt32: Int] = [:]
    /// Baskets by both codes, the lower one in the upper half.
    var pairs: [UInt64: Int] = [:]
  }

  package func start() -> Partial { Partial() }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    partial.customers += journeys.journeyCount
    var basket: [UInt32] = []
    masks.withPointer { masks in
      for k in 0..<journeys.journeyCount {
        /// Of the order that is being read.
        var time: Int64?
        for row in journeys.rows(ofJourney: k) {
          let kind = masks[Int(journeys.events[row])]
          guard kind != 0 else { continue }
          if let moment = time, moment != journeys.times[row] {
            Self.close(&basket, &partial)
            time = nil
          }
          if kind & Self.buys != 0 { time = journeys.times[row] }
          let content = journeys.contents[row]
          guard content != 0 else { continue }
          if kind & (Self.buys | Self.adds) != 0 {
            basket.append(content)
          } else {
            basket.removeAll { $0 == content }
          }
        }
        if time != nil { Self.close(&basket, &partial) }
        // What was not bought is no basket.
        basket.removeAll(keepingCapacity: true)
      }
    }
  }

  private static func close(_ basket: inout [UInt32], _ partial: inout Partial) {
    guard !basket.isEmpty else { return }
    defer { basket.removeAll(keepingCapacity: true) }
    let contents = Set(basket).sorted()
    guard contents.count <= Limits.basketContents else {
      partial.crowded += 1
      return
    }
    partial.baskets += 1
    for (place, one) in contents.enumerated() {
      partial.singles[one, default: 0] += 1
      for other in contents[(place + 1)...] {
        partial.pairs[UInt64(one) << 32 | UInt64(other), default: 0] += 1
      }
    }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.customers += other.customers
    partial.baskets += other.baskets
    partial.crowded += other.crowded
    partial.singles.merge(other.singles, uniquingKeysWith: +)
    partial.pairs.merge(other.pairs, uniquingKeysWith: +)
  }

  package func finish(_ partial: Partial) -> Related {
    let all = Double(partial.baskets)
    var rows: [Related.Row] = []
    for (pair, count) in partial.pairs where count >= least {
      let (low, high) = (UInt32(pair >> 32), UInt32(truncatingIfNeeded: pair))
      for (one, other) in [(low, high), (high, low)] where content == nil || content == one {
        guard let withOne = partial.singles[one], let withOther = partial.singles[other] else {
          continue
        }
        rows.append(
          Related.Row(
            content: names[Int(one)], related: names[Int(other)], baskets: count,
            support: Double(count) / all, confidence: Double(count) / Double(withOne),
            lift: Double(count) * all / (Double(withOne) * Double(withOther))))
      }
    }
    rows.sort { a, b in
      if a.lift != b.lift { return a.lift > b.lift }
      if a.baskets != b.baskets { return a.baskets > b.baskets }
      return (a.content, a.related) < (b.content, b.related)
    }
    return Related(
      rows: Array(rows.prefix(top)), baskets: partial.baskets, crowded: partial.crowded,
      customers: partial.customers)
  }
}

extension Related: DrawnReport {
  package var chart: BarChart {
    BarChart(
      title: "Bought together", measure: "times as often as by chance",
      bars: rows.map {
        .init(
          name: "\($0.content) → \($0.related)", value: $0.lift,
          label: String(($0.lift * 10).rounded() / 10))
      })
  }

  package var table: ReportTable {
    ReportTable(
      [
        ("Content", "content"), ("Related", "related"), ("Baskets", "baskets"),
        ("Support", "support"), ("Confidence", "confidence"), ("Lift", "lift"),
      ],
      rows: rows.map {
        [
          .name($0.content), .name($0.related), .count($0.baskets), .share($0.support),
          .share($0.confidence), .amount($0.lift),
        ]
      },
      notes: ["\(baskets) baskets."]
        + (crowded > 0
          ? ["\(crowded) baskets of more than \(Limits.basketContents) contents are left out."]
          : []))
  }
}
