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

extension CustomerTimeline {
  /// Builds one page of a customer's journey.
  ///
  /// - Parameters:
  ///   - zone: the project's, for touchpoints that don't say the person's own.
  ///   - total: touchpoints of the journey, from `firstTime` to `lastTime`, of which `moments` are a
  ///     page in order.
  ///   - moments: each touchpoint, its place in `model`, and the seconds of silence before it.
  package init(
    customer: String, model: JourneyModel, zone: Zone, total: Int, firstTime: Timestamp?,
    lastTime: Timestamp?,
    moments: [(touchpoint: Touchpoint, placement: Placement, gapSeconds: Double?)]
  ) {
    self.init(
      customer: customer, model: model.id, firstTime: firstTime, lastTime: lastTime, total: total,
      touchpoints: moments.map {
        Moment($0.touchpoint, $0.placement, model: model, zone: zone, gapSeconds: $0.gapSeconds)
      })
  }
}

extension CustomerTimeline.Moment {
  /// What stands as the reason where no rule decided.
  private static let stayed = LocalizedText(
    en: "No rule said otherwise, so the customer stayed in this phase.",
    nl: "Geen regel zei iets anders, dus de klant bleef in deze fase.")

  fileprivate init(
    _ touchpoint: Touchpoint, _ placement: Placement, model: JourneyModel, zone: Zone,
    gapSeconds: Double?
  ) {
    let offset = touchpoint.utcOffsetMinutes.map { $0 * 60 }
    let seconds = offset ?? zone.offsetSeconds(at: touchpoint.occurred)
    let local = CivilTime.of(
      milliseconds: touchpoint.occurred.milliseconds + Int64(seconds) * 1000
    ).civil
    self.init(
      time: touchpoint.occurred, localTime: "\(local.dateText) \(local.clockText)",
      phase: model.phases[placement.phase].id, rule: placement.rule,
      because: placement.rule.map { model.rules[$0].because } ?? Self.stayed,
      cycle: placement.cycle, gapSeconds: gapSeconds, event: touchpoint.event.name,
      channel: touchpoint.channel.name, origin: touchpoint.origin?.name,
      campaign: touchpoint.campaign, device: touchpoint.device?.name, content: touchpoint.content,
      value: touchpoint.value?.amount, currency: touchpoint.value?.currency.code,
      source: touchpoint.source, properties: touchpoint.properties.dictionary)
  }
}
