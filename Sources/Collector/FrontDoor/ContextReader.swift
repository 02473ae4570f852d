package import CustomerJourney

/// Reads what a request says of device, system, browser, language and place, and what brought the
/// person here.
package struct ContextReader: Sendable {
  package init() {}

  /// What was found. The address that it was found by is not in it.
  package struct Facts: Sendable {
    package var device: Device?
    /// What kind of program sent it, when it is no person's browser.
    package var bot: String?
    /// `context.browser`, `context.country`, … that are known.
    package var properties: [(String, String)] = []
    package var zone: Zone?

    package func utcOffsetMinutes(at moment: Timestamp) -> Int? {
      zone.map { $0.offsetSeconds(at: moment) / 60 }
    }
  }

  package func facts(of event: ClientEvent, _ request: CollectorRequest) -> Facts {
    Facts()
  }

  /// What brought the person here, and the campaign; both nil within a visit.
  package func origin(
    of event: ClientEvent, mapping: SourceMapping
  ) -> (origin: Origin?, campaign: String?) {
    (nil, event.campaign.name)
  }
}
