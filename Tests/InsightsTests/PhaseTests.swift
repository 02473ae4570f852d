import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

/// The map and a phase's portrait against the plainest program that follows the definitions.
@Suite struct PhaseTests {
  /// One stay: its touchpoints, and how long it took until the next one began.
  struct Stay {
    var customer: UInt32
    var place: Int
    var touchpoints: [Plain]
    var seconds: Double?
    var before: Plain?
    var after: Plain?
    var phase: UInt8 { touchpoints[0].phase }
    var secondsBefore: Double?
  }

  static func stays(_ source: PlacedTable) -> [Stay] {
    source.journeys.flatMap { journey in
      var stays: [Stay] = []
      for touchpoint in journey {
        if let last = stays.last, last.phase == touchpoint.phase {
          stays[stays.count - 1].touchpoints.append(touchpoint)
        } else {
          stays.append(
            Stay(customer: touchpoint.customer, place: stays.count, touchpoints: [touchpoint]))
        }
      }
      for i in stays.indices.dropFirst() {
        let seconds =
          Double(stays[i].touchpoints[0].time - stays[i - 1].touchpoints[0].time) / 1000
        stays[i - 1].seconds = seconds
        stays[i - 1].after = stays[i].touchpoints[0]
        stays[i].before = stays[i - 1].touchpoints.last
        stays[i].secondsBefore = seconds
      }
      return stays
    }
  }

  static func median(_ numbers: [Double]) -> Double? {
    let sorted = numbers.sorted()
    guard !sorted.isEmpty else { return nil }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  static func customers(_ stays: [Stay]) -> Int { Set(stays.map(\.customer)).count }

  /// With few durations medians are exact, with many within the digest's error.
  static func same(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= b * DurationDigest.relativeError + 1e-9
  }

  @Test("The map says what the definitions say", arguments: [21, 22, 23] as [UInt64], [60, 900])
  func map(seed: UInt64, customers: Int) {
    let source = PlacedTable(Plain.randomLog(seed: seed, customers: customers, contents: 30))
    let stays = Self.stays(source)
    let ids = PlacedTable.phaseIDs
    let map = source.answer(
      JourneyMapFold(model: "stdc", phaseIDs: ids, table: source.table), parts: 3)
    #expect(map.model == "stdc")
    #expect(map.customers == source.journeys.count)
    #expect(map.touchpoints == source.table.count)
    #expect(map.phases.map(\.id) == ids)
    for (p, phase) in map.phases.enumerated() {
      let here = stays.filter { $0.phase == UInt8(p) }
      let touchpoints = here.flatMap(\.touchpoints)
      #expect(phase.customers == Self.customers(here))
      #expect(phase.touchpoints == touchpoints.count)
      #expect(phase.entered == here.count)
      #expect(Self.same(phase.medianDwellSeconds, Self.median(here.compactMap(\.seconds))))
      for to in ids.indices {
        let moves = here.filter { $0.after?.phase == UInt8(to) }
        let next = phase.next.first { $0.to == ids[to] }
        #expect(next?.customers ?? 0 == Self.customers(moves))
        #expect(Self.same(next?.medianSeconds, Self.median(moves.compactMap(\.seconds))))
      }
      let ends = here.filter { $0.after == nil }.count
      #expect(phase.next.first { $0.to == "(end)" }?.customers ?? 0 == ends)
      let byChannel = Dictionary(grouping: touchpoints, by: \.channel)
      #expect(Set(phase.channels.map(\.channel)) == Set(byChannel.keys))
      for use in phase.channels {
        #expect(use.touchpoints == byChannel[use.channel]?.count)
        #expect(use.customers == Set(byChannel[use.channel]?.map(\.customer) ?? []).count)
      }
      let byContent = Dictionary(grouping: touchpoints.filter { $0.content != nil }) {
        $0.content ?? ""
      }
      let best = byContent.map { name, uses in
        (name: name, touchpoints: uses.count, customers: Set(uses.map(\.customer)).count)
      }.sorted {
        ($1.customers, $1.touchpoints, $0.name) < ($0.customers, $0.touchpoints, $1.name)
      }.prefix(10)
      #expect(phase.content.map(\.content) == best.map(\.name))
      #expect(phase.content.map(\.touchpoints) == best.map(\.touchpoints))
      #expect(phase.content.map(\.customers) == best.map(\.customers))
      for (k, dwell) in phase.dwell.enumerated() {
        let end = k + 1 < phase.dwell.count ? phase.dwell[k + 1].fromSeconds : .infinity
        #expect(
          dwell.stays
            == here.compactMap(\.seconds).count { $0 >= dwell.fromSeconds && $0 < end })
      }
    }
    let moved = Dictionary(grouping: stays.filter { $0.after != nil }) { stay in
      [
        ids[Int(stay.phase)], stay.touchpoints.last?.channel ?? "",
        ids[Int(stay.after?.phase ?? 0)], stay.after?.channel ?? "",
      ]
    }
    let flows = Dictionary(
      uniqueKeysWithValues: map.flows.map {
        ([$0.fromPhase, $0.fromChannel, $0.toPhase, $0.toChannel], $0.customers)
      })
    #expect(flows == moved.mapValues(Self.customers), "seed \(seed)")
  }

