import CustomerJourney

@testable import Orchestration

/// What tests of plays are made with.
enum PlayKit {
  static let start = Timestamp(iso8601: "2026-03-02T12:00:00Z") ?? .epoch

  static func at(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .epoch }

  /// A basket play in the fewest words; `more` are further lines of the file.
  static func yaml(_ more: String = "", steps: String) -> String {
    """
    id: test
    name: Test
    about: Tests.
    purpose: marketing
    \(more.isEmpty ? "enter: {event: event is \"Product Added\", key: cart_id, restart: yes}" : more)
    exit:
      - {event: event is "Order Completed", because: bought}
    steps:
    \(steps.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
    """
  }

  static func program(_ more: String = "", steps: String) throws -> PlayProgram {
    PlayProgram(try Play(yaml: yaml(more, steps: steps)))
  }

  static func touch(
    _ event: String, _ at: Timestamp, cart: String? = nil, minutes: Int64 = 0
  ) -> Touchpoint {
    let moment = at.adding(seconds: minutes * 60)
    return Touchpoint(
      customer: "ann", occurred: moment, event: EventName(event), channel: .website,
      messageID: "\(event)-\(moment.milliseconds)",
      properties: cart.map { ["cart_id": .text($0)] } ?? [:])
  }

  static func witness(
    _ program: PlayProgram, _ touchpoints: [Touchpoint], zone: Zone = .amsterdam,
    traits: [String: PropertyValue] = [:]
  ) -> LiveWitness {
    let sorted = touchpoints.enumerated().sorted {
      ($0.element.occurred, $0.offset) < ($1.element.occurred, $1.offset)
    }
    return LiveWitness(
      program,
      RuleCustomer(touchpoints: sorted.map(\.element), facts: CustomerFacts(traits: traits)),
      rows: sorted.map { Int64($0.offset) + 1 }, zone: zone)
  }

  /// What a play does with one customer, without a contact policy in the way.
  static func story(
    _ program: PlayProgram, _ touchpoints: [Touchpoint], days: Int64 = 30, zone: Zone = .amsterdam,
    identity: Int64 = 1
  ) -> [String] {
    var simulation = PlaySimulation(
      program,
      policy: ContactPolicy(
        caps: [], quietHours: nil, rest: nil, spacingMinutes: 0, notSalesMoments: []),
      hasConsent: { _ in true }, isSalesMoment: { _ in true })
    simulation.run(
      identity: identity, witness(program, touchpoints, zone: zone), from: start,
      to: start.adding(seconds: days * 86_400))
    return simulation.moments.map { moment in
      let clock = zone.civil(moment.at)
      let time = "\(clock.dateText.dropFirst(5)) \(clock.clockText.prefix(5))"
      switch moment.what {
      case .entered: return "\(time) in"
      case .heldOut: return "\(time) held out"
      case .done(let deed): return "\(time) \(deed.step) done"
      case .verdict(let deed, .send): return "\(time) \(deed.step)"
      case .verdict(let deed, .skip(let bar)), .verdict(let deed, .wait(_, let bar)):
        return "\(time) \(deed.step) not: \(bar.rawValue)"
      case .ended(let reason): return "\(time) \(reason)"
      }
    }
  }
}
