/// A run of whole journeys, as a fold sees them.
///
/// Without a filter a block is a window on the table's own columns; with one it is a copy of the
/// touchpoints that passed, in the same order, and journeys of which nothing passed are left out. A
/// fold cannot tell the difference. Pointers are valid only during the call that gets the block.
package struct JourneyBlock {
  package let journeyCount: Int
  /// `journeyCount + 1` positions: journey `k` is `starts[k]..<starts[k + 1]`, as indices into the
  /// pointers below.
  package let starts: UnsafePointer<UInt32>
  /// The store's number of each journey's customer.
  package let customers: UnsafePointer<UInt32>
  package let times: UnsafePointer<Int64>
  package let events: UnsafePointer<UInt16>
  package let channels: UnsafePointer<UInt8>
  package let origins: UnsafePointer<UInt8>
  package let devices: UnsafePointer<UInt8>
  package let contents: UnsafePointer<UInt32>
  package let campaigns: UnsafePointer<UInt16>
  package let values: UnsafePointer<Int64>
  /// The phase of each touchpoint in the query's model, as its index in the model; nil when the
  /// query has no model.
  package let phases: UnsafePointer<UInt8>?
  /// The rule that decided each phase, as its index in the model, or ``stayed``; nil when the query
  /// didn't ask for reasons.
  package let rules: UnsafePointer<UInt8>?

  /// In ``rules``: no rule was true and the customer stayed in the phase.
  package static let stayed: UInt8 = 255

  package init(
    journeyCount: Int, starts: UnsafePointer<UInt32>, customers: UnsafePointer<UInt32>,
    times: UnsafePointer<Int64>, events: UnsafePointer<UInt16>, channels: UnsafePointer<UInt8>,
    origins: UnsafePointer<UInt8>, devices: UnsafePointer<UInt8>, contents: UnsafePointer<UInt32>,
    campaigns: UnsafePointer<UInt16>, values: UnsafePointer<Int64>,
    phases: UnsafePointer<UInt8>? = nil, rules: UnsafePointer<UInt8>? = nil
  ) {
    self.journeyCount = journeyCount
    self.starts = starts
    self.customers = customers
    self.times = times
    self.events = events
    self.channels = channels
    self.origins = origins
    self.devices = devices
    self.contents = contents
    self.campaigns = campaigns
    self.values = values
    self.phases = phases
    self.rules = rules
  }

  /// The first row of the block, as an index into its pointers.
  package var firstRow: Int { Int(starts[0]) }
  package var endRow: Int { Int(starts[journeyCount]) }

  package func rows(ofJourney k: Int) -> Range<Int> { Int(starts[k])..<Int(starts[k + 1]) }

  /// Cuts the block into runs of journeys with at least `rows` touchpoints each, save the last. Calls
  /// `body` with the journeys of each run and their rows.
  package func forEachRun(rows: Int, _ body: (Range<Int>, Range<Int>) -> Void) {
    var first = 0
    while first < journeyCount {
      let target = Int(starts[first]) + rows
      var end = first + 1
      while end < journeyCount, Int(starts[end]) < target { end += 1 }
      body(first..<end, Int(starts[first])..<Int(starts[end]))
      first = end
    }
  }
}

extension JourneyTable {
  /// The journeys `range` as a window on this table's columns.
  ///
  /// `phases` and `rules` are columns beside this table's, one value a touchpoint.
  package func block(
    _ range: Range<Int>, phases: Column<UInt8>? = nil, rules: Column<UInt8>? = nil
  ) -> JourneyBlock {
    precondition(range.lowerBound >= 0 && range.upperBound <= journeyCount)
    precondition(phases.map { $0.count == count } ?? true, "a phase for each touchpoint")
    precondition(rules.map { $0.count == count } ?? true, "a rule for each touchpoint")
    return JourneyBlock(
      journeyCount: range.count, starts: starts.base + range.lowerBound,
      customers: customers.base + range.lowerBound, times: times.base, events: events.base,
      channels: channels.base, origins: origins.base, devices: devices.base,
      contents: contents.base, campaigns: campaigns.base, values: values.base,
      phases: phases?.base, rules: rules?.base)
  }

  /// The journeys in `parts` runs with about as many touchpoints each; fewer when there are fewer
  /// journeys.
  package func ranges(parts: Int) -> [Range<Int>] {
    precondition(parts > 0)
    var ranges: [Range<Int>] = []
    var first = 0
    for part in 1...parts where first < journeyCount {
      let target = UInt32(count / parts * part + count % parts * part / parts)
      var low = first + 1
      var high = journeyCount
      while low < high {
        let middle = (low + high) / 2
        if starts[middle] < target { low = middle + 1 } else { high = middle }
      }
      let end = part == parts ? journeyCount : low
      ranges.append(first..<end)
      first = end
    }
    return ranges
  }
}