  @Test("A phase where nobody was appears, with nothing in it")
  func emptyPhase() throws {
    let source = PlacedTable(Plain.randomLog(seed: 1))
    let fold = JourneyMapFold(model: "stdc", phaseIDs: PlacedTable.phaseIDs, table: source.table)
    let never = try #require(source.answer(fold).phases.last)
    #expect(never.id == "never")
    #expect(never.customers == 0 && never.entered == 0 && never.medianDwellSeconds == nil)
    #expect(never.next.isEmpty && never.channels.isEmpty && never.content.isEmpty)
    #expect(source.answer(fold).table.notes.count == 1)
  }

  @Test(
    "A portrait says what the definitions say", arguments: [31, 32] as [UInt64], [0, 1, 2, 3, 4])
  func portrait(seed: UInt64, phase: Int) throws {
    let source = PlacedTable(Plain.randomLog(seed: seed))
    let ids = PlacedTable.phaseIDs
    let here = Self.stays(source).filter { $0.phase == UInt8(phase) }
    let touchpoints = here.flatMap(\.touchpoints)
    let portrait = source.answer(
      try PhasePortraitFold(
        model: "stdc", phaseIDs: ids, phase: ids[phase], table: source.table), parts: 3)
    #expect(portrait.phase == ids[phase])
    #expect(portrait.customers == Self.customers(here))
    #expect(portrait.touchpoints == touchpoints.count)
    #expect(portrait.entered == here.count)
    #expect(portrait.value == Double(touchpoints.reduce(0) { $0 + $1.cents }) / 100)
    #expect(portrait.currency == "EUR")
    for (other, id) in ids.enumerated() {
      let from = here.filter { $0.before?.phase == UInt8(other) }
      let before = portrait.before.first { $0.to == id }
      #expect(before?.customers ?? 0 == Self.customers(from))
      #expect(Self.same(before?.medianSeconds, Self.median(from.compactMap(\.secondsBefore))))
      let to = here.filter { $0.after?.phase == UInt8(other) }
      #expect(portrait.after.first { $0.to == id }?.customers ?? 0 == Self.customers(to))
    }
    let starts = here.count { $0.before == nil }
    #expect(portrait.before.first { $0.to == "(start)" }?.customers ?? 0 == starts)
    let uses: [(By, [PhasePortrait.Use])] = [
      (.channel, portrait.channels), (.origin, portrait.origins), (.device, portrait.devices),
      (.event, portrait.events), (.content, portrait.content), (.campaign, portrait.campaigns),
    ]
    for (by, uses) in uses {
      var groups = Dictionary(grouping: touchpoints) { $0.name(by) }
      if by == .content || by == .campaign { groups[Names.noneName] = nil }
      let expected = groups.map { name, uses in
        (name: name, touchpoints: uses.count, customers: Set(uses.map(\.customer)).count)
      }.sorted {
        ($1.customers, $1.touchpoints, $0.name) < ($0.customers, $0.touchpoints, $1.name)
      }
      #expect(uses.map(\.name) == expected.map(\.name), "by \(by), seed \(seed)")
      #expect(uses.map(\.touchpoints) == expected.map(\.touchpoints))
      #expect(uses.map(\.customers) == expected.map(\.customers))
    }
    let rules = Dictionary(grouping: touchpoints, by: \.rule)
    #expect(
      portrait.rules.map(\.touchpoints)
        == rules.keys.sorted().map { rules[$0]?.count ?? 0 })
    #expect(portrait.rules.contains { $0.rule == -1 } == (rules[JourneyBlock.stayed] != nil))
  }

  @Test("Medians are exact while few, and within the stated error when many")
  func medians() throws {
    var random = SplitMix64(seed: 77)
    for count in [1, 2, 3, 511, 512, 513, 5000] {
      for bits in [4, 9, 20, 41, 60] {
        var whole = DurationDigest()
        var parts = Array(repeating: DurationDigest(), count: 5)
        var durations: [Double] = []
        for i in 0..<count {
          let duration = Int64(random.next() >> UInt64(64 - bits)) >> Int64(random.below(bits))
          whole.add(milliseconds: duration)
          parts[i % 5].add(milliseconds: duration)
          durations.append(Double(duration) / 1000)
        }
        let exact = try #require(Self.median(durations))
        let found = try #require(whole.median)
        let error =
          count <= DurationDigest.exactCount || bits <= 9 ? 0 : DurationDigest.relativeError
        #expect(abs(found - exact) <= exact * error + 1e-12 * exact, "\(count) of \(bits) bits")
        var merged = DurationDigest()
        for part in parts {
          let sent = try JSONEncoder().encode(part)
          merged.merge(try JSONDecoder().decode(DurationDigest.self, from: sent))
        }
        #expect(merged == whole)
        #expect(merged.median == whole.median)
      }
    }
    #expect(DurationDigest().median == nil)
    var extremes = DurationDigest()
    for _ in 0..<600 {
      extremes.add(milliseconds: .max)
      extremes.add(milliseconds: -5)
      extremes.add(milliseconds: 0)
    }
    #expect(extremes.median == 0)
  }

  @Test(
    "A partial result that was tampered with is refused",
    arguments: [
      (#"{"exact":[1],"classes":[3],"times":[1]}"#, "both exact and classes"),
      (#"{"exact":[],"classes":[99999999],"times":[1]}"#, "a class that no duration has"),
      (#"{"exact":[],"classes":[3],"times":[]}"#, "no number for a class"),
    ])
  func tampered(json: String, reason: String) {
    #expect(throws: DecodingError.self, "\(reason)") {
      try JSONDecoder().decode(DurationDigest.self, from: Data(json.utf8))
    }
  }
}
