/// The journey map as a value: what the picture draws, and what `map` answers.
///
/// Shares are 0…1, durations are seconds. Medians are of customers who did it, never of those who
/// have yet to.
package struct JourneyMap: Codable, Sendable, Equatable {
  package var model: String
  /// Customers and touchpoints in the question, over all phases.
  package var customers: Int
  package var touchpoints: Int
  package var phases: [Phase]
  /// Customers who went straight from one phase to another, by the channels they used there.
  package var flows: [Flow]

  package struct Phase: Codable, Sendable, Equatable {
    package var id: String
    package var customers: Int
    package var touchpoints: Int
    /// How many times somebody came in: a stay is the touchpoints in a row in one phase.
    package var entered: Int
    /// From the first touchpoint of a stay to the first of the next; nil when nobody moved on.
    package var medianDwellSeconds: Double?
    package var next: [Next]
    package var channels: [ChannelUse]
    package var content: [ContentUse]
    /// Stays that ended, by how long they took, in classes that grow.
    package var dwell: [DwellClass]
  }

  package struct Next: Codable, Sendable, Equatable {
    /// A phase, or `(end)` for customers whose journey's last touchpoint is here.
    package var to: String
    package var customers: Int
    package var medianSeconds: Double?
  }

  package struct ChannelUse: Codable, Sendable, Equatable {
    package var channel: String
    package var touchpoints: Int
    package var customers: Int
  }

  package struct ContentUse: Codable, Sendable, Equatable {
    package var content: String
    package var touchpoints: Int
    package var customers: Int
  }

  package struct DwellClass: Codable, Sendable, Equatable {
    /// Stays of at least this long and shorter than the next class.
    package var fromSeconds: Double
    package var stays: Int
  }

  package struct Flow: Codable, Sendable, Equatable {
    package var fromPhase: String
    package var fromChannel: String
    package var toPhase: String
    package var toChannel: String
    package var customers: Int
  }
}

// A median that is not known is written as null: who reads the answer finds each key always.

extension JourneyMap.Phase {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(customers, forKey: .customers)
    try container.encode(touchpoints, forKey: .touchpoints)
    try container.encode(entered, forKey: .entered)
    try container.encode(medianDwellSeconds, forKey: .medianDwellSeconds)
    try container.encode(next, forKey: .next)
    try container.encode(channels, forKey: .channels)
    try container.encode(content, forKey: .content)
    try container.encode(dwell, forKey: .dwell)
  }
}

extension JourneyMap.Next {
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(to, forKey: .to)
    try container.encode(customers, forKey: .customers)
    try container.encode(medianSeconds, forKey: .medianSeconds)
  }
}
