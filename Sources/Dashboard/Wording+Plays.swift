import CustomerJourney

extension Wording {
  static let playEntries: [Entry] = [
    ("plays", "Plays", "Plays"),
    (
      "playsLead",
      "What you do in the journey: each play watches for a moment, and acts when it comes. Switch one on, and see what it brings beside the customers who were held out.",
      "Wat u doet in de klantreis: elke play let op een moment, en handelt als het er is. Zet er een aan, en zie wat hij brengt naast de klanten bij wie er niets gedaan werd."
    ),
    ("playOn", "On", "Aan"),
    ("playOff", "Off", "Uit"),
    ("playSwitchOn", "Switch on", "Zet aan"),
    ("playSwitchOff", "Switch off", "Zet uit"),
    ("playLeave", "Leave it off", "Laat hem uit"),
    ("playReally", "Switch this play on?", "Deze play aanzetten?"),
    (
      "playReallyText",
      "From then on it acts for who comes in. Without recorded consent no marketing is sent, and the contact policy holds for every message.",
      "Vanaf dan handelt hij voor wie binnenkomt. Zonder vastgelegde toestemming gaat er geen marketing uit, en het contactbeleid geldt voor elk bericht."
    ),
    ("playWay", "The way through it", "De weg erdoor"),
    ("playComesIn", "Comes in when", "Komt binnen als"),
    ("playEnds", "Ends", "Eindigt"),
    ("playAllDone", "when all is done", "als alles gedaan is"),
    ("playSoonerIf", "done, or sooner:", "klaar, of eerder:"),
    ("playHere", "here", "hier"),
    ("playWait", "Wait", "Wacht"),
    ("playUntil", "until", "tot"),
    ("playWaitFor", "Wait for, at most", "Wacht op, hooguit"),
    ("playChoice", "If", "Als"),
    ("playSplit", "Split", "Splits"),
    ("playByChance", "by chance", "op toeval"),
    ("playSet", "Note of the customer", "Noteer van de klant"),
    ("playJoinSegment", "Into the segment", "In het segment"),
    ("playLeaveSegment", "Out of the segment", "Uit het segment"),
    ("playTask", "Task for a person", "Taak voor een mens"),
    ("playGoTo", "Back to", "Terug naar"),
    ("tasks", "Tasks for persons", "Taken voor mensen"),
    ("taskOpen", "Open since", "Open sinds"),
    ("taskIsDone", "Done on", "Gedaan op"),
    ("taskFinish", "It is done", "Het is gedaan"),
    ("playYes", "yes", "ja"),
    ("playNo", "no", "nee"),
    ("playCame", "it came", "het kwam"),
    ("playDidNot", "it did not", "het kwam niet"),
    ("playBrings", "What it brings", "Wat hij brengt"),
    ("playNobodyYet", "Nobody has come in yet.", "Er is nog niemand binnengekomen."),
    ("playEverybody", "Everybody who came in", "Iedereen die binnenkwam"),
    ("playIn", "Came in", "Kwam binnen"),
    ("playSent", "Sent", "Verzonden"),
    ("playNotSent", "Not sent", "Niet verzonden"),
    ("playOpened", "Opened", "Geopend"),
    ("playClicked", "Clicked", "Geklikt"),
    ("playReached", "Reached the goal", "Haalde het doel"),
    ("playShare", "Share", "Aandeel"),
    ("playShareHeldOut", "Share held out", "Aandeel zonder"),
    ("playOnTheWayShort", "On the way", "Onderweg"),
    ("playDryRun", "Had it been on", "Als hij aan had gestaan"),
    (
      "playDryRunText",
      "Who would have got what in the last thirty days of your data, by the same steps and the contact policy of now.",
      "Wie wat gekregen zou hebben in de laatste dertig dagen van uw gegevens, met dezelfde stappen en het contactbeleid van nu."
    ),
    ("playRunDry", "Work it out", "Reken het uit"),
    ("playStep", "Step", "Stap"),
    ("playDue", "Was due", "Was aan de beurt"),
    ("playWouldGo", "Would go", "Zou gaan"),
    ("playWhyNot", "Why the others not", "Waarom de andere niet"),
    ("playTry", "Try it on one customer", "Probeer hem op één klant"),
    (
      "playTryText",
      "The clock runs ahead from the moment that brings the customer in. Nothing is sent.",
      "De klok loopt vooruit vanaf het moment waarop de klant binnenkomt. Er wordt niets verzonden."
    ),
    ("playDays", "Days ahead", "Dagen vooruit"),
    ("playTryIt", "Try", "Probeer"),
    (
      "playMessages", "The last messages, and why they wait",
      "De laatste berichten, en waarom ze wachten"
    ),
    ("playNoMessages", "There are no messages yet.", "Er zijn nog geen berichten."),
    ("playState", "State", "Stand"),
    ("playWhy", "Why", "Waarom"),
    ("playFile", "The play's file", "Het bestand van de play"),
    (
      "playFileText",
      "klantreis play show and klantreis play add take it out and put it back; a change holds for who comes in from then on.",
      "klantreis play show en klantreis play add halen het op en zetten het terug; een wijziging geldt voor wie daarna binnenkomt."
    ),
  ]

