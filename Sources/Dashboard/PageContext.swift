package import Access
package import CustomerJourney

/// What every page needs besides its own values: who reads it, where it is, what was asked.
package struct PageContext: Sendable {
  package var language: Language
  /// Of the page itself, without query: `/phase/do`. Always a path of this server.
  package let path: String
  package var query: Query
  package var models: [ModelChoice]
  /// First and last day with touchpoints, in the project's zone; nil without data.
  package var dataFirst: CivilTime?
  package var dataLast: CivilTime?
  /// What was wrong in the fields of a form; shown at each field.
  package var problems: [FieldProblem]
  /// The currency that money is counted in, and how many amounts of the data are in another.
  package var currency: Currency
  package var foreignValues: Int
  /// True when the people do not exist: every page says so.
  package var isSimulated: Bool
  /// Who reads it; nil before the login, where nothing of the project is shown.
  package var reader: Reader?
  /// True when there are companies (B2B), which have pages then.
  package var hasAccounts: Bool

  package init(
    language: Language, path: String, query: Query = Query(), models: [ModelChoice] = [],
    dataFirst: CivilTime? = nil, dataLast: CivilTime? = nil, problems: [FieldProblem] = [],
    currency: Currency = .eur, foreignValues: Int = 0, isSimulated: Bool = false,
    reader: Reader? = nil, hasAccounts: Bool = false
  ) {
    self.language = language
    self.path = Self.local(path)
    self.query = query
    self.models = models
    self.dataFirst = dataFirst
    self.dataLast = dataLast
    self.problems = problems
    self.currency = currency
    self.foreignValues = foreignValues
    self.isSimulated = isSimulated
    self.reader = reader
    self.hasAccounts = hasAccounts
  }

  /// Somebody who is logged in.
  package struct Reader: Sendable {
    /// Nil for a program.
    package var name: String?
    package var permissions: Set<Permission>
    /// What each form of the page carries along.
    package var formToken: String

    package init(name: String?, permissions: Set<Permission>, formToken: String) {
      self.name = name
      self.permissions = permissions
      self.formToken = formToken
    }
  }

  /// With one slash in front. Two, or what browsers read as two, would make a link to another host.
  private static func local(_ path: String) -> String {
    let rest = path.unicodeScalars.drop { $0 == "/" || $0 == "\\" || $0.value <= 0x20 }
    return "/" + String(rest)
  }

  package struct ModelChoice: Sendable {
    package var id: String
    package var name: LocalizedText

    package init(id: String, name: LocalizedText) {
      self.id = id
      self.name = name
    }
  }
}

/// The question that a page answers, as its address spells it. It goes along from page to page.
package struct Query: Hashable, Sendable {
  package var model: String?
  /// Dates such as `2017-01-31`; both days belong to the period.
  package var from: String?
  package var to: String?
  /// The rule that selects customers.
  package var who: String?
  /// The rule that keeps touchpoints.
  package var keep: String?
  /// Show every channel on the map instead of folding the smallest.
  package var allChannels: Bool

  package init(
    model: String? = nil, from: String? = nil, to: String? = nil, who: String? = nil,
    keep: String? = nil, allChannels: Bool = false
  ) {
    self.model = model
    self.from = from
    self.to = to
    self.who = who
    self.keep = keep
    self.allChannels = allChannels
  }

  /// Names and values as in the address, the given ones in place of its own.
  func items(with changes: [(String, String?)] = []) -> [(name: String, value: String)] {
    let own: [(String, String?)] = [
      ("model", model), ("from", from), ("to", to), ("who", who), ("where", keep),
      ("channels", allChannels ? "all" : nil),
    ]
    let kept = own.filter { item in !changes.contains { $0.0 == item.0 } }
    return (kept + changes).compactMap { name, value in
      guard let value, !value.isEmpty else { return nil }
      return (name, value)
    }
  }

  func link(_ path: String, with changes: [(String, String?)] = []) -> String {
    let query = items(with: changes).map { "\($0.name)=\(Self.encode($0.value))" }
    return query.isEmpty ? path : "\(path)?\(query.joined(separator: "&"))"
  }

  /// Percent-encodes all but letters, digits and `-._~`.
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        encoded += "%" + (hex.count == 1 ? "0" : "") + hex
      }
    }
    return encoded
  }
}

