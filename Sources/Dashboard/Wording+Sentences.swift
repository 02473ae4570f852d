import CustomerJourney

/// Sentences with something in them.
extension Wording {
  private var isDutch: Bool { language == .dutch }
  private var format: Format { Format(language: language) }

  func lastDays(_ days: Int) -> String { isDutch ? "laatste \(days) dagen" : "last \(days) days" }

  func customersWord(_ number: Int) -> String {
    isDutch ? (number == 1 ? "klant" : "klanten") : (number == 1 ? "customer" : "customers")
  }

  func touchpointsWord(_ number: Int) -> String {
    isDutch
      ? (number == 1 ? "contactmoment" : "contactmomenten")
      : (number == 1 ? "touchpoint" : "touchpoints")
  }

  func customers(_ number: Int) -> String { "\(format.count(number)) \(customersWord(number))" }

  func totals(
    _ customersText: String, _ touchpointsText: String, customers: Int, touchpoints: Int
  ) -> String {
    "\(customersText) \(customersWord(customers)) · "
      + "\(touchpointsText) \(touchpointsWord(touchpoints))"
  }

  func median(_ duration: String) -> String {
    isDutch ? "mediaan \(duration)" : "median \(duration)"
  }

  func moreChannels(_ number: Int) -> String {
    if isDutch { return "+\(number) kana\(number == 1 ? "al" : "len")" }
    return "+\(number) more channel\(number == 1 ? "" : "s")"
  }

  func goOn(_ share: String, to phase: String, after time: String?) -> String {
    if isDutch {
      return "\(share) gaat direct door naar \(phase)" + (time.map { ", mediaan na \($0)" } ?? "")
    }
    return "\(share) go straight on to \(phase)" + (time.map { ", median after \($0)" } ?? "")
  }

  func goBack(_ share: String, to phase: String) -> String {
    isDutch ? "\(share) gaat terug naar \(phase)" : "\(share) go back to \(phase)"
  }

  func endHere(_ share: String, phase: String) -> String {
    isDutch
      ? "Van \(share) van de klanten in \(phase) eindigt de reis daar"
      : "For \(share) of the customers in \(phase) the journey ends there"
  }

  func gap(channel: String, phase: String) -> String {
    isDutch
      ? "\(channel), \(phase): er zijn klanten in deze fase, maar dit kanaal is hier stil"
      : "\(channel), \(phase): customers are in this phase, but this channel is silent here"
  }

  func stop(channel: String, phase: String, customers: Int?, touchpoints: Int) -> String {
    let people = customers.map { self.customers($0) + ", " } ?? ""
    return "\(channel), \(phase): \(people)\(format.count(touchpoints)) "
      + touchpointsWord(touchpoints)
  }

  func mapDescription(phases: Int, channels: Int) -> String {
    isDutch
      ? "\(phases) fasen, \(channels) kanalen. Elke stip is een kanaal in een fase en opent die "
        + "fase. Dezelfde getallen staan als tabel onder de kaart."
      : "\(phases) phases, \(channels) channels. Each stop is a channel in a phase and opens that "
        + "phase. The same numbers stand as a table below the map."
  }

  func range(_ first: String, _ last: String, of total: String) -> String {
    isDutch ? "\(first)–\(last) van \(total)" : "\(first)–\(last) of \(total)"
  }

  func silence(_ duration: String) -> String {
    isDutch ? "\(duration) stilte" : "\(duration) of silence"
  }

  func cycle(_ number: Int) -> String { isDutch ? "Ronde \(number)" : "Cycle \(number)" }

  func strip(touchpoints: Int, during time: String) -> String {
    isDutch
      ? "\(format.count(touchpoints)) contactmomenten in \(time), per fase; de lijst staat hieronder"
      : "\(format.count(touchpoints)) touchpoints in \(time), by phase; the list is below"
  }

  /// Of amounts that count as 0.
  func foreign(_ number: Int, currency: String) -> String {
    let isOne = number == 1
    if isDutch {
      return "\(format.count(number)) \(isOne ? "bedrag is" : "bedragen zijn") in een andere munt "
        + "dan \(currency) en \(isOne ? "telt" : "tellen") niet mee."
    }
    return
      "\(format.count(number)) \(isOne ? "amount is" : "amounts are") in another currency than "
      + "\(currency) and \(isOne ? "is" : "are") not counted."
  }

  func step(_ number: Int) -> String { isDutch ? "Stap \(number)" : "Step \(number)" }

  func funnel(customers: String, share: String, worst: (step: String, lost: String)?) -> String {
    let start =
      isDutch
      ? "\(customers) klanten begonnen; \(share) zetten alle stappen."
      : "\(customers) customers began; \(share) took all steps."
    guard let worst else { return start }
    return start
      + (isDutch
        ? " De meesten haken af vóór “\(worst.step)”: \(worst.lost)."
        : " Most drop out before “\(worst.step)”: \(worst.lost).")
  }

  func preview(read: String, rejected: String, isAnyRejected: Bool) -> String {
    if isDutch {
      return "\(read) rijen bekeken; "
        + (isAnyRejected ? "\(rejected) zouden worden afgewezen." : "geen enkele wordt afgewezen.")
    }
    return "\(read) rows looked at; "
      + (isAnyRejected ? "\(rejected) would be rejected." : "none would be rejected.")
  }

  func imported(stored: String, isNothing: Bool, allKnown: Bool) -> String {
    if allKnown {
      return isDutch
        ? "Al deze rijen waren al bekend: er is niets twee keer opgeslagen."
        : "All these rows were known already: nothing is stored twice."
    }
    if isNothing {
      return isDutch ? "Er is niets opgeslagen." : "Nothing was stored."
    }
    return isDutch
      ? "\(stored) contactmomenten staan nu op de kaart."
      : "\(stored) touchpoints are on the map now."
  }

  func role(_ role: ImportPage.ColumnRole) -> String {
    switch role {
    case .property: isDutch ? "bewaren als eigenschap" : "keep as a property"
    case .leaveOut: isDutch ? "weglaten" : "leave out"
    case .currency: isDutch ? "Munt" : "Currency"
    case .customer, .time, .event, .channel, .origin, .device, .content, .campaign, .value:
      self[role.rawValue]
    }
  }
}