  private var isDutch: Bool { language == .dutch }

  func cell(_ cell: MaturityCell) -> String {
    let level =
      switch cell.level {
      case .foundation: isDutch ? "Fundament" : "Foundation"
      case .optimization: isDutch ? "Optimalisatie" : "Optimization"
      case .engagement: isDutch ? "Betrokkenheid" : "Engagement"
      case .orchestration: isDutch ? "Orkestratie" : "Orchestration"
      }
    let column =
      switch cell.column {
      case .see: "See"
      case .think: "Think"
      case .do: "Do"
      case .care: "Care"
      }
    return "\(level) × \(column)"
  }

  func channelOfPlay(_ channel: MessageChannel) -> String {
    switch channel {
    case .email: isDutch ? "E-mail" : "E-mail"
    case .sms: isDutch ? "Sms" : "Text message"
    case .webhook: "Webhook"
    case .onsite: isDutch ? "Op de site" : "On the site"
    case .audience: isDutch ? "Doelgroep" : "Audience"
    }
  }

  func playVersion(_ version: Int) -> String {
    isDutch ? "versie \(version)" : "version \(version)"
  }

  func playOnTheWay(_ count: Int, format: Format) -> String {
    isDutch ? "\(format.count(count)) onderweg" : "\(format.count(count)) on the way"
  }

  /// The picture for who does not see it.
  func playInWords(_ play: Play) -> String {
    "\(play.name(language)): \(play.about(language))"
  }

  func playFacts(_ play: Play, format: Format) -> [String] {
    var facts: [String] = []
    if let key = play.key {
      facts.append(
        isDutch
          ? "Voor elke \(key) apart\(play.restarts ? "; een wijziging laat het wachten opnieuw beginnen" : "")."
          : "Apart for each \(key)\(play.restarts ? "; a change makes the wait begin anew" : "").")
    }
    switch play.again {
    case .never: facts.append(isDutch ? "Eén keer." : "Once.")
    case .after(let time):
      facts.append(
        isDutch ? "Opnieuw na \(time.inWords(format))." : "Again after \(time.inWords(format)).")
    }
    if let goal = play.goal {
      facts.append(
        isDutch
          ? "Doel: \(goal.rule), binnen \(goal.within.inWords(format))."
          : "Goal: \(goal.rule), within \(goal.within.inWords(format)).")
    }
    if play.holdout.millionths > 0 {
      let share = format.share(play.holdout.value)
      facts.append(
        isDutch
          ? "Bij \(share) wordt niets gedaan, om te meten wat het brengt."
          : "Nothing is done to \(share), to measure what it brings.")
    }
    facts.append(
      play.purpose == .marketing
        ? (isDutch ? "Marketing: alleen met toestemming." : "Marketing: only with consent.")
        : (isDutch ? "Service: gaat voor marketing." : "Service: goes before marketing."))
    return facts
  }

  func dryRun(_ answer: PlayPage.DryRunAnswer, format: Format) -> String {
    let (from, to) = (format.date(answer.from), format.date(answer.to))
    let (entered, customers) = (format.count(answer.entered), format.count(answer.customers))
    let (held, reached) = (format.count(answer.heldOut), format.count(answer.reached))
    let took = format.number(Double(answer.milliseconds) / 1000, decimals: 2)
    return isDutch
      ? "Van \(from) tot \(to) zouden \(entered) van \(customers) klanten zijn binnengekomen; bij \(held) daarvan was niets gedaan. \(reached) haalden het doel uit zichzelf. Uitgerekend in \(took) s."
      : "From \(from) to \(to), \(entered) of \(customers) customers would have come in; nothing would have been done to \(held) of them. \(reached) reached the goal by themselves. Worked out in \(took) s."
  }

  func playEntered(_ entered: Int, heldOut: Int, format: Format) -> String {
    let (all, held) = (format.count(entered), format.count(heldOut))
    return isDutch
      ? "\(all) keer kwam iemand binnen; bij \(held) daarvan is niets gedaan."
      : "\(all) times somebody came in; nothing was done to \(held) of them."
  }