/// What is wrong with one field of a form, and where in its text.
package struct FieldProblem: Hashable, Sendable {
  /// The field's name in the form: `who`, `where`, `from`, `step`.
  package var field: String
  package var message: String
  /// The text that was typed, and which characters of it are meant; nil when it is all of it.
  package var text: String
  package var characters: Range<Int>?

  package init(field: String, message: String, text: String, characters: Range<Int>? = nil) {
    self.field = field
    self.message = message
    self.text = text
    self.characters = characters
  }
}

extension PageContext {
  var format: Format { Format(language: language) }
  var words: Wording { Wording(language: language) }

  func link(_ path: String, with changes: [(String, String?)] = []) -> String {
    query.link(path, with: changes)
  }

  func phaseLink(_ id: String) -> String { link("/phase/\(Query.encode(id))") }
  func customerLink(_ id: String) -> String { link("/customers/\(Query.encode(id))") }

  /// The data twin of a page's chart under `/api/v1`.
  func dataLinks(_ name: String, with parameters: [(String, String?)] = []) -> Templates.Values {
    func twin(_ format: String) -> String {
      link("/api/v1/\(name)", with: [("channels", nil)] + parameters + [("format", format)])
    }
    return ["json": twin("json"), "csv": twin("csv")]
  }

  /// Why money is missing from the page; false, as templates have it, when none is.
  var foreignNote: Any {
    foreignValues > 0 ? words.foreign(foreignValues, currency: currency.code) : false
  }

  /// What all templates see.
  var shared: Templates.Values {
    let all: [(String, String, Bool, Permission)] = [
      ("/", words["map"], path == "/" || path.hasPrefix("/phase/"), .insights),
      ("/questions/funnel", words["questions"], path.hasPrefix("/questions"), .insights),
      (
        "/customers", words["customers"],
        path.hasPrefix("/customers") || path.hasPrefix("/duplicates"), .persons
      ),
      ("/accounts", words["accounts"], path.hasPrefix("/accounts"), .persons),
      ("/segments", words["segments"], path.hasPrefix("/segments"), .insights),
      ("/plays", words["plays"], path.hasPrefix("/plays"), .insights),
      (
        "/messages", words["messages"],
        path.hasPrefix("/messages") || path.hasPrefix("/contents"), .persons
      ),
      ("/import", words["import"], path.hasPrefix("/import"), .edit),
      ("/sources", words["sources"], path.hasPrefix("/sources"), .edit),
    ]
    let sections = all.filter { may($0.3) && ($0.0 != "/accounts" || hasAccounts) }
    return [
      "t": words.table,
      "language": language.rawValue,
      "simulated": isSimulated,
      "account": reader?.name.map { name in
        ["name": name, "href": link("/account"), "here": isOfAccount] as Templates.Values
      } ?? false,
      "isLoggedIn": reader != nil,
      // The list of customers has its own.
      "finder": may(.persons) && path != "/customers"
        ? [
          "action": "/customers",
          "kept": query.items().map { ["name": $0.name, "value": $0.value] },
        ] as Templates.Values as Any : false as Any,
      "formToken": reader?.formToken ?? "",
      "home": link("/"),
      "navigation": sections.map { path, name, isHere, _ in
        ["href": link(path), "name": name, "here": isHere] as Templates.Values
      },
      "languages": [
        languageChoice(.dutch, "NL", "Nederlands"), languageChoice(.english, "EN", "English"),
      ],
      "css": Assets.link("/assets/klantreis.css"),
      "script": Assets.link("/assets/klantreis.js"),
      "icon": Assets.link("/assets/favicon.svg"),
    ]
  }

  /// Whether whoever reads the page may do something; nobody may before the login.
  func may(_ permission: Permission) -> Bool {
    reader?.permissions.contains(permission) ?? false
  }

  private var isOfAccount: Bool {
    let own = ["/account", "/users", "/tokens", "/activity", "/privacy"]
    return !path.hasPrefix("/accounts") && own.contains { path.hasPrefix($0) }
  }

