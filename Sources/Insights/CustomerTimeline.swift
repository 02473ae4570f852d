package import CustomerJourney

/// One customer's journey, each touchpoint with its phase and the reason: what `journey` answers.
package struct CustomerTimeline: Codable, Sendable, Equatable {
  package var customer: String
  package var model: String
  package var firstTime: Timestamp?
  package var lastTime: Timestamp?
  /// All touchpoints of the customer, of which ``touchpoints`` may be one page.
  package var total: Int
  package var touchpoints: [Moment]

  package struct Moment: Codable, Sendable, Equatable {
    package var time: Timestamp
    /// The clock of the person where the offset is known, else of the project: `2017-01-01 12:53:26`.
    package var localTime: String
    package var phase: String
    /// Index of the deciding rule in the model; nil when the customer stayed in the phase.
    package var rule: Int?
    package var because: LocalizedText
    package var cycle: Int
    /// Seconds of silence before it; nil at the first touchpoint.
    package var gapSeconds: Double?
    package var event: String
    package var channel: String
    package var origin: String?
    package var campaign: String?
    package var device: String?
    package var content: String?
    /// In major units.
    package var value: Double?
    package var currency: String?
    package var source: String
    package var properties: [String: PropertyValue]
  }
}
