package import JourneyEngine

/// What journeys are looked at by: a fact of the touchpoint, or its phase in a model.
package enum By: String, CaseIterable, Sendable, Codable {
  case event, channel, origin, device, content, campaign, phase

  /// Nil for the phase, which is no column of the table.
  package var dimension: Dimension? { Dimension(rawValue: rawValue) }

  var column: Columns {
    switch self {
    case .event: .events
    case .channel: .channels
    case .origin: .origins
    case .device: .devices
    case .content: .contents
    case .campaign: .campaigns
    case .phase: .phases
    }
  }
}

/// The names behind the codes that a fold meets.
package struct Axis: Sendable {
  package let by: By
  /// By code; each name once.
  package let names: [String]

  /// A fact of the touchpoints of `table`.
  package init(_ dimension: Dimension, of table: some NamedJourneys) {
    by = By(rawValue: dimension.rawValue) ?? .event
    names = table.names(dimension).all
  }

  /// The phases of a model, in its order.
  package init(phases ids: [String]) {
    by = .phase
    names = ids
  }

  /// Nil for a phase without the model that says which there are.
  package init?(_ by: By, of table: some NamedJourneys, phases: [String]?) {
    if let dimension = by.dimension {
      self.init(dimension, of: table)
    } else if let phases {
      self.init(phases: phases)
    } else {
      return nil
    }
  }

  /// The place of each code when the names are in order.
  var ranks: [UInt32] {
    var ranks = [UInt32](repeating: 0, count: names.count)
    for (rank, code) in names.indices.sorted(by: { names[$0] < names[$1] }).enumerated() {
      ranks[code] = UInt32(rank)
    }
    return ranks
  }
}

extension JourneyBlock {
  /// As ``rows(ofJourney:)``, compiled into the loops here.
  @inline(__always)
  func span(_ k: Int) -> Range<Int> {
    Range(uncheckedBounds: (Int(starts[k]), Int(starts[k &+ 1])))
  }
}

/// The codes of one column of a block, in the column's own width.
enum Codes {
  case narrow(UnsafePointer<UInt8>)
  case middle(UnsafePointer<UInt16>)
  case wide(UnsafePointer<UInt32>)

  init(_ block: JourneyBlock, by: By) {
    switch by {
    case .event: self = .middle(block.events)
    case .channel: self = .narrow(block.channels)
    case .origin: self = .narrow(block.origins)
    case .device: self = .narrow(block.devices)
    case .content: self = .wide(block.contents)
    case .campaign: self = .middle(block.campaigns)
    case .phase:
      guard let phases = block.phases else {
        preconditionFailure("a question by phase needs journeys that were placed in a model")
      }
      self = .narrow(phases)
    }
  }

  /// Bytes of one code.
  static func width(of by: By) -> Int {
    switch by {
    case .channel, .origin, .device, .phase: 1
    case .event, .campaign: 2
    case .content: 4
    }
  }
}

extension UnsafeBufferPointer where Element: FixedWidthInteger & UnsignedInteger {
  /// The largest code, 0 where there are none: a loop that compilers turn into wide comparisons.
  var largest: Int {
    var largest: Element = 0
    for code in self { largest = code > largest ? code : largest }
    return Int(largest)
  }
}

/// Names that stand where there is no touchpoint.
package enum Edge {
  package static let start = "(start)"
  package static let end = "(end)"
}