  private func languageChoice(
    _ choice: Language, _ short: String, _ name: String
  ) -> Templates.Values {
    [
      "href": link(path, with: [("lang", choice.rawValue)]), "short": short, "name": name,
      "code": choice.rawValue, "chosen": choice == language,
    ]
  }

  /// The problem at `field` as its template shows it: the message, and the text with its place
  /// marked.
  func problem(at field: String) -> Templates.Values? {
    guard let problem = problems.first(where: { $0.field == field }) else { return nil }
    var values: Templates.Values = ["message": problem.message]
    if let range = problem.characters, !problem.text.isEmpty {
      let characters = Array(problem.text)
      let lower = min(max(0, range.lowerBound), characters.count)
      let upper = min(max(lower, range.upperBound), characters.count)
      // At the end of the text there is no character to mark: a blank stands for it.
      let marked = lower == upper ? "\u{A0}" : String(characters[lower..<upper])
      values["place"] =
        [
          "before": String(characters[..<lower]), "marked": marked,
          "after": String(characters[upper...]),
        ] as Templates.Values
    }
    return values
  }

  /// The form with model, period and rules that stands on top of the pages with insights.
  var filter: Templates.Values {
    let hasRules = [query.who, query.keep].contains { !($0 ?? "").isEmpty }
    let ruleProblems = ["who", "where"].compactMap(problem(at:))
    var values: Templates.Values = [
      "action": path,
      "models": models.map { choice in
        [
          "id": choice.id, "name": choice.name(language),
          "chosen": choice.id == query.model ?? models.first?.id,
        ] as Templates.Values
      },
      "hasModels": models.count > 1,
      "from": Self.dateForField(query.from), "to": Self.dateForField(query.to),
      "first": dataFirst?.dateText ?? "", "last": dataLast?.dateText ?? "",
      "who": query.who ?? "", "keep": query.keep ?? "",
      "periods": periods,
      "rulesOpen": hasRules || !ruleProblems.isEmpty,
      "hasProblems": !problems.isEmpty,
      "isFiltered": hasRules || query.from != nil || query.to != nil || !problems.isEmpty,
      "clear": link(path, with: [("from", nil), ("to", nil), ("who", nil), ("where", nil)]),
      "kept": query.allChannels ? [["name": "channels", "value": "all"]] : [],
    ]
    values["fromProblem"] = problem(at: "from")
    values["toProblem"] = problem(at: "to")
    values["whoProblem"] = problem(at: "who")
    values["keepProblem"] = problem(at: "where")
    return values
  }

  /// Date fields of browsers hold dates that exist and nothing else.
  private static func dateForField(_ text: String?) -> String {
    guard let text, text.utf8.count == 10, Timestamp(iso8601: text) != nil else { return "" }
    return text
  }

  /// Shortcuts to the last days that have data, and to all of it.
  private var periods: [Templates.Values] {
    guard let dataLast else { return [] }
    let choices = [30, 90, 365].map { days in
      let from = CivilTime.of(
        milliseconds: dataLast.millisecondsAsUTC - Int64(days - 1) * 86_400_000
      ).civil
      return (words.lastDays(days), Optional(from.dateText), Optional(dataLast.dateText))
    }
    return (choices + [(words["allTime"], nil, nil)]).map { name, from, to in
      [
        "name": name, "href": link(path, with: [("from", from), ("to", to)]),
        "chosen": query.from == from && query.to == to,
      ]
    }
  }

  /// The period in words, for sentences: `between 1 Jan 2017 and 31 Mar 2017`; empty for all time.
  ///
  /// A date with a problem is not part of it: the answer was made without.
  var periodInWords: String {
    func date(_ text: String?, _ field: String) -> String? {
      problems.contains { $0.field == field } ? nil : text.map(format.date)
    }
    let from = date(query.from, "from")
    let to = date(query.to, "to")
    switch (from, to, language) {
    case (nil, nil, _): return ""
    case (let from?, let to?, .english): return "between \(from) and \(to)"
    case (let from?, let to?, .dutch): return "tussen \(from) en \(to)"
    case (let from?, nil, .english): return "since \(from)"
    case (let from?, nil, .dutch): return "sinds \(from)"
    case (nil, let to?, .english): return "until \(to)"
    case (nil, let to?, .dutch): return "tot en met \(to)"
    }
  }
}
