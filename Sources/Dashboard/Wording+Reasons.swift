import CustomerJourney

/// Why events were rejected. Clients are told in English and the store keeps what they were told; a
/// page in Dutch says it in Dutch where it knows the sentence.
extension Wording {
  /// The reason in this language, and the language that it is in.
  func reason(_ text: String) -> (text: String, language: Language) {
    guard language == .dutch else { return (text, .english) }
    for (english, dutch) in Self.reasons {
      let ends = english.split(separator: "…", omittingEmptySubsequences: false)
      guard ends.count == 2 else {
        if english == text { return (dutch, .dutch) }
        continue
      }
      let length = ends[0].count + ends[1].count
      guard text.hasPrefix(ends[0]), text.hasSuffix(ends[1]), text.count > length else { continue }
      var said = text.dropFirst(ends[0].count).dropLast(ends[1].count)
      for article in ["a ", "an "] where said.hasPrefix(article) {
        said = said.dropFirst(article.count)
      }
      // A word of the protocol or a number is the same in both; of a sentence we cannot tell.
      guard !said.contains(" ") || Self.amounts.contains(where: { said.hasSuffix($0) }) else {
        continue
      }
      var translated = String(said)
      for (one, other) in Self.units { translated = translated.replacing(one, with: other) }
      return (dutch.replacing("…", with: translated), .dutch)
    }
    return (text, .english)
  }

  private static let units = [
    (" characters", " tekens"), (" or more", " of meer"),
  ]
  private static let amounts = [" bytes", " characters", " characters or more"]

  /// At "…" stands a word of the protocol, or an amount.
  static let reasons: [(english: String, dutch: String)] = [
    (
      "names no customer: send a user id or an anonymous id",
      "noemt geen klant: stuur een user id of een anonymous id"
    ),
    ("happened before 1900: its time is wrong", "gebeurde voor 1900: de tijd klopt niet"),
    (
      "happened more than a day from now: its time is wrong",
      "gebeurt pas over meer dan een dag: de tijd klopt niet"
    ),
    ("was sent by a program", "is door een programma gestuurd"),
    ("was sent by a program: …", "is door een programma gestuurd: …"),
    ("has more than … properties; send fewer", "heeft meer dan … eigenschappen; stuur er minder"),
    ("has an amount of more than …", "heeft een bedrag van meer dan …"),
    ("has a currency that doesn't exist", "heeft een munt die niet bestaat"),
    ("has a message id of more than …", "heeft een bericht-id van meer dan …"),
    ("has a messageId of …", "heeft een messageId van …"),
    ("has a user id of more than …", "heeft een user id van meer dan …"),
    ("has an anonymous id of more than …", "heeft een anonymous id van meer dan …"),
    ("has a name of more than …", "heeft een naam van meer dan …"),
    ("has an event of more than …", "heeft een naam van een gebeurtenis van meer dan …"),
    ("has event of more than …", "heeft een naam van een gebeurtenis van meer dan …"),
    ("has content of more than …", "heeft een inhoud van meer dan …"),
    ("has campaign of more than …", "heeft een campagne van meer dan …"),
    ("is larger than …", "is groter dan …"),
    ("is no object", "is geen object"),
    ("is no JSON object", "is geen JSON-object"),
    ("is neither JSON object nor query", "is geen JSON-object en geen query"),
    ("cannot be read", "is niet te lezen"),
    ("has no event", "heeft geen gebeurtenis"),
    ("has no type", "heeft geen type"),
    ("has no name", "heeft geen naam"),
    ("has no …", "heeft geen …"),
    (
      "has a type that is not track, page, screen, identify, group or alias",
      "heeft een type dat geen track, page, screen, identify, group of alias is"
    ),
    (
      "has an e that is none of pv, pp, se, ue, tr and ti",
      "heeft een e die geen pv, pp, se, ue, tr of ti is"
    ),
    (
      "has no se_ac, the structured event's action",
      "heeft geen se_ac, de actie van een structured event"
    ),
    ("has no e, the kind of event", "heeft geen e, de soort gebeurtenis"),
    (
      "has no rec=1, so nothing is to be recorded",
      "heeft geen rec=1, dus hoeft er niets te worden vastgelegd"
    ),
    ("has a name that is no text", "heeft een naam die geen tekst is"),
    ("has … that is no text", "heeft … dat geen tekst is"),
    ("has … that is no number", "heeft … dat geen getal is"),
    ("has … that is no whole number", "heeft … dat geen geheel getal is"),
    ("has … that is no object", "heeft … dat geen object is"),
    ("has … that is no list", "heeft … dat geen lijst is"),
    ("has … that is no JSON", "heeft … dat geen JSON is"),
    ("has … that is no Base64", "heeft … dat geen Base64 is"),
    ("has … that is neither text nor number", "heeft … dat geen tekst en geen getal is"),
    ("has … that is no time", "heeft … dat geen tijd is"),
    ("has … that is no ISO 8601 time", "heeft … dat geen tijd volgens ISO 8601 is"),
    ("has … that is no time in milliseconds", "heeft … dat geen tijd in milliseconden is"),
    ("it is no JSON object", "het is geen JSON-object"),
    ("it is no JSON object and no list", "het is geen JSON-object en geen lijst"),
    ("it has not the form of its protocol", "het heeft niet de vorm van zijn protocol"),
    ("it has no events", "het heeft geen gebeurtenissen"),
    ("it has no array named …", "het heeft geen lijst met de naam …"),
    ("batch is no array", "batch is geen lijst"),
    ("events is no list", "events is geen lijst"),
    ("it has neither idsite nor rec", "het heeft geen idsite en geen rec"),
    ("its address has no parameters", "het adres heeft geen parameters"),
    (
      "its packed body is damaged or cut off", "de ingepakte inhoud is beschadigd of afgebroken"
    ),
    (
      "its content-encoding is not gzip, deflate or identity",
      "de content-encoding is geen gzip, deflate of identity"
    ),
  ]
}