  func lift(
    _ variant: PlayPage.Results.Variant, currency: String, format: Format
  ) -> String {
    func points(_ share: Double) -> String { format.number(share * 100, decimals: 1) }
    func between(_ low: Double, _ high: Double) -> String {
      isDutch
        ? "tussen \(points(low)) en \(points(high))" : "between \(points(low)) and \(points(high))"
    }
    guard variant.verdict != .tooEarly, let difference = variant.difference else {
      return isDutch
        ? "Nog te vroeg om iets te zeggen: er zijn te weinig klanten of aankopen."
        : "Too early to say: there are too few customers or purchases."
    }
    let range = between(difference.low, difference.high)
    var text: String
    switch variant.verdict {
    case .noDifference, .tooEarly:
      text =
        isDutch
        ? "Nog geen verschil aangetoond: het ligt \(range) procentpunt."
        : "No difference shown yet: it lies \(range) percentage points."
    case .more:
      text =
        isDutch
        ? "Het brengt meer: \(points(difference.estimate)) procentpunt erbij, \(range)."
        : "It brings more: \(points(difference.estimate)) percentage points, \(range)."
    case .fewer:
      text =
        isDutch
        ? "Het brengt minder: \(points(difference.estimate)) procentpunt, \(range). Zet hem uit of verander hem."
        : "It brings less: \(points(difference.estimate)) percentage points, \(range). Switch it off or change it."
    }
    if let value = variant.value, let unit = Currency(currency) {
      func money(_ minor: Double) -> String {
        format.money(minor / Double(unit.minorUnits), currency)
      }
      text +=
        isDutch
        ? " Per klant \(money(value.estimate)), tussen \(money(value.low)) en \(money(value.high))."
        : " A customer \(money(value.estimate)), between \(money(value.low)) and \(money(value.high))."
    }
    return text
  }

  func messageState(_ state: String) -> String {
    switch state {
    case "waiting": isDutch ? "wacht" : "waits"
    case "claimed": isDutch ? "wordt verzonden" : "being sent"
    case "sent": isDutch ? "verzonden" : "sent"
    case "delivered": isDutch ? "bezorgd" : "delivered"
    case "bounced": isDutch ? "kwam terug" : "came back"
    case "refused": isDutch ? "geweigerd" : "refused"
    case "skipped": isDutch ? "niet verzonden" : "not sent"
    case "unknown": isDutch ? "onbekend" : "unknown"
    case "dead": isDutch ? "mislukt" : "failed"
    default: state
    }
  }

  /// Why a message is not sent, or not yet, by its word.
  func sendingBar(_ word: String) -> String {
    switch SendingBar(rawValue: word) {
    case .noConsent: isDutch ? "geen toestemming" : "no consent"
    case .quietHours: isDutch ? "stille uren" : "quiet hours"
    case .capOfDay: isDutch ? "genoeg berichten vandaag" : "enough messages today"
    case .capOfWeek: isDutch ? "genoeg berichten deze week" : "enough messages this week"
    case .capOfMonth: isDutch ? "genoeg berichten deze maand" : "enough messages this month"
    case .resting:
      isDutch ? "rust: geen antwoord op de laatste" : "resting: the last ones had no answer"
    case .notSalesMoment: isDutch ? "geen verkoopmoment" : "not a sales moment"
    case .serviceFirst: isDutch ? "service gaat voor" : "service goes first"
    case .otherPlay: isDutch ? "een andere play gaat voor" : "another play goes first"
    case .late: isDutch ? "te laat" : "too late"
    case .over: isDutch ? "het is voorbij" : "it is over"
    case nil:
      word.hasPrefix("exit-")
        ? (isDutch ? "het is voorbij" : "it is over")
        : word == "switched-off" ? (isDutch ? "play uitgezet" : "play switched off") : word
    }
  }

  func tried(_ what: PlayPage.TryOut.What) -> String {
    switch what {
    case .entered: return isDutch ? "komt binnen" : "comes in"
    case .heldOut:
      return isDutch ? "komt binnen; er wordt niets gedaan" : "comes in; nothing is done"
    case .done(let step): return isDutch ? "\(step): gedaan" : "\(step): done"
    case .sent(let step, let template):
      return isDutch
        ? "\(step): bericht \(template) gaat uit" : "\(step): message \(template) goes out"
    case .notSent(let step, let reason):
      return (isDutch ? "\(step): niet verzonden, " : "\(step): not sent, ") + sendingBar(reason)
    case .ended(let reason):
      let word =
        reason == "done"
        ? (isDutch ? "klaar" : "all is done")
        : reason.hasPrefix("exit") ? (isDutch ? "het is voorbij" : "it is over") : reason
      return (isDutch ? "eindigt: " : "ends: ") + word
    }
  }
}
