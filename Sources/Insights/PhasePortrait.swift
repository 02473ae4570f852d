/// One phase from near by: who is there, what they use and see, where they come from and go.
package struct PhasePortrait: Codable, Sendable, Equatable {
  package var model: String
  package var phase: String
  package var customers: Int
  package var touchpoints: Int
  package var entered: Int
  package var medianDwellSeconds: Double?
  /// Money of the touchpoints in this phase, in major units of `currency`.
  package var value: Double
  package var currency: String
  /// Straight before a stay here: a phase, or `(start)`.
  package var before: [JourneyMap.Next]
  /// Straight after it: a phase, or `(end)`.
  package var after: [JourneyMap.Next]
  package var channels: [Use]
  package var origins: [Use]
  package var devices: [Use]
  package var events: [Use]
  package var content: [Use]
  package var campaigns: [Use]
  /// Which rule put the touchpoints here: index in the model, -1 for "stayed".
  package var rules: [RuleUse]
  package var dwell: [JourneyMap.DwellClass]
  /// Amounts in the data, of all phases, that are in another currency and count as 0.
  package var foreignValues = 0

  package struct Use: Codable, Sendable, Equatable {
    package var name: String
    package var touchpoints: Int
    package var customers: Int
  }

  package struct RuleUse: Codable, Sendable, Equatable {
    package var rule: Int
    package var touchpoints: Int
  }
}
